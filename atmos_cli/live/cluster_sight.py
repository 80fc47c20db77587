"""Asks a live cluster what it is; only reads, and says of what it may not."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from atmos_cli.clusters.detect import ASKED_KINDS, ENFORCERS, MONITORS, ClusterSight, version_of_nodes
from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.operators import RELIED_ON

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from atmos_cli.adapters.kubernetes.client import ClusterClient

KINDS = (
    *((version, kind) for version, kind, *_ in ENFORCERS),
    *((version, kind) for version, kind, *_ in (*MONITORS, *RELIED_ON)),
    ("route.openshift.io/v1", "Route"),
    ("auto.gke.io/v1", "AllowlistedV2Workload"),
)
DNS = (("kube-system", "kube-dns"), ("openshift-dns", "dns-default"))


def look_at(context: str, *, environ: Mapping[str, str] = os.environ) -> ClusterSight:
    """Look at the cluster of a kubeconfig context that the user named. Raises ATM810 and ATM811 as any connection."""
    from atmos_cli.adapters.kubernetes.client import ClusterClient
    from atmos_cli.adapters.kubernetes.kubeconfig import access, read_kubeconfig

    found = access(read_kubeconfig(environ), context, setting="--context")
    with ClusterClient(found, name=f"the cluster of context `{context}`") as client:
        return sight_of(client)


def sight_of(client: ClusterClient) -> ClusterSight:
    """Return what a cluster shows. What it refuses is in `unseen`; raises ATM811 when it shows nothing at all."""
    unseen: list[str] = []

    def asked(what: str, question: Callable[[], Any]) -> Any:
        try:
            return question()
        except AtmosError as error:
            if what == "its version":
                raise  # whoever may ask anything may ask this
            unseen.append(f"{what}: {error.diagnostics[0].message}")
            return None

    def listed(what: str, version: str, kind: str, *, namespace: str = "", selector: str = "") -> Any:
        return asked(what, lambda: client.list(version, kind, namespace=namespace, selector=selector))

    version = asked("its version", client.version)
    nodes = listed("its nodes", "v1", "Node")
    label = "kubernetes.io/service-name=kubernetes"
    slices = listed(
        "its API server's ports", "discovery.k8s.io/v1", "EndpointSlice", namespace="default", selector=label
    )
    services = asked("who answers names", lambda: [client.get("v1", "Service", name, namespace=at) for at, name in DNS])
    served = asked(ASKED_KINDS, lambda: {each for each in KINDS if client.find(*each)})
    return ClusterSight(
        version=version or version_of_nodes(nodes),
        nodes=nodes,
        storage_classes=listed("its StorageClasses", "storage.k8s.io/v1", "StorageClass"),
        ingress_classes=listed("its Ingress classes", "networking.k8s.io/v1", "IngressClass"),
        gateway_classes=listed("its Gateway classes", "gateway.networking.k8s.io/v1", "GatewayClass"),
        api_slices=slices,
        dns_services=None if services is None else tuple(each for each in services if each),
        served=frozenset(served or ()),
        unseen=tuple(dict.fromkeys(unseen)),
    )
