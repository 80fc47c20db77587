"""Cases for an engine's own rule code, from a number each: random policies, and connections among everybody there is."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.flows import random_policies
from tests.flows.aws import AwsView, Entry, look_up
from tests.flows.parties import NAME, Flow, Kind, Party, World
from tests.flows.policies import EGRESS, INGRESS, NetworkPolicy

PROTOCOL = {"TCP": 6, "UDP": 17}
RESERVED = {Kind.HOST: (1, "host"), Kind.NODE: (6, "remote-node"), Kind.INGRESS: (8, "ingress")}
NAMESPACE_LABEL = "io.cilium.k8s.namespace.labels."


@dataclass(frozen=True, slots=True)
class Case:
    world: World
    ends: list[Party]
    policies: list[dict[str, Any]]
    cilium: list[dict[str, Any]]
    flows: list[Flow]


def case(seed: int) -> Case:
    """Make a case; Cilium's policies stand beside the others in every second one."""
    random = Random(seed)
    world = random_policies.world(random)
    policies = [without_names(as_stored(each)) for each in random_policies.policies(random)]
    how_many = random.randint(0, 3) if seed % 2 else 0
    cilium = [without_names(random_policies.cilium_policy(random, f"c{number}")) for number in range(how_many)]
    more = [
        Party("api-node", Kind.NODE, "10.0.0.7", api_server=True),
        Party("api", Kind.OUTSIDE, "9.9.9.9", api_server=True),
        Party("proxy", Kind.INGRESS, "10.0.0.6"),
    ]
    ends = [*random_policies.everybody(world), *more]
    pairs = [(one, other) for one in ends for other in ends if one is not other and Kind.POD in (one.kind, other.kind)]
    flows = [
        Flow(*pair, random.choice(random_policies.NUMBERS), random.choice(random_policies.PROTOCOLS))
        for pair in pairs
        # What a node sends to its own pods passes by an option of the agent, not by its rules.
        if pair[0].kind is not Kind.HOST
    ]
    return Case(world, ends, policies, cilium, flows)


def as_stored(policy: dict[str, Any]) -> dict[str, Any]:
    """Fill `policyTypes` in as the API server does, and leave rules out that they do not name: Cilium alone heeds those."""
    spec = dict(policy["spec"])
    types = spec.setdefault("policyTypes", ["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
    kept = {key: value for key, value in spec.items() if key not in ("ingress", "egress") or key.title() in types}
    return {**policy, "spec": kept}


def without_names(policy: dict[str, Any]) -> dict[str, Any]:
    """Give ports of egress numbers: what pods call their ports is looked up where a test of Cilium has nothing."""
    for rule in policy["spec"].get("egress", []):
        for port in [*rule.get("ports", []), *(port for each in rule.get("toPorts", []) for port in each["ports"])]:
            if port.get("port") in random_policies.NAMES:
                port["port"] = "1" if "toPorts" in rule else 1
    return policy


def for_cilium(case: Case) -> dict[str, Any]:
    """Write a case as the program beside this file reads it."""
    places = {id(each): at for at, each in enumerate(case.ends)}
    return {
        "ends": [_end(case.world, each, at) for at, each in enumerate(case.ends)],
        "policies": case.policies,
        "cilium": case.cilium,
        "flows": [
            [places[id(each.source)], places[id(each.to)], PROTOCOL[each.protocol], each.port] for each in case.flows
        ],
    }


@dataclass(frozen=True, slots=True)
class Asked:
    """What the agent holds for one pod and direction, and what is looked up in it: address, protocol, port."""

    entries: list[Entry]
    questions: list[tuple[str, str, int]]

    def answers(self) -> str:
        """Look everything up here: a letter for each question, as the engines' answers have it."""
        return "".join(
            "y" if any(each.covers(protocol, port, on=None) for each in look_up(self.entries, address)) else "n"
            for address, protocol, port in self.questions
        )


def asked_of_aws(case: Case) -> list[Asked]:
    """Make a list and its questions for each pod and direction that policies of the case isolate."""
    view, read = AwsView(case.world), [NetworkPolicy.read(each) for each in case.policies]
    addresses = [each.address for each in case.ends]
    questions = [
        (address, protocol, port) for address in addresses for protocol, port in (("TCP", 1), ("UDP", 3), ("TCP", 4))
    ]
    isolated = [
        (direction, applying)
        for pod in case.world.pods
        for direction in (INGRESS, EGRESS)
        if (applying := [each for each in read if each.applies(pod, direction)])
    ]
    return [
        Asked([entry for policy in applying for entry in view.entries(policy, direction)], questions)
        for direction, applying in isolated
    ]


def for_aws(asked: Asked) -> dict[str, Any]:
    """Write a list and its questions as the program beside this file reads them."""
    return {
        "entries": [
            {
                "cidr": str(each.net),
                "except": [str(net) for net in each.excepted],
                "ports": [
                    {"protocol": port.protocol, "port": port.first or 0, "endPort": port.last or 0}
                    for port in each.ports
                ],
            }
            for each in asked.entries
        ],
        "asked": [
            {"address": address, "protocol": PROTOCOL[protocol], "port": port}
            for address, protocol, port in asked.questions
        ],
    }


def _end(world: World, party: Party, at: int) -> dict[str, Any]:
    labels = [["k8s", key, value] for key, value in party.labels.items()]
    number, cidr = 1001 + at, ""
    if party.kind is Kind.POD:
        labels += [
            ["k8s", "io.kubernetes.pod.namespace", party.namespace],
            ["k8s", "io.cilium.k8s.policy.cluster", "default"],
        ]
        of_namespace = {NAME: party.namespace, **world.labels_of(party.namespace)}
        labels += [["k8s", NAMESPACE_LABEL + key, value] for key, value in of_namespace.items()]
    elif party.kind is Kind.OUTSIDE:
        number, cidr = (1 << 24) + at + 1, f"{party.address}/32"
    else:
        number, name = RESERVED[party.kind]
        labels.append(["reserved", name, ""])
    if party.api_server:
        labels.append(["reserved", "kube-apiserver", ""])
        number = 7 if party.kind is Kind.NODE else number
    ports = {
        each: {name: port for name, (protocol, port) in party.ports.items() if protocol == each} for each in PROTOCOL
    }
    return {"id": number, "labels": labels, "cidr": cidr, "tcp": ports["TCP"], "udp": ports["UDP"]}
