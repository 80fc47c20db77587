"""Each cell of the two tables of clusters.md section 1: what the agent of AWS 1.5.0 and Cilium 1.20.2 said when they were run."""

from __future__ import annotations

import pytest

from tests.flows.cilium_policies import CiliumNetworkPolicy
from tests.flows.dialects import Judge
from tests.flows.parties import Flow, Kind, Party, Service, ServicePort, World
from tests.flows.policies import NetworkPolicy

PRIVATE = ["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16"]
DNS = {"k8s-app": "kube-dns"}
DB = {"cnpg.io/cluster": "web-db"}
BOTH = ("UDP", "TCP")

APP = Party("app", Kind.POD, "10.0.1.1", "shop-prod", {"app": "web"}, {"http": ("TCP", 3000)})
DB_POD = Party("db", Kind.POD, "10.0.1.2", "shop-prod", DB | {"cnpg.io/instanceRole": "primary"})
DNS_POD = Party("kube-dns", Kind.POD, "10.0.7.9", "kube-system", DNS, {"dns": ("UDP", 53), "dns-tcp": ("TCP", 53)})
CACHE_POD = Party("node-local-dns", Kind.POD, "10.0.7.8", "kube-system", {"k8s-app": "node-local-dns"})
OTHER_POD = Party("other", Kind.POD, "10.0.9.9", "elsewhere")
TRAEFIK = Party("traefik", Kind.POD, "10.0.5.5", "traefik")
DB_SERVICE = Service("web-db-rw", "shop-prod", "172.20.44.1", dict(DB_POD.labels), (ServicePort("TCP", 5432, 5432),))
DNS_PORTS = (ServicePort("UDP", 53, "dns"), ServicePort("TCP", 53, "dns-tcp"))
DNS_SERVICE = Service("kube-dns", "kube-system", "172.20.0.10", DNS, DNS_PORTS)
WORLD = World(
    {each: {} for each in ("shop-prod", "kube-system", "elsewhere", "traefik")},
    (APP, DB_POD, DNS_POD, CACHE_POD, OTHER_POD, TRAEFIK),
    (DB_SERVICE, DNS_SERVICE),
)


def outside(address, kind=Kind.OUTSIDE, **more):
    return Party(address, kind, address, **more)


def ports(*numbers, protocols=("TCP",)):
    return [{"protocol": protocol, "port": number} for number in numbers for protocol in protocols]


def policy(name, direction, *rules):
    spec = {"podSelector": {"matchLabels": {"app": "web"}}, "policyTypes": [direction], direction.lower(): list(rules)}
    return NetworkPolicy.read({"metadata": {"name": name, "namespace": "shop-prod"}, "spec": spec})


def cilium_policy(name, **spec):
    meta = {"name": name, "namespace": "shop-prod"}
    return CiliumNetworkPolicy.read({"metadata": meta, "spec": {"endpointSelector": {}, **spec}})


def block(cidr, *excepted):
    return {"ipBlock": {"cidr": cidr, **({"except": list(excepted)} if excepted else {})}}


def complement(*blocks):
    """The blocks that together are everything but these, as `address_exclude` leaves them."""
    from ipaddress import collapse_addresses, ip_network

    left = [ip_network("0.0.0.0/0")]
    for each in map(ip_network, blocks):
        left = [part for net in left for part in (net.address_exclude(each) if each.subnet_of(net) else [net])]
    return [block(str(each)) for each in collapse_addresses(left)]


DENY_OUT, DENY_IN = policy("deny", "Egress"), policy("deny", "Ingress")
ANY_DNS = policy("dns", "Egress", {"ports": ports(53, protocols=BOTH)})
POD_DNS = policy(
    "dns",
    "Egress",
    {
        "to": [{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}}],
        "ports": ports(53, protocols=BOTH),
    },
)
EXACT_DNS = policy(
    "dns",
    "Egress",
    {"ports": ports(53, protocols=BOTH)},
    {"to": [block(each) for each in PRIVATE], "ports": ports(53, protocols=BOTH)},
)
SLASH_32 = policy("cache", "Egress", {"to": [block("169.254.20.10/32")], "ports": ports(53, protocols=BOTH)})
TO_DB = policy("db", "Egress", {"to": [{"podSelector": {"matchLabels": DB}}], "ports": ports(5432)})
ANY_5432 = policy("external", "Egress", {"ports": ports(5432)})
EXCEPT = policy("egress", "Egress", {"to": [block("0.0.0.0/0", *PRIVATE)], "ports": ports(443)})
BLOCKS = policy("egress", "Egress", {"to": complement(*PRIVATE), "ports": ports(443)})

AWS_COLUMNS = {
    "DNS ClusterIP": [Flow(APP, DNS_POD, 53, each, DNS_SERVICE) for each in BOTH],
    "DNS pod": [Flow(APP, DNS_POD, 53, each) for each in BOTH],
    "169.254.20.10": [Flow(APP, outside("169.254.20.10", Kind.HOST), 53, each) for each in BOTH],
    "own DB": [Flow(APP, DB_POD, 5432), Flow(APP, DB_POD, 5432, "TCP", DB_SERVICE)],
    "RDS": [Flow(APP, outside("10.9.9.9"), 5432)],
    "1.1.1.1:443": [Flow(APP, outside("1.1.1.1"), 443)],
    "10.9.9.9:443": [Flow(APP, outside("10.9.9.9"), 443)],
}
AWS_ROWS = {
    "DNS no-to + DB": ([ANY_DNS, TO_DB], "yyyynnn"),
    "+ egress with except": ([ANY_DNS, TO_DB, EXCEPT], "nnnynyn"),
    "DNS by pod selector + DB + egress": ([POD_DNS, TO_DB, EXCEPT], "yynynyn"),
    "the same and a /32": ([POD_DNS, SLASH_32, TO_DB, EXCEPT], "yyyynyn"),
    "DNS no-to + 5432 no-to + egress": ([ANY_DNS, ANY_5432, EXCEPT], "nnnnnyn"),
    "the same as complement": ([ANY_DNS, ANY_5432, BLOCKS], "yyyyyyn"),
    "except, and DNS to the excepted blocks": ([EXACT_DNS, TO_DB, EXCEPT], "yyyynyn"),
}


@pytest.mark.parametrize("row", AWS_ROWS)
@pytest.mark.parametrize("column", AWS_COLUMNS)
def test_a_cell_of_aws(row, column):
    policies, answers = AWS_ROWS[row]
    wanted = answers[list(AWS_COLUMNS).index(column)] == "y"
    for flow in AWS_COLUMNS[column]:
        verdict = Judge("aws", WORLD, policies).verdict(flow)
        assert verdict.allowed == wanted, f"{flow}: {verdict}"


@pytest.mark.parametrize(("blocks", "number"), [(PRIVATE, 40), ([*PRIVATE, "100.64.0.0/10"], 47)])
def test_the_complement_has_as_many_blocks_as_was_counted(blocks, number):
    assert len(complement(*blocks)) == number


HOST, NODE = outside("192.168.1.9", Kind.HOST), outside("192.168.1.11", Kind.NODE)
PROXY = outside("10.0.0.200", Kind.INGRESS)
API_IN = outside("192.168.1.10", Kind.NODE, api_server=True)
API_OUT, API_PRIVATE = outside("52.1.1.1", api_server=True), outside("10.0.3.3", api_server=True)
WORLD_1, WORLD_10 = outside("1.1.1.1"), outside("10.9.9.9")
METADATA, NOT_THE_NODES = outside("169.254.169.254"), outside("169.254.20.10")
PODS = [OTHER_POD, DNS_POD, TRAEFIK]
EVERYBODY = [
    *PODS,
    CACHE_POD,
    HOST,
    NODE,
    PROXY,
    API_IN,
    API_OUT,
    API_PRIVATE,
    WORLD_1,
    WORLD_10,
    METADATA,
    NOT_THE_NODES,
]
TODAY = policy(
    "dns",
    "Egress",
    {
        "to": [
            {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "kube-system"}}},
            block("169.254.20.10/32"),
        ],
        "ports": ports(53, protocols=BOTH),
    },
)


def from_namespace(**selector):
    return policy("in", "Ingress", {"from": [{"namespaceSelector": selector}], "ports": ports(3000)})


def named(name):
    return from_namespace(matchLabels={"kubernetes.io/metadata.name": name})


def let_in(*entities):
    return cilium_policy(
        "in", ingress=[{"fromEntities": list(entities), "toPorts": [{"ports": [{"port": "3000", "protocol": "TCP"}]}]}]
    )


def let_out(entity, port):
    return cilium_policy(
        "out", egress=[{"toEntities": [entity], "toPorts": [{"ports": [{"port": str(port), "protocol": "TCP"}]}]}]
    )


ANY_443 = policy("out", "Egress", {"ports": ports(443)})
OUT_443 = policy("out", "Egress", {"to": [block("0.0.0.0/0")], "ports": ports(443)})
IN_3000 = policy("in", "Ingress", {"from": [block("0.0.0.0/0")], "ports": ports(3000)})
OUTSIDE = [WORLD_1, WORLD_10, METADATA, NOT_THE_NODES, API_OUT, API_PRIVATE]
# A rule, the port that is tried, and everybody who is reached, or let in; all the others are not.
CILIUM_ROWS = {
    "egress ports only": ([DENY_OUT, ANY_443], "Egress", 443, EVERYBODY),
    "egress 0.0.0.0/0": ([DENY_OUT, OUT_443], "Egress", 443, OUTSIDE),
    "today's DNS rule": ([DENY_OUT, TODAY], "Egress", 53, [DNS_POD, CACHE_POD, NOT_THE_NODES]),
    "egress with except": ([DENY_OUT, EXCEPT], "Egress", 443, [WORLD_1, API_OUT]),
    "ingress from namespace traefik": ([DENY_IN, named("traefik")], "Ingress", 3000, [TRAEFIK]),
    "ingress from any namespace": ([DENY_IN, from_namespace()], "Ingress", 3000, [*PODS, CACHE_POD]),
    "ingress from kube-system": ([DENY_IN, named("kube-system")], "Ingress", 3000, [DNS_POD, CACHE_POD]),
    "ingress from 0.0.0.0/0": ([DENY_IN, IN_3000], "Ingress", 3000, OUTSIDE),
    "fromEntities ingress": ([DENY_IN, let_in("ingress")], "Ingress", 3000, [PROXY]),
    "fromEntities host, remote-node": ([DENY_IN, let_in("host", "remote-node")], "Ingress", 3000, [HOST, NODE, API_IN]),
    "toEntities host": ([DENY_OUT, let_out("host", 80)], "Egress", 80, [HOST]),
    "toEntities kube-apiserver": (
        [DENY_OUT, let_out("kube-apiserver", 6443)],
        "Egress",
        6443,
        [API_IN, API_OUT, API_PRIVATE],
    ),
}


@pytest.mark.parametrize("row", CILIUM_ROWS)
@pytest.mark.parametrize("party", EVERYBODY, ids=lambda each: f"{each.kind}-{each.address}")
def test_a_cell_of_cilium(row, party):
    policies, direction, port, matching = CILIUM_ROWS[row]
    flow = Flow(APP, party, port) if direction == "Egress" else Flow(party, APP, port)
    verdict = Judge("cilium", WORLD, policies).verdict(flow)
    always = direction == "Ingress" and party is HOST  # `allow-localhost auto`
    assert verdict.allowed == (always or party in matching), verdict
    assert not Judge("cilium", WORLD, policies).verdict(Flow(flow.source, flow.to, port + 1)).allowed or always
