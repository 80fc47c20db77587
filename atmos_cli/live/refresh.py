"""Asks an engine to look at Git again now, instead of waiting for its next poll."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.resource import identity
from atmos_cli.live.snapshots import ARGO, ARGO_NAMESPACE, application_set

if TYPE_CHECKING:
    from atmos_cli.live.connect import Connection
    from atmos_cli.ports import ClusterApi
    from atmos_cli.verify.model import Target
    from atmos_cli.verify.seen import Delivery, Scene

ARGO_REFRESH = "argocd.argoproj.io/refresh"
ARGO_SET_REFRESH = "argocd.argoproj.io/application-set-refresh"
FLUX_REQUEST = "reconcile.fluxcd.io/requestedAt"
# Flux takes back what kubectl's field managers set; this one it leaves alone.
FLUX_MANAGER = "flux-client-side-apply"


def refresh(connection: Connection, target: Target, scene: Scene, delivery: Delivery, *, at: float) -> None:
    """Whoever may only read waits for the engine's own poll: a refusal is no error."""
    with suppress(AtmosError):
        if target.engine == "argocd":
            _argo(connection.hub, target, scene, delivery.refresh)
        else:
            _flux(connection.cluster, scene, at)


def _argo(hub: ClusterApi, target: Target, scene: Scene, how: str) -> None:
    applications = [identity(each) for each in scene.delivery if each.get("kind") == "Application"]
    for name in applications:
        hub.annotate(ARGO, "Application", name.name, namespace=name.namespace, annotations={ARGO_REFRESH: how})
    if not applications:
        name_of_set, wanted = application_set(target), {ARGO_SET_REFRESH: "true"}
        hub.annotate(ARGO, "ApplicationSet", name_of_set, namespace=ARGO_NAMESPACE, annotations=wanted)


def _flux(cluster: ClusterApi, scene: Scene, at: float) -> None:
    """The source first, so that the pointer finds what is new there."""
    token = datetime.fromtimestamp(at, tz=UTC).isoformat()
    for each in sorted(scene.delivery, key=lambda one: not str(one.get("kind", "")).endswith("Repository")):
        name = identity(each)
        cluster.annotate(
            str(each.get("apiVersion")),
            str(each.get("kind")),
            name.name,
            namespace=name.namespace,
            annotations={FLUX_REQUEST: token},
            manager=FLUX_MANAGER,
        )
