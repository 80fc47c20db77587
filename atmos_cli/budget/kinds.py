"""The kinds that ask for nothing by themselves; every other kind may make pods that Git does not show."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from atmos_cli.kube.operators import OPERATED
from atmos_cli.kube.shape import mapping

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.kube.resource import Identity

# By group; None means every kind of it.
ASK_NOTHING: Final[dict[str, frozenset[str] | None]] = {
    "": None,
    "rbac.authorization.k8s.io": None,
    "networking.k8s.io": None,
    "policy": None,
    "autoscaling": None,
    "gateway.networking.k8s.io": frozenset(
        {"GatewayClass", "GRPCRoute", "HTTPRoute", "ReferenceGrant", "TCPRoute", "TLSRoute", "UDPRoute"}
    ),
    "external-secrets.io": None,
    "generators.external-secrets.io": None,
    "bitnami.com": None,
    "cert-manager.io": None,
    "apiextensions.k8s.io": None,
    "apiregistration.k8s.io": None,
    "admissionregistration.k8s.io": None,
    "coordination.k8s.io": None,
    "discovery.k8s.io": None,
    "node.k8s.io": None,
    "scheduling.k8s.io": None,
    "storage.k8s.io": None,
    "source.toolkit.fluxcd.io": None,
    "notification.toolkit.fluxcd.io": None,
    "kustomize.config.k8s.io": None,
    "argoproj.io": frozenset({"AppProject"}),
    "flagger.app": frozenset({"MetricTemplate", "AlertProvider"}),
    "monitoring.coreos.com": frozenset({"PodMonitor", "ServiceMonitor", "PrometheusRule", "Probe", "ScrapeConfig"}),
    "azmonitoring.coreos.com": frozenset({"PodMonitor", "ServiceMonitor"}),
    "monitoring.googleapis.com": frozenset(
        {"PodMonitoring", "ClusterPodMonitoring", "Rules", "ClusterRules", "GlobalRules"}
    ),
    "cilium.io": frozenset({"CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"}),
    "keda.sh": frozenset({"ScaledObject", "TriggerAuthentication", "ClusterTriggerAuthentication"}),
}
# What makes a mutating webhook add a container: (annotation or label of the pod template, values that switch it on).
INJECTORS: Final = {
    "sidecar.istio.io/inject": ("true",),
    "linkerd.io/inject": ("enabled", "ingress"),
    "vault.hashicorp.com/agent-inject": ("true",),
    "dapr.io/enabled": ("true",),
}
NAMESPACE_INJECTORS: Final = {"istio-injection": ("enabled",), "linkerd.io/inject": ("enabled", "ingress")}


def asks_nothing(who: Identity) -> bool:
    if who.group not in ASK_NOTHING:
        row = OPERATED.get((who.group, who.kind))
        return row is not None and row.asks_nothing
    kinds = ASK_NOTHING[who.group]
    return kinds is None or who.kind in kinds


def injected(metadata: Any, switches: Mapping[str, tuple[str, ...]]) -> str:
    """Return the annotation or label that has a sidecar injected; empty when none does."""
    for field in ("annotations", "labels"):
        found = mapping(metadata, field)
        for key, values in switches.items():
            if str(found.get(key, "")).lower() in values:
                return key
    return ""
