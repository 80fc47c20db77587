"""The Kustomization or HelmRelease of a deployment beside it, with its source."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.engines.flux.kinds import HELM, KUSTOMIZE, SOURCE
from atmos_cli.kube.resource import identity

if TYPE_CHECKING:
    from atmos_cli.engines.engine import Clusters, Refresh
    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import ClusterApi
    from atmos_cli.verify.model import Target

SOURCE_API = f"{SOURCE}/v1"
POINTERS = ((f"{KUSTOMIZE}/v1", "Kustomization"), (f"{HELM}/v2", "HelmRelease"))
WATCHED = (*POINTERS, (SOURCE_API, "GitRepository"))
REQUEST = "reconcile.fluxcd.io/requestedAt"
# Flux takes back what kubectl's field managers set; this one it leaves alone.
MANAGER = "flux-client-side-apply"


def delivery_objects(clusters: Clusters, target: Target) -> tuple[Resource, ...]:
    for api_version, kind in POINTERS:
        pointer = clusters.cluster.get(api_version, kind, target.service, namespace=target.namespace)
        if pointer is not None:
            source = _source(clusters.cluster, pointer, target.namespace)
            return (source, pointer) if source else (pointer,)
    return ()


def refresh(clusters: Clusters, asked: Refresh) -> None:
    """Refresh the source first, so that the pointer finds what is new there."""
    for each in sorted(asked.snapshot.delivery, key=lambda one: not str(one.get("kind", "")).endswith("Repository")):
        name = identity(each)
        clusters.cluster.annotate(
            str(each.get("apiVersion")),
            str(each.get("kind")),
            name.name,
            namespace=name.namespace,
            annotations={REQUEST: asked.at},
            manager=MANAGER,
        )


def _source(cluster: ClusterApi, pointer: Resource, namespace: str) -> Resource | None:
    spec = pointer.get("spec") or {}
    ref = spec.get("sourceRef") or ((spec.get("chart") or {}).get("spec") or {}).get("sourceRef") or {}
    name = str(ref.get("name") or "")
    where = str(ref.get("namespace") or namespace)
    return cluster.get(SOURCE_API, str(ref.get("kind") or "GitRepository"), name, namespace=where) if name else None
