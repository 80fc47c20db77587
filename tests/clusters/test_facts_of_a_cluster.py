"""What is true of a cluster: what the file says, else what its type says; a file without a type means what it always did."""

from __future__ import annotations

import ipaddress

import pytest

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.clusters.facts import cluster_facts, http_facts, monitoring_facts
from atmos_cli.clusters.networks import NOT_OUTSIDE, outside_blocks
from atmos_cli.clusters.presets import preset
from atmos_cli.config import Cluster, Http, Monitoring
from tests.blueprint.cluster_page import PAGE, page

KINDS = catalogue().cluster_kinds
DIALECTS = ("kubernetes", "cilium", "aws", "none")


def cluster(**values):
    return Cluster.model_validate(values)


def http(where=None, **values):
    return http_facts(where or cluster(), Http.model_validate(values), KINDS)


def from_namespace(name):
    return {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": name}}}


def test_the_page_is_what_the_rows_say():
    assert PAGE.read_text() == page(), "run `python -m tests.blueprint.cluster_page`"


def test_there_are_fourteen_types():
    assert len(KINDS.types) == 14


def test_a_file_without_a_type_means_what_it_always_did():
    """Never change these: files are out there that say nothing."""
    facts = cluster_facts(cluster(), KINDS)
    assert (facts.policy, facts.api, facts.zones, facts.users) == ("kubernetes", (443, 6443), False, "blueprint")
    assert (facts.identity, facts.pull_secrets, facts.storage_class, facts.families) == ("none", (), "", (4,))
    assert facts.dns.ports == (53, 5353, 8053)
    assert (facts.resolvers().anyone, facts.storage_missing) == (True, False)
    found = http()
    assert (found.controller, found.kind, found.class_name, found.gateway) == ("", "ingress", "nginx", "shared")
    assert found.namespace == "ingress-nginx"
    assert found.sources.peers == (from_namespace("ingress-nginx"),)
    assert http(kind="gateway", namespace="gateways").sources.peers == (from_namespace("gateways"),)
    assert monitoring_facts(cluster(), None, KINDS) is None
    told = monitoring_facts(cluster(), Monitoring(), KINDS)
    assert (told.kind, told.namespace, told.labels) == ("prometheus", "monitoring", {})


@pytest.mark.parametrize("policy", DIALECTS)
@pytest.mark.parametrize("name", KINDS.types)
def test_every_type_in_every_dialect_is_whole(name, policy):
    facts = cluster_facts(cluster(type=name, policy=policy), KINDS)
    assert facts.resolvers().anyone, "ports alone by default"
    assert facts.outside()
    for controller in KINDS.controllers:
        found = http(cluster(type=name, policy=policy), controller=controller)
        assert found.namespace
        assert found.kind in KINDS.controllers[controller].kinds


@pytest.mark.parametrize("name", KINDS.types)
def test_what_init_writes_out_means_what_the_type_means(name):
    written = Cluster.model_validate(preset(name, KINDS).values)
    assert cluster_facts(written, KINDS) == cluster_facts(cluster(type=name), KINDS)
    controller = KINDS.types[name].http.controller
    assert http_facts(written, Http(), KINDS) == http(cluster(type=name), controller=controller)
    made = preset(name, KINDS)
    assert all(reason and "\n" not in reason for reason in made.reasons.values())
    untold = {"http"} | {path[0] for path in made.reasons}
    assert set(made.values) == untold


def test_outside_is_the_same_in_every_dialect():
    """AWS takes an exception of one policy from what another one allows, so there the blocks leave it out."""
    (block,) = cluster_facts(cluster(), KINDS).outside()
    assert block["ipBlock"] == {"cidr": "0.0.0.0/0", "except": list(NOT_OUTSIDE)}
    blocks = cluster_facts(cluster(policy="aws"), KINDS).outside()
    assert not [each for each in blocks if "except" in each["ipBlock"]]
    allowed = [ipaddress.ip_network(each["ipBlock"]["cidr"]) for each in blocks]
    closed = [ipaddress.ip_network(each) for each in NOT_OUTSIDE]
    assert not [(a, b) for a in allowed for b in closed if a.overlaps(b)]
    assert sum(each.num_addresses for each in (*allowed, *closed)) == 2**32
    assert len(outside_blocks()) == 73


@pytest.mark.parametrize(
    ("families", "last"), [((4,), "0.0.0.0/0"), ((6,), "2000::/3"), ((4, 6), "2000::/3"), ((6, 4), "2000::/3")]
)
def test_ipv6_is_outside_where_the_cluster_has_it(families, last):
    found = cluster_facts(cluster(families=families), KINDS).outside()
    assert found[-1]["ipBlock"]["cidr"] == last
    assert len(found) == len(families)


@pytest.mark.parametrize(
    ("policy", "sources", "peers", "entities", "anyone"),
    [
        ("kubernetes", [{"namespace": "traefik"}], [from_namespace("traefik")], (), False),
        ("kubernetes", [{"labels": {"a": ""}}], [{"namespaceSelector": {"matchLabels": {"a": ""}}}], (), False),
        (
            "kubernetes",
            [{"namespace": "x", "labels": {"a": "b"}}],
            [{**from_namespace("x"), "podSelector": {"matchLabels": {"a": "b"}}}],
            (),
            False,
        ),
        ("kubernetes", ["nodes", {"cidr": "10.0.0.0/16"}], [{"ipBlock": {"cidr": "10.0.0.0/16"}}], (), False),
        ("cilium", ["nodes"], [], ("host", "remote-node"), False),
        ("cilium", ["ingress", "gateway"], [from_namespace("ingress-nginx")], ("ingress",), False),
        ("cilium", ["anyone"], [], (), True),
    ],
)
def test_who_connects(policy, sources, peers, entities, anyone):
    found = http(cluster(policy=policy), **{"from": sources}).sources
    assert (list(found.peers), found.entities, found.anyone) == (peers, entities, anyone)


def test_the_environment_counts_before_its_cluster_and_that_before_the_controller():
    where = cluster(http={"controller": "istio", "gateway": "edge"}, monitoring={"labels": {"release": "kps"}})
    found = http(where, namespace="team")
    assert (found.controller, found.kind, found.gateway, found.namespace) == ("istio", "gateway", "edge", "team")
    assert found.sources.peers == (from_namespace("team"),)
    for name, kind, namespace in (("gke", "gmp", "gmp-system"), ("aks", "azure", "kube-system")):
        told = monitoring_facts(cluster(type=name, monitoring={}), None, KINDS)
        assert (told.kind, told.namespace) == (kind, namespace), "what the row of the type says"
    told = monitoring_facts(where, Monitoring(namespace="observe"), KINDS)
    assert (told.namespace, told.labels) == ("observe", {"release": "kps"})
    assert monitoring_facts(cluster(type="gke-autopilot", monitoring={"kind": "gmp"}), None, KINDS).namespace == (
        "gke-gmp-system"
    )
    assert (
        monitoring_facts(cluster(type="gke", monitoring={"kind": "prometheus"}), None, KINDS).namespace == "monitoring"
    )


def test_load_balancers_of_google_speak_the_families_of_the_cluster():
    blocks = [each["ipBlock"]["cidr"] for each in http(cluster(type="gke"), controller="gke").sources.peers]
    assert blocks == ["35.191.0.0/16", "130.211.0.0/22"]
    both = http(cluster(type="gke", families=[4, 6]), controller="gke").sources.peers
    assert len(both) == 4


@pytest.mark.parametrize("name", KINDS.types)
@pytest.mark.parametrize("families", [[4], [6], [4, 6]])
def test_families_may_change_in_what_init_wrote_out(name, families):
    """Nothing else has to be changed with them: neither who is let in is left out, nor who asks for names."""
    written = Cluster.model_validate({**preset(name, KINDS).values, "families": families})
    bare = cluster(type=name, families=families)
    assert cluster_facts(written, KINDS) == cluster_facts(bare, KINDS)
    assert http_facts(written, Http(), KINDS) == http(bare, controller=KINDS.types[name].http.controller)


def test_ranges_that_somebody_else_wrote_are_taken_as_they_are():
    own = {"controller": "gke", "from": [{"cidr": "2001:db8::/32"}, {"cidr": "2600:2d00:1:1::/64"}]}
    assert http(cluster(type="gke"), **own).sources.peers == ({"ipBlock": {"cidr": "2001:db8::/32"}},)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"type": "gke", "dns": {"ports": [53, 5353]}}, ((53, 5353), ("kube-system",), 2)),
        ({"type": "gke", "dns": {"cidrs": ["10.0.0.10/32"]}}, ((53,), ("kube-system",), 1)),
        ({"type": "gke", "dns": {"cidrs": []}}, ((53,), ("kube-system",), 0)),
        ({"type": "openshift", "dns": {"cidrs": ["10.0.0.10/32"]}}, ((5353,), ("openshift-dns",), 1)),
        ({"type": "gardener", "dns": {"cidrs": ["10.0.0.10/32"]}}, ((53, 8053), ("kube-system",), 1)),
        ({"type": "gke", "dns": {"namespaces": [], "cidrs": []}}, ((53,), (), 0)),
        # a file that does not name a type means what it always did
        ({"dns": {"ports": [5353]}}, ((5353,), (), 0)),
        ({"dns": {"cidrs": ["10.0.0.10/32"]}}, ((53,), (), 1)),
    ],
)
def test_a_key_of_dns_takes_no_other_one_away(values, wanted):
    found = cluster_facts(cluster(**values), KINDS).dns
    assert (found.ports, found.namespaces, len(found.cidrs)) == wanted


def test_the_node_goes_on_answering_names_where_another_key_is_set():
    facts = cluster_facts(cluster(type="aks", dns={"ports": [53, 5353]}), KINDS)
    assert facts.resolvers().entities == ("host",)


def test_an_environment_with_a_controller_of_its_own_takes_nothing_of_the_other_one():
    """`init` wrote the cluster's out in full: Envoy's namespace would let no Traefik in."""
    where = Cluster.model_validate(preset("generic", KINDS).values)
    found = http(where, controller="traefik")
    assert (found.kind, found.class_name, found.namespace) == ("ingress", "traefik", "traefik")
    assert found.sources.peers == (from_namespace("traefik"),)
    same = http(where, controller="envoy-gateway", gateway="edge")
    assert (same.gateway, same.sources.peers) == ("edge", (from_namespace("envoy-gateway-system"),))
    told = monitoring_facts(
        cluster(monitoring={"kind": "prometheus", "namespace": "observe", "labels": {"a": "b"}}),
        Monitoring(kind="gmp", labels={"c": "d"}),
        KINDS,
    )
    assert (told.kind, told.namespace, told.labels) == ("gmp", "monitoring", {"c": "d"})


def test_names_are_answered_by_whom_the_type_names():
    facts = cluster_facts(cluster(type="aks", dns="cluster"), KINDS)
    assert facts.resolvers().entities == ("host",)
    assert [each for each in facts.resolvers().peers if "ipBlock" in each] == [{"ipBlock": {"cidr": "169.254.10.0/24"}}]
    assert cluster_facts(cluster(type="aks", dns="cluster", policy="kubernetes"), KINDS).resolvers().entities == ()
    assert cluster_facts(cluster(type="openshift", dns="cluster"), KINDS).dns.ports == (5353,)


def test_only_cilium_can_name_the_node_that_answers_who_a_pod_is():
    found = cluster_facts(cluster(type="eks", identity="aws-pod"), KINDS).identity_servers()
    assert found.peers == ({"ipBlock": {"cidr": "169.254.170.23/32"}},)
    behind = cluster_facts(cluster(type="eks", identity="aws-pod", policy="cilium"), KINDS).identity_servers()
    assert (behind.peers, behind.entities) == ((), ("host",))
