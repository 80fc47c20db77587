"""How far a commit has come, by the engine's own status, distrusted where the engines were seen to be wrong.

How each commit that the status names stands to the wanted one is git's to say: `revisions` lists them, and `delivery`
takes the answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.verify.delivery.argocd import delivery_by_argocd
from atmos_cli.verify.delivery.flux import delivery_by_flux
from atmos_cli.verify.delivery.revisions import revisions as _revisions

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.verify.model import Engine
    from atmos_cli.verify.seen import Delivery, Relation, Scene


def revisions(scene: Scene) -> tuple[str, ...]:
    """Every commit that the delivery objects name, once each: 40 digits, or the first 12 in a chart's version."""
    return _revisions(scene)


def delivery(scene: Scene, engine: Engine, relations: Mapping[str, Relation], *, pushed: float) -> Delivery:
    """`relations`: for each of `revisions(scene)`, how it stands to the wanted commit; what is left out is unknown.

    `pushed`: when the commit reached the remote, unix seconds, 0 when not known. ARRIVED says that the engine applied
    the commit's inputs, and nothing about pods.
    """
    judge = delivery_by_argocd if engine == "argocd" else delivery_by_flux
    return judge(scene, relations, pushed=pushed)
