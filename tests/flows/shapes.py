"""The fifteen shapes of clusters.md section 12: what a user of that cluster says to atmos, and who is who there."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.flows.parties import Kind, Party, Service, ServicePort
from tests.flows.repos import Place

ROUTER = {"policy-group.network.openshift.io/ingress": ""}
DNS_PORTS = (ServicePort("UDP", 53, "dns"), ServicePort("TCP", 53, "dns-tcp"))


@dataclass(frozen=True, slots=True)
class Resolver:
    """Who answers names, and the Service through which pods ask, where there is one."""

    party: Party
    port: int = 53
    service: Service | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """`settings` are laid over what `atmos init --cluster-type` writes for the cluster, `postgres` over its environment."""

    name: str
    dialect: str
    type: str
    resolvers: tuple[Resolver, ...]
    api: tuple[Party, int]
    proxy: Party
    prometheus: Party
    settings: dict[str, Any] = field(default_factory=dict)
    identity: tuple[tuple[Party, int], ...] = ()
    namespaces: dict[str, dict[str, str]] = field(default_factory=dict)
    as_whom: str = ""

    @property
    def environment(self) -> str:
        """Return the name of its environment and cluster: a namespace must not begin with `openshift`."""
        return f"on-{self.name}"

    def place(self) -> Place:
        """Return what its user says: a Prometheus, a domain, an issuer, and a store for backups where an identity is for them."""
        environment: dict[str, Any] = {"http": {"domain": "example.com", "issuer": "letsencrypt"}}
        if self.identity:
            named = {"identity": self.as_whom} if self.as_whom else {}
            environment["postgres"] = {"backup": "backups", **named}
        return Place(self.environment, self.type, {"monitoring": {}, **self.settings}, environment)


def pod(namespace: str, address: str, name: str, **labels: str) -> Party:
    return Party(name, Kind.POD, address, namespace, {key.replace("_", "-"): text for key, text in labels.items()})


def host(address: str) -> Party:
    return Party("host", Kind.HOST, address)


def node(address: str, *, api: bool = False) -> Party:
    return Party("api-server" if api else "node", Kind.NODE, address, api_server=api)


def outside(address: str, *, api: bool = False) -> Party:
    return Party("api-server" if api else "outside", Kind.OUTSIDE, address, api_server=api)


def dns(number: int = 53, *, service: str = "") -> Resolver:
    """CoreDNS in kube-system, listening on `number`."""
    labels = {"k8s-app": "kube-dns"}
    ports = {"dns": ("UDP", number), "dns-tcp": ("TCP", number)}
    party = Party("kube-dns", Kind.POD, "10.0.7.9", "kube-system", labels, ports)
    return Resolver(party, number, Service("kube-dns", "kube-system", service, labels, DNS_PORTS) if service else None)


KUBE_DNS = (dns(),)
API_NODE = (node("192.168.1.10", api=True), 6443)
EKS_API = (outside("10.0.3.3", api=True), 443)
GKE_API = (outside("172.16.0.2", api=True), 443)
TRAEFIK = pod("traefik", "10.0.5.5", "traefik", **{"app.kubernetes.io/name": "traefik"})
MONITORING = pod("monitoring", "10.0.6.6", "prometheus")
GMP = pod("gmp-system", "10.0.6.6", "collector")
USER_WORKLOAD = pod("openshift-user-workload-monitoring", "10.0.6.6", "prometheus")
GOOGLE, ALB = outside("35.191.0.7"), outside("10.0.2.5")
BY_TRAEFIK = {"http": {"controller": "traefik"}}
BY_ALB = {"http": {"controller": "alb", "from": [{"cidr": "10.0.2.0/24"}]}}
CACHE = Resolver(host("169.254.20.10"))
POD_IDENTITY = ((host("169.254.170.23"), 80),)
OPENSHIFT_DNS = Resolver(
    Party("dns-default", Kind.POD, "10.0.7.9", "openshift-dns", {"dns.operator.openshift.io/daemonset-dns": "default"}),
    5353,
)
OPENSHIFT_NAMESPACES = {"openshift-ingress": ROUTER}
GCP_ACCOUNT = "backups@shop.iam.gserviceaccount.com"

SHAPES = (
    Shape("generic", "kubernetes", "generic", KUBE_DNS, API_NODE, TRAEFIK, MONITORING, BY_TRAEFIK),
    Shape(
        "generic-nodelocal",
        "kubernetes",
        "generic",
        (CACHE, Resolver(host("10.96.0.10"))),
        API_NODE,
        TRAEFIK,
        MONITORING,
        BY_TRAEFIK,
    ),
    Shape(
        "minikube",
        "kubernetes",
        "minikube",
        KUBE_DNS,
        (node("192.168.49.2", api=True), 8443),
        pod("ingress-nginx", "10.0.5.5", "ingress-nginx-controller"),
        MONITORING,
        {"http": {"controller": "nginx"}},
    ),
    Shape(
        "gardener",
        "kubernetes",
        "gardener",
        (dns(8053),),
        (outside("52.1.1.1", api=True), 443),
        TRAEFIK,
        MONITORING,
        BY_TRAEFIK,
    ),
    Shape(
        "k3s",
        "kubernetes",
        "k3s",
        KUBE_DNS,
        API_NODE,
        pod("kube-system", "10.0.5.5", "traefik", **{"app.kubernetes.io/name": "traefik"}),
        MONITORING,
    ),
    Shape(
        "hostnet-ingress",
        "kubernetes",
        "generic",
        KUBE_DNS,
        API_NODE,
        node("192.168.1.11"),
        MONITORING,
        {"http": {"controller": "traefik", "from": ["nodes", {"cidr": "192.168.1.0/24"}]}},
    ),
    Shape(
        "cilium-gateway",
        "cilium",
        "generic",
        KUBE_DNS,
        API_NODE,
        Party("proxy", Kind.INGRESS, "10.0.0.200"),
        MONITORING,
        {"policy": "cilium", "http": {"controller": "cilium"}},
    ),
    Shape(
        "gke-dpv1",
        "kubernetes",
        "gke",
        (*KUBE_DNS, CACHE),
        GKE_API,
        GOOGLE,
        GMP,
        {"policy": "kubernetes", "identity": "gcp-calico", "monitoring": {"kind": "gmp"}},
        ((outside("169.254.169.252"), 988), (outside("169.254.169.252"), 987)),
        as_whom=GCP_ACCOUNT,
    ),
    Shape(
        "gke-dpv2",
        "cilium",
        "gke",
        (
            Resolver(pod("kube-system", "10.0.7.8", "node-local-dns", k8s_app="node-local-dns")),
            Resolver(outside("169.254.169.254")),
        ),
        GKE_API,
        GOOGLE,
        GMP,
        {"identity": "gcp", "monitoring": {"kind": "gmp"}},
        ((outside("169.254.169.254"), 80),),
        as_whom=GCP_ACCOUNT,
    ),
    Shape(
        "eks",
        "aws",
        "eks",
        (dns(service="172.20.0.10"), CACHE),
        EKS_API,
        ALB,
        MONITORING,
        {"identity": "aws-pod", "storageClass": "gp3", **BY_ALB},
        POD_IDENTITY,
    ),
    Shape(
        "eks-auto",
        "aws",
        "eks-auto",
        (Resolver(host("172.20.0.10")),),
        EKS_API,
        ALB,
        MONITORING,
        {"identity": "aws-pod", "storageClass": "gp3", **BY_ALB},
        POD_IDENTITY,
    ),
    Shape(
        "eks-cilium",
        "cilium",
        "eks",
        KUBE_DNS,
        EKS_API,
        TRAEFIK,
        MONITORING,
        {"policy": "cilium", "identity": "aws-pod", "storageClass": "gp3", **BY_TRAEFIK},
        POD_IDENTITY,
    ),
    Shape(
        "aks-localdns",
        "cilium",
        "aks",
        (Resolver(host("169.254.10.11")), *KUBE_DNS),
        (outside("20.1.1.1", api=True), 443),
        pod("gateways", "10.0.5.5", "shared-approuting-istio"),
        pod("kube-system", "10.0.6.6", "ama-metrics"),
        {"monitoring": {"kind": "azure"}},
    ),
    Shape(
        "openshift",
        "ovn",
        "openshift",
        (OPENSHIFT_DNS,),
        API_NODE,
        pod("openshift-ingress", "10.0.5.5", "router"),
        USER_WORKLOAD,
        namespaces=OPENSHIFT_NAMESPACES,
    ),
    Shape(
        "openshift-hostnet",
        "ovn",
        "openshift",
        (OPENSHIFT_DNS,),
        API_NODE,
        node("192.168.1.12"),
        USER_WORKLOAD,
        namespaces=OPENSHIFT_NAMESPACES,
    ),
)
