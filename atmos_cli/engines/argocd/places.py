"""What Argo CD applies to a cluster besides services and tenants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.budget.model import PLATFORM
from atmos_cli.engines.engine import Place
from atmos_cli.kustomize.files import MANIFESTS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.engines.engine import Listing


def places(listing: Listing, cluster: str) -> Iterator[Place]:
    """Its sets make an Application of each directory, and of no file."""
    for kind in ("controllers", "configs"):
        for path, stamp in listing([f"infrastructure/{kind}/{cluster}"]).items():
            if not path.endswith(MANIFESTS):
                yield Place(PLATFORM, f"{kind}/{path.rsplit('/', 1)[1]}", path, stamp, "overlay")
