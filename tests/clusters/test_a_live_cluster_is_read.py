"""What a live cluster shows becomes settings, and what it would not show is said."""

from __future__ import annotations

import pytest

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.clusters.detect import SIGNS, ClusterSight, detected
from atmos_cli.commands.init import InitOptions, new_config
from atmos_cli.commands.init_clusters import SeenCluster
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.live.cluster_sight import sight_of

KINDS = catalogue().cluster_kinds
ZONE = "topology.kubernetes.io/zone"


def node(labels=(), *, provider="", os=""):
    info = {"osImage": os, "kubeletVersion": "v1.34.2"}
    metadata = {"name": "n", "labels": dict(labels)}
    return {"metadata": metadata, "spec": {"providerID": provider}, "status": {"nodeInfo": info}}


@pytest.mark.parametrize(
    ("name", "sight"),
    [
        ("generic", {"version": "v1.34.2"}),
        ("kind", {"nodes": (node(provider="kind://docker/a"),)}),
        ("minikube", {"nodes": (node({"minikube.k8s.io/name": "minikube"}),)}),
        ("k3s", {"version": "v1.34.2+k3s1"}),
        ("rke2", {"version": "v1.34.2+rke2r1"}),
        ("talos", {"nodes": (node(os="Talos (v1.11.0)"),)}),
        ("gke", {"version": "v1.34.1-gke.3720000"}),
        (
            "gke-autopilot",
            {"version": "v1.34.1-gke.3720000", "served": frozenset({("auto.gke.io/v1", "AllowlistedV2Workload")})},
        ),
        ("eks", {"version": "v1.34.1-eks-113cf36"}),
        (
            "eks-auto",
            {"version": "v1.34.1-eks-113cf36", "nodes": (node({"eks.amazonaws.com/compute-type": "auto"}),)},
        ),
        ("aks", {"nodes": (node({"kubernetes.azure.com/cluster": "MC_x"}),)}),
        ("openshift", {"served": frozenset({("route.openshift.io/v1", "Route")})}),
        ("doks", {"nodes": (node({"doks.digitalocean.com/node-id": "1"}),)}),
        ("gardener", {"nodes": (node({"worker.gardener.cloud/pool": "a"}),)}),
    ],
)
def test_each_type_is_told_by_its_signs(name, sight):
    assert detected(ClusterSight(**sight)).type == name


def test_every_sign_is_of_a_type():
    assert {name for name, *_ in SIGNS} == set(KINDS.types) - {"generic"}


@pytest.mark.parametrize(
    ("zones", "several"),
    [(("a", "b"), True), (("a", "a"), False), (("a", ""), False), (("", ""), False)],
)
def test_zones_count_where_every_node_has_one(zones, several):
    nodes = tuple(node({ZONE: each} if each else {}) for each in zones)
    assert detected(ClusterSight(nodes=nodes)).values["zones"] is several


@pytest.mark.parametrize(
    ("served", "policy"),
    [
        (("cilium.io/v2", "CiliumNetworkPolicy"), "cilium"),
        (("networking.k8s.aws/v1alpha1", "PolicyEndpoint"), "aws"),
        (("crd.projectcalico.org/v1", "FelixConfiguration"), "kubernetes"),
    ],
)
def test_who_enforces_policies_is_seen_by_its_kinds(served, policy):
    assert detected(ClusterSight(served=frozenset({served}))).values == {"policy": policy}


@pytest.mark.parametrize(
    ("cidrs", "words", "families"),
    [
        ((["10.0.0.0/24", "fd00::/64"], ["10.0.1.0/24", "fd00:1::/64"]), (), [4, 6]),
        ((["fd00::/64"],), (), [6]),
        ((), ("IPv6",), [6]),
        ((["10.0.0.0/24"],), ("IPv4",), None),
        ((), (), None),
    ],
)
def test_families_are_those_of_the_pods(cidrs, words, families):
    nodes = tuple({**node(), "spec": {"podCIDRs": each}} for each in cidrs)
    services = tuple({"metadata": {"name": "kube-dns"}, "spec": {"ipFamilies": [word]}} for word in words)
    assert detected(ClusterSight(nodes=nodes, dns_services=services)).values.get("families") == families


def test_what_our_objects_rely_on_is_said_to_be_there_or_not():
    served = frozenset({("cert-manager.io/v1", "ClusterIssuer"), ("postgresql.cnpg.io/v1", "Cluster")})
    found = detected(ClusterSight(served=served)).found
    assert "it has cert-manager, CloudNativePG" in found
    assert "it has no Gateway API, which `http.kind: gateway` needs" in found
    refused = detected(ClusterSight(unseen=("the kinds that it serves: you may not",))).found
    assert not [each for each in refused if "needs" in each]


def test_what_was_seen_is_written_and_what_a_flag_says_counts_before():
    nodes = (node({ZONE: "a", "kubernetes.azure.com/cluster": "x"}), node({ZONE: "b"}))
    slices = ({"ports": [{"name": "https", "port": 8443}]},)
    found = detected(ClusterSight(version="v1.36.1", nodes=nodes, api_slices=slices))
    seen = (SeenCluster("prod", "aks-prod", found, ()),)
    options = InitOptions(environments=("dev", "prod"), types=(("dev", "kind"),))
    config = new_config(options, catalogue=catalogue(), seen=seen)
    prod = config.clusters["prod"]
    assert (prod.type, prod.kubernetes, prod.zones, prod.api) == ("aks", "1.36", True, (8443,))
    assert prod.context == "aks-prod"
    assert config.clusters["dev"].type == "kind"


class Live:
    """A cluster that shows some things, and refuses others."""

    def __init__(self, *, refuses=(), silent=False):
        self.refuses, self.silent = refuses, silent

    def version(self):
        if self.silent:
            raise fail(Code.CLUSTER_UNREACHABLE, "it does not answer", hint="")
        return "v1.34.2+k3s1"

    def find(self, version, kind):
        return object() if version == "monitoring.coreos.com/v1" else None

    def list(self, version, kind, *, namespace="", selector=""):
        if kind in self.refuses:
            raise fail(Code.CLUSTER_UNREACHABLE, f"you may not list {kind}", hint="")
        known = {"kubernetes.io/service-name=kubernetes": ({"ports": [{"port": 6443}]},)}
        named = {"StorageClass": ({"metadata": {"name": "local-path"}},), "Node": (node(),)}
        return known.get(selector, named.get(kind, ()))

    def get(self, version, kind, name, *, namespace=""):
        metadata = {"name": name, "namespace": namespace}
        return {"metadata": metadata, "spec": {"clusterIP": "10.43.0.10"}} if name == "kube-dns" else None


def test_a_cluster_is_asked_and_says_what_it_has():
    found = detected(sight_of(Live()))
    assert found.type == "k3s"
    assert (found.values["api"], found.values["zones"]) == ([6443], False)
    assert "no StorageClass is the default: name one of local-path in `storageClass`" in found.found
    assert "pods ask 10.43.0.10 for names, the Service kube-dns in kube-system" in found.found
    assert "it can take metrics: write `monitoring: {kind: prometheus}`" in found.found
    assert "it has no Gateway class" in found.found


def test_what_it_refuses_is_said_and_the_rest_is_taken():
    sight = sight_of(Live(refuses=("Node", "GatewayClass")))
    assert sight.unseen == (
        "its nodes: you may not list Node",
        "its Gateway classes: you may not list GatewayClass",
    )
    found = detected(sight)
    assert (found.type, "zones" in found.values) == ("k3s", False)
    assert not [each for each in found.found if "Gateway class" in each]


def test_a_cluster_that_does_not_answer_is_no_cluster():
    with pytest.raises(AtmosError) as raised:
        sight_of(Live(silent=True))
    assert raised.value.diagnostics[0].code is Code.CLUSTER_UNREACHABLE
