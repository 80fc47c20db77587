"""What a live cluster shows of itself, read as settings: its type, who enforces policies, zones, classes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.operators import RELIED_ON
from atmos_cli.kube.shape import items, mapping, number, strings, text, text_items

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.kube.resource import Resource

ZONE = "topology.kubernetes.io/zone"
DEFAULT_CLASS = "storageclass.kubernetes.io/is-default-class"
# Kinds that say who enforces NetworkPolicies, in the order in which they count.
ENFORCERS = (
    ("cilium.io/v2", "CiliumNetworkPolicy", "cilium", "Cilium"),
    ("networking.k8s.aws/v1alpha1", "PolicyEndpoint", "aws", "the AWS VPC CNI"),
    ("crd.projectcalico.org/v1", "FelixConfiguration", "kubernetes", "Calico"),
    ("projectcalico.org/v3", "NetworkPolicy", "kubernetes", "Calico"),
    ("k8s.ovn.org/v1", "EgressFirewall", "kubernetes", "OVN-Kubernetes"),
    ("crd.antrea.io/v1beta1", "NetworkPolicy", "kubernetes", "Antrea"),
)
MONITORS = (
    ("monitoring.coreos.com/v1", "PodMonitor", "prometheus"),
    ("monitoring.googleapis.com/v1", "PodMonitoring", "gmp"),
    ("azmonitoring.coreos.com/v1", "PodMonitor", "azure"),
)
ASKED_KINDS = "the kinds that it serves"


@dataclass(frozen=True, slots=True)
class ClusterSight:
    """What was seen of a cluster; None for what it would not show. `served`: (apiVersion, kind) of what was asked."""

    version: str = ""
    nodes: tuple[Resource, ...] | None = None
    storage_classes: tuple[Resource, ...] | None = None
    ingress_classes: tuple[Resource, ...] | None = None
    gateway_classes: tuple[Resource, ...] | None = None
    api_slices: tuple[Resource, ...] | None = None
    dns_services: tuple[Resource, ...] | None = None
    served: frozenset[tuple[str, str]] = frozenset()
    unseen: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Detected:
    """`values` are settings of the cluster beside those of its type; `found` says what was seen, a sentence each."""

    type: str
    kubernetes: str
    values: Mapping[str, Any] = field(default_factory=dict)
    found: tuple[str, ...] = ()


def detected(sight: ClusterSight) -> Detected:
    """Return what a cluster is, as far as it shows."""
    kind, why = _type(sight)
    version = re.match(r"v?(1\.\d{2})\b", sight.version)
    values: dict[str, Any] = {}
    found = [f"it is `{kind}`: {why}"]
    if version:
        found.append(f"its version is {sight.version}")
    for each in (_policy, _api, _zones, _families):
        values |= each(sight, found)
    found += [*_storage(sight), *_classes(sight), *_dns(sight), *_monitors(sight), *_relied_on(sight)]
    return Detected(kind, version[1] if version else "", values, tuple(found))


Sign = Callable[[ClusterSight], bool]


def _labelled(label: str, value: str = "") -> Sign:
    def has(sight: ClusterSight) -> bool:
        labels = [strings(node, "metadata", "labels") for node in sight.nodes or ()]
        return any(label in each and value in ("", each[label]) for each in labels)

    return has


def _provider(scheme: str) -> Sign:
    return lambda sight: any(text(node, "spec", "providerID").startswith(scheme) for node in sight.nodes or ())


def _says(mark: str) -> Sign:
    return lambda sight: mark in sight.version


def _system(name: str) -> Sign:
    return lambda sight: any(name in text(node, "status", "nodeInfo", "osImage") for node in sight.nodes or ())


# The first that holds counts: what is more particular stands above what it is built on.
SIGNS: tuple[tuple[str, str, Sign], ...] = (
    ("openshift", "its nodes are labelled node.openshift.io", _labelled("node.openshift.io/os_id")),
    ("openshift", "it serves Routes", lambda s: ("route.openshift.io/v1", "Route") in s.served),
    ("gardener", "its nodes belong to a worker pool of Gardener", _labelled("worker.gardener.cloud/pool")),
    ("gke-autopilot", "its nodes are those of Autopilot", _labelled("cloud.google.com/gke-provisioning", "autopilot")),
    (
        "gke-autopilot",
        "it serves what only Autopilot has",
        lambda s: ("auto.gke.io/v1", "AllowlistedV2Workload") in s.served,
    ),
    ("gke", "its version is one of GKE", _says("-gke.")),
    ("eks-auto", "its nodes are those of Auto Mode", _labelled("eks.amazonaws.com/compute-type", "auto")),
    ("eks", "its version is one of EKS", _says("-eks-")),
    ("aks", "its nodes are labelled kubernetes.azure.com", _labelled("kubernetes.azure.com/cluster")),
    ("doks", "its nodes are labelled doks.digitalocean.com", _labelled("doks.digitalocean.com/node-id")),
    ("minikube", "its nodes are labelled minikube.k8s.io", _labelled("minikube.k8s.io/name")),
    ("kind", "its nodes are containers of kind", _provider("kind://")),
    ("rke2", "its version is one of RKE2", _says("+rke2")),
    ("k3s", "its version is one of k3s", _says("+k3s")),
    ("talos", "its nodes run Talos", _system("Talos")),
)


def _type(sight: ClusterSight) -> tuple[str, str]:
    found = next(((name, why) for name, why, holds in SIGNS if holds(sight)), None)
    return found or ("generic", "nothing tells it from others")


def _policy(sight: ClusterSight, found: list[str]) -> dict[str, Any]:
    for version, kind, policy, name in ENFORCERS:
        if (version, kind) in sight.served:
            found.append(f"{name} is there, so that `policy` is {policy}")
            return {"policy": policy}
    return {}


def _api(sight: ClusterSight, found: list[str]) -> dict[str, Any]:
    slices = sight.api_slices or ()
    ports = sorted({number(port, "port") for each in slices for _, port in items(each, "ports")} - {0})
    if not ports:
        return {}
    found.append(f"its API server answers on {', '.join(map(str, ports))}")
    return {"api": ports}


def _zones(sight: ClusterSight, found: list[str]) -> dict[str, Any]:
    if not sight.nodes:
        return {}
    zones = [strings(node, "metadata", "labels").get(ZONE, "") for node in sight.nodes]
    several = all(zones) and len(set(zones)) > 1
    if several:
        found.append(f"its nodes are in {len(set(zones))} zones")
    elif any(zones):
        found.append("its nodes are in one zone" if all(zones) else "some of its nodes have no zone")
    else:
        found.append("its nodes have no zone")
    return {"zones": several}


def _families(sight: ClusterSight, found: list[str]) -> dict[str, Any]:
    """See IPv6 by the networks of pods, or where those are not the nodes' by the addresses of who answers names."""
    nodes = [text_items(node, "spec", "podCIDRs") for node in sight.nodes or ()]
    seen = {6 if ":" in cidr else 4 for each in nodes for _, cidr in each}
    words = [word for each in sight.dns_services or () for _, word in text_items(each, "spec", "ipFamilies")]
    seen = seen or {6 if word == "IPv6" else 4 for word in words}
    if 6 not in seen:
        return {}
    found.append("its pods speak IPv4 and IPv6" if 4 in seen else "its pods speak IPv6 alone")
    return {"families": sorted(seen)}


def _storage(sight: ClusterSight) -> Iterator[str]:
    if sight.storage_classes is None:
        return
    names = {text(each, "metadata", "name"): strings(each, "metadata", "annotations") for each in sight.storage_classes}
    default = [name for name, annotations in names.items() if annotations.get(DEFAULT_CLASS) == "true"]
    if default:
        yield f"its default StorageClass is {', '.join(default)}"
    elif names:
        yield f"no StorageClass is the default: name one of {', '.join(sorted(names))} in `storageClass`"
    else:
        yield "it has no StorageClass: nothing can claim a volume"


def _classes(sight: ClusterSight) -> Iterator[str]:
    for what, classes, key in (
        ("Ingress", sight.ingress_classes, "controller"),
        ("Gateway", sight.gateway_classes, "controllerName"),
    ):
        if classes:
            named = (f"{text(each, 'metadata', 'name')} ({text(each, 'spec', key)})" for each in classes)
            yield f"its {what} classes are {', '.join(sorted(named))}"
        elif classes is not None:
            yield f"it has no {what} class"


def _dns(sight: ClusterSight) -> Iterator[str]:
    if sight.dns_services is None:
        return
    for service in sight.dns_services:
        address, where = text(service, "spec", "clusterIP"), text(service, "metadata", "namespace")
        yield f"pods ask {address} for names, the Service {text(service, 'metadata', 'name')} in {where}"
    if not sight.dns_services:
        yield "no Service answers names: something on each node does"


def _monitors(sight: ClusterSight) -> Iterator[str]:
    kinds = [kind for version, name, kind in MONITORS if (version, name) in sight.served]
    if kinds:
        choice = ", or ".join(f"`monitoring: {{kind: {each}}}`" for each in kinds)
        yield f"it can take metrics: write {choice}"


def _relied_on(sight: ClusterSight) -> Iterator[str]:
    there = [name for version, kind, name, _ in RELIED_ON if (version, kind) in sight.served]
    if there:
        yield f"it has {', '.join(there)}"
    if not any(each.startswith(ASKED_KINDS) for each in sight.unseen):
        yield from (f"it has no {name}, which {use} needs" for _, _, name, use in RELIED_ON if name not in there)


def version_of_nodes(nodes: tuple[Resource, ...] | None) -> str:
    """Return the version that the nodes run, where the server does not say its own."""
    return next((v for node in nodes or () if (v := text(mapping(node, "status", "nodeInfo"), "kubeletVersion"))), "")
