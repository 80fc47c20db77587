"""Random worlds and policies, small enough that every connection in them can be tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.flows.parties import Flow, Kind, Party, World

if TYPE_CHECKING:
    from random import Random

KEYS, VALUES, NAMESPACES = ("a", "b"), ("1", "2"), ("blue", "green")
PROTOCOLS, NUMBERS, NAMES = ("TCP", "UDP"), (1, 2, 3, 4), ("one", "two")
OUTSIDE = ("10.0.0.11", "10.0.0.12", "1.1.1.1")


def labels(random: Random) -> dict[str, str]:
    return {key: random.choice(VALUES) for key in KEYS if random.random() < 0.6}


def world(random: Random) -> World:
    """Make a world of five pods in two namespaces."""
    pods = tuple(
        Party(f"p{n}", Kind.POD, f"10.0.0.{n + 1}", random.choice(NAMESPACES), labels(random), named(random))
        for n in range(5)
    )
    return World({each: labels(random) for each in NAMESPACES}, pods)


def named(random: Random) -> dict[str, tuple[str, int]]:
    return {name: (random.choice(PROTOCOLS), random.choice(NUMBERS)) for name in NAMES if random.random() < 0.6}


def everybody(world: World) -> list[Party]:
    """Everybody who may be at the other end: pods, nodes, addresses outside."""
    nodes = [Party("node", Kind.NODE, "10.0.0.9"), Party("host", Kind.HOST, "10.0.0.8")]
    return [*world.pods, *nodes, *(Party(each, Kind.OUTSIDE, each) for each in OUTSIDE)]


def flows(world: World) -> list[Flow]:
    """Every connection at whose one end at least there is a pod."""
    ends = everybody(world)
    pairs = [(one, other) for one in ends for other in ends if one is not other and Kind.POD in (one.kind, other.kind)]
    return [Flow(*pair, number, protocol) for pair in pairs for number in NUMBERS for protocol in PROTOCOLS]


def selector(random: Random) -> dict[str, Any]:
    """Make a selector; an empty one is likely, as in real life."""
    made: dict[str, Any] = {}
    if random.random() < 0.5:
        made["matchLabels"] = {random.choice(KEYS): random.choice(VALUES)}
    if random.random() < 0.3:
        operator = random.choice(("In", "NotIn", "Exists", "DoesNotExist"))
        values = {"values": random.sample(VALUES, random.randint(1, 2))} if operator in ("In", "NotIn") else {}
        made["matchExpressions"] = [{"key": random.choice(KEYS), "operator": operator, **values}]
    return made


def block(random: Random) -> dict[str, Any]:
    cidr, inside = random.choice(
        (
            ("0.0.0.0/0", ["10.0.0.0/8", "10.0.0.0/29", "1.0.0.0/8"]),
            ("10.0.0.0/28", ["10.0.0.0/30", "10.0.0.8/29", "10.0.0.3/32"]),
            ("10.0.0.0/30", ["10.0.0.2/32"]),
            ("10.0.0.2/32", []),
            ("8.0.0.0/5", ["10.0.0.0/8", "10.0.0.0/28"]),
            ("1.1.1.1/32", []),
        )
    )
    excepted = [each for each in inside if random.random() < 0.4]
    return {"cidr": cidr, **({"except": excepted} if excepted else {})}


def peer(random: Random) -> dict[str, Any]:
    match random.randrange(4):
        case 0:
            return {"podSelector": selector(random)}
        case 1:
            return {"namespaceSelector": selector(random)}
        case 2:
            return {"namespaceSelector": selector(random), "podSelector": selector(random)}
    return {"ipBlock": block(random)}


def port(random: Random) -> dict[str, Any]:
    protocol = {} if random.random() < 0.2 else {"protocol": random.choice(PROTOCOLS)}
    match random.randrange(5):
        case 0:
            return {**protocol, "port": random.choice(NAMES)}
        case 1:
            first = random.randint(1, 3)
            return {**protocol, "port": first, "endPort": random.randint(first, 4)}
        case 2:
            return {"protocol": random.choice(PROTOCOLS)}
    return {**protocol, "port": random.choice(NUMBERS)}


def policy(random: Random, name: str) -> dict[str, Any]:
    """Make a NetworkPolicy that the API server would take."""
    spec: dict[str, Any] = {"podSelector": selector(random)}
    for direction, end in (("ingress", "from"), ("egress", "to")):
        if random.random() < 0.7:
            spec[direction] = [_rule(random, end) for _ in range(random.randint(0, 2))]
    if random.random() < 0.6:
        spec["policyTypes"] = random.sample(("Ingress", "Egress"), random.randint(1, 2))
    return {"metadata": {"name": name, "namespace": random.choice(NAMESPACES)}, "spec": spec}


def _rule(random: Random, end: str) -> dict[str, Any]:
    rule: dict[str, Any] = {}
    if random.random() < 0.8:
        rule[end] = [peer(random) for _ in range(random.randint(1, 2))]
    if random.random() < 0.8:
        rule["ports"] = [port(random) for _ in range(random.randint(1, 2))]
    return rule


def policies(random: Random) -> list[dict[str, Any]]:
    return [policy(random, f"n{number}") for number in range(random.randint(1, 4))]


def cilium_policy(random: Random, name: str) -> dict[str, Any]:
    """Make a CiliumNetworkPolicy of rules that allow."""
    spec: dict[str, Any] = {"endpointSelector": selector(random)}
    for direction, end in random.sample((("ingress", "from"), ("egress", "to")), random.randint(1, 2)):
        spec[direction] = [_cilium_rule(random, end) for _ in range(random.randint(1, 2))]
    return {"metadata": {"name": name, "namespace": random.choice(NAMESPACES)}, "spec": spec}


def _cilium_rule(random: Random, end: str) -> dict[str, Any]:
    rule: dict[str, Any] = {}
    match random.randrange(4):
        case 0:
            entities = ("host", "remote-node", "ingress", "world", "cluster", "kube-apiserver", "all")
            rule[f"{end}Entities"] = random.sample(entities, random.randint(1, 2))
        case 1:
            rule[f"{end}Endpoints"] = [selector(random)]
        case 2:
            rule[f"{end}CIDRSet"] = [block(random)]
    if random.random() < 0.7:
        rule["toPorts"] = [{"ports": [_cilium_port(random) for _ in range(random.randint(1, 2))]}]
    return rule


def _cilium_port(random: Random) -> dict[str, Any]:
    protocol = {"protocol": random.choice((*PROTOCOLS, "ANY"))} if random.random() < 0.8 else {}
    if random.random() < 0.2:
        return {**protocol, "port": random.choice(NAMES)}
    return {**protocol, "port": str(random.choice(NUMBERS))}
