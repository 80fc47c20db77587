"""The fourteen types and the controllers of clusters.md section 10 as shapes: a type with what it has, a controller with its own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from tests.flows.parties import Kind, Party
from tests.flows.shapes import (
    API_NODE,
    CACHE,
    EKS_API,
    GKE_API,
    MONITORING,
    OPENSHIFT_DNS,
    OPENSHIFT_NAMESPACES,
    TRAEFIK,
    USER_WORKLOAD,
    Resolver,
    Shape,
    dns,
    host,
    node,
    outside,
    pod,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

METADATA = Resolver(outside("169.254.169.254"))
CACHE_POD = Resolver(pod("kube-system", "10.0.7.8", "node-local-dns", k8s_app="node-local-dns"))
OWN = Resolver(host("10.96.0.10"))  # a cache that binds the address of the Service
AKS_LOCAL = Resolver(host("169.254.10.11"))
OUTSIDE_API = (outside("52.1.1.1", api=True), 443)
GMP = {"monitoring": {"kind": "gmp"}}
AZURE = {"monitoring": {"kind": "azure"}}
VOLUMES = {"storageClass": "fast"}


@dataclass(frozen=True, slots=True)
class Type:
    """`resolvers` are all that can answer there."""

    name: str
    dialect: str
    resolvers: tuple[Resolver, ...]
    api: tuple[Party, int]
    controller: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    prometheus: Party = MONITORING


TYPES = (
    Type("generic", "kubernetes", (dns(), dns(8053), OPENSHIFT_DNS, CACHE, OWN), API_NODE, "envoy-gateway"),
    Type("kind", "kubernetes", (dns(),), API_NODE, "envoy-gateway"),
    Type("minikube", "kubernetes", (dns(),), (node("192.168.49.2", api=True), 8443), "envoy-gateway"),
    Type("k3s", "kubernetes", (dns(), OWN), API_NODE, "traefik"),
    Type("rke2", "kubernetes", (dns(), OWN), API_NODE, "traefik", VOLUMES),
    Type("talos", "kubernetes", (dns(), OWN), API_NODE, "envoy-gateway", VOLUMES),
    Type(
        "gke", "cilium", (dns(), CACHE_POD, METADATA), GKE_API, "gke", GMP, pod("gmp-system", "10.0.6.6", "collector")
    ),
    Type(
        "gke-autopilot",
        "cilium",
        (CACHE_POD, METADATA),
        GKE_API,
        "gke",
        GMP,
        pod("gke-gmp-system", "10.0.6.6", "collector"),
    ),
    Type("eks", "aws", (dns(service="172.20.0.10"), CACHE), EKS_API, "envoy-gateway", VOLUMES),
    Type("eks-auto", "aws", (Resolver(host("172.20.0.10")),), EKS_API, "envoy-gateway", VOLUMES),
    Type(
        "aks",
        "cilium",
        (AKS_LOCAL, dns()),
        OUTSIDE_API,
        "aks-approuting",
        AZURE,
        pod("kube-system", "10.0.6.6", "ama-metrics"),
    ),
    Type("openshift", "ovn", (OPENSHIFT_DNS,), API_NODE, "openshift", {}, USER_WORKLOAD),
    Type("doks", "cilium", (dns(),), OUTSIDE_API, "envoy-gateway"),
    Type("gardener", "kubernetes", (dns(8053), OWN), OUTSIDE_API, "envoy-gateway"),
)

BESIDE = pod("gateways", "10.0.5.5", "proxy")
IN_KUBE_SYSTEM = {
    "k3s": pod("kube-system", "10.0.5.5", "traefik", **{"app.kubernetes.io/name": "traefik"}),
    "rke2": pod("kube-system", "10.0.5.5", "traefik", **{"app.kubernetes.io/name": "rke2-traefik"}),
}
SUBNET = {"from": [{"cidr": "10.0.2.0/24"}]}
# Whose pods (or what address) connect, and what the user has to say beside the name of the controller.
CONTROLLERS: dict[str, tuple[Party, dict[str, Any]]] = {
    "traefik": (TRAEFIK, {}),
    "nginx": (pod("ingress-nginx", "10.0.5.5", "controller"), {}),
    "haproxy": (pod("haproxy-controller", "10.0.5.5", "haproxy"), {}),
    "kong": (pod("kong", "10.0.5.5", "kong"), {}),
    "contour": (pod("projectcontour", "10.0.5.5", "envoy"), {}),
    "envoy-gateway": (pod("envoy-gateway-system", "10.0.5.5", "envoy"), {}),
    "istio": (BESIDE, {}),
    "nginx-gateway-fabric": (BESIDE, {}),
    "kgateway": (BESIDE, {}),
    "aks-approuting": (BESIDE, {}),
    "cilium": (Party("proxy", Kind.INGRESS, "10.0.0.200"), {}),
    "gke": (outside("130.211.0.7"), {}),
    "alb": (outside("10.0.2.5"), SUBNET),
    "agc": (outside("10.0.2.5"), SUBNET),
    "openshift": (pod("openshift-ingress", "10.0.5.5", "router"), {}),
}


def shape_of(type_: Type, controller: str = "", *, named: str = "") -> Shape:
    """Make the shape of a type: with its own controller as `init` writes it, or with another one that the file names."""
    proxy, said = CONTROLLERS[controller or type_.controller]
    if (controller or type_.controller) == "traefik":
        proxy = IN_KUBE_SYSTEM.get(type_.name, proxy)
    http = {"http": {"controller": controller, **said}} if controller else {}
    return Shape(
        named or type_.name,
        type_.dialect,
        type_.name,
        type_.resolvers,
        type_.api,
        proxy,
        type_.prometheus,
        {**type_.settings, **http},
        namespaces=OPENSHIFT_NAMESPACES,
    )


def narrowed(shape: Shape, said: Any) -> Shape:
    """Make a shape whose user says who answers names."""
    return replace(shape, name=f"{shape.name}-narrow", settings={**shape.settings, "dns": said})
