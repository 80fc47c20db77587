"""Cases for an engine's own rule code, from a number each: random policies, and connections among everybody there is."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

from tests.flows import random_policies
from tests.flows.parties import NAME, Flow, Kind, Party, World

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
    policies = random_policies.policies(random)
    cilium = (
        [random_policies.cilium_policy(random, f"c{number}") for number in range(random.randint(0, 3))]
        if seed % 2
        else []
    )
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


def _end(world: World, party: Party, at: int) -> dict[str, Any]:
    labels = [["k8s", key, value] for key, value in party.labels.items()]
    number, cidr = 1001 + at, ""
    if party.kind is Kind.POD:
        labels.append(["k8s", "io.kubernetes.pod.namespace", party.namespace])
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
