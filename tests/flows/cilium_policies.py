"""CiliumNetworkPolicies as values: entities, endpoints and CIDRs of rules that allow; anything else is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.flows.policies import INGRESS, Block, Direction, NotUnderstoodError, Port, Selector, only

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.flows.parties import Party

NAMESPACE = "io.kubernetes.pod.namespace"
_PEERS = ("Entities", "Endpoints", "CIDR", "CIDRSet")


@dataclass(frozen=True, slots=True)
class CiliumRule:
    """`anyone` where no peer is named but ports are; a rule that names nothing allows nothing."""

    entities: frozenset[str]
    endpoints: tuple[Selector, ...]
    blocks: tuple[Block, ...]
    ports: tuple[Port, ...] | None
    anyone: bool


@dataclass(frozen=True, slots=True)
class CiliumNetworkPolicy:
    name: str
    namespace: str
    selects: Selector
    ingress: tuple[CiliumRule, ...]
    egress: tuple[CiliumRule, ...]

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> CiliumNetworkPolicy:
        spec = value["spec"]
        only(spec, ("endpointSelector", "ingress", "egress", "description"), of="CiliumNetworkPolicy")
        ingress = tuple(_rule(each, "from") for each in spec.get("ingress") or ())
        egress = tuple(_rule(each, "to") for each in spec.get("egress") or ())
        meta = value["metadata"]
        return cls(meta["name"], meta["namespace"], _selector(spec["endpointSelector"]), ingress, egress)

    def applies(self, pod: Party, direction: Direction) -> bool:
        here = bool(self.rules(direction)) and pod.namespace == self.namespace
        return here and self.selects.matches(endpoint_labels(pod))

    def rules(self, direction: Direction) -> tuple[CiliumRule, ...]:
        return self.ingress if direction == INGRESS else self.egress

    def __str__(self) -> str:
        return f"CiliumNetworkPolicy/{self.name}"


def endpoint_labels(pod: Party) -> Mapping[str, str]:
    """Return the labels of an endpoint, the one of its namespace among them."""
    return {**pod.labels, NAMESPACE: pod.namespace}


def _rule(value: Mapping[str, Any], end: str) -> CiliumRule:
    only(value, (*(end + each for each in _PEERS), "toPorts"), of="rule")
    sets = value.get(f"{end}CIDRSet") or ()
    for each in sets:
        only(each, ("cidr", "except"), of="CIDRSet")
    ports = [_port(port) for each in value.get("toPorts") or () for port in _ports_of(each)]
    return CiliumRule(
        frozenset(value.get(f"{end}Entities") or ()),
        tuple(_selector(each) for each in value.get(f"{end}Endpoints") or ()),
        (
            *(Block(each) for each in value.get(f"{end}CIDR") or ()),
            *(Block(each["cidr"], tuple(each.get("except") or ())) for each in sets),
        ),
        tuple(ports) if "toPorts" in value else None,
        "toPorts" in value and not any(end + each in value for each in _PEERS),
    )


def _ports_of(value: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    only(value, ("ports",), of="toPorts")
    ports: list[Mapping[str, Any]] = value["ports"]
    return ports


def _port(value: Mapping[str, Any]) -> Port:
    only(value, ("port", "endPort", "protocol"), of="toPorts.ports")
    protocol, port = value.get("protocol", "ANY"), value["port"]
    if not isinstance(port, str):
        raise NotUnderstoodError(f"port {port!r} of a CiliumNetworkPolicy: the CRD wants text")
    if not port.isdecimal():
        return Port(protocol, name=port)
    return Port(protocol) if port == "0" else Port(protocol, int(port), value.get("endPort", int(port)))


def _selector(value: Mapping[str, Any]) -> Selector:
    """Read a selector; the source in front of a key, as in `k8s:app`, says nothing that is not so here."""
    read = Selector.read(value)
    return Selector(tuple((key.removeprefix("k8s:").removeprefix("any:"), *rest) for key, *rest in read.requirements))
