"""NetworkPolicies as values. What an evaluator does not know it must not pass over, so that it is refused here."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from tests.flows.parties import Kind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from tests.flows.parties import Flow, Party, World

Direction = str
INGRESS, EGRESS = "Ingress", "Egress"


class NotUnderstoodError(Exception):
    """A field of a policy that no dialect here has a meaning for."""


def only(value: Mapping[str, Any], known: Iterable[str], *, of: str) -> None:
    """Refuse keys that are not known."""
    if strange := set(value) - set(known):
        raise NotUnderstoodError(f"{of}: {sorted(strange)}")


@dataclass(frozen=True, slots=True)
class Selector:
    """A label selector; every requirement is (key, operator, values)."""

    requirements: tuple[tuple[str, str, tuple[str, ...]], ...]

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Selector:
        only(value, ("matchLabels", "matchExpressions"), of="selector")
        found = [(key, "In", (text,)) for key, text in (value.get("matchLabels") or {}).items()]
        more = (
            (each["key"], each["operator"], tuple(each.get("values") or ()))
            for each in value.get("matchExpressions") or ()
        )
        return cls((*found, *more))

    def matches(self, labels: Mapping[str, str]) -> bool:
        return all(_holds(labels, *each) for each in self.requirements)


def _holds(labels: Mapping[str, str], key: str, operator: str, values: tuple[str, ...]) -> bool:
    match operator:
        case "In":
            return key in labels and labels[key] in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
    raise NotUnderstoodError(f"operator {operator}")


@dataclass(frozen=True, slots=True)
class Port:
    """Ports of a rule: `first` to `last`, or a name that the destination gives to one, or all where both are None."""

    protocol: str
    first: int | None = None
    last: int | None = None
    name: str | None = None

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> Port:
        only(value, ("protocol", "port", "endPort"), of="port")
        protocol, port = value.get("protocol", "TCP"), value.get("port")
        if isinstance(port, str):
            if "endPort" in value:
                raise NotUnderstoodError("endPort with a named port")
            return cls(protocol, name=port)
        return cls(protocol, port, value.get("endPort", port))

    def covers(self, protocol: str, number: int, *, on: Party | None) -> bool:
        """Say whether a connection is to this port; `on` is the pod whose names count."""
        if self.protocol not in (protocol, "ANY"):
            return False
        if self.name is not None:
            return on is not None and on.ports.get(self.name) == (protocol, number)
        return self.first is None or self.first <= number <= (self.last or self.first)


def covered(ports: Iterable[Port] | None, flow: Flow) -> bool:
    """Say whether a connection is to one of these ports; names count where the destination is a pod."""
    on = flow.to if flow.to.kind is Kind.POD else None
    return ports is None or any(each.covers(flow.protocol, flow.port, on=on) for each in ports)


@dataclass(frozen=True, slots=True)
class Block:
    cidr: str
    excepted: tuple[str, ...] = ()

    def holds(self, address: str) -> bool:
        ip = ip_address(address)
        return ip in ip_network(self.cidr) and not any(ip in ip_network(each) for each in self.excepted)


@dataclass(frozen=True, slots=True)
class Pods:
    """Pods of namespaces that `namespaces` selects, or of the policy's own where it is None."""

    pods: Selector | None
    namespaces: Selector | None

    def mean(self, party: Party, *, home: str, world: World) -> bool:
        """Say whether a party is one of these pods, `home` being the namespace of the policy."""
        if party.kind is not Kind.POD:
            return False
        if self.namespaces is None:
            here = party.namespace == home
        else:
            here = self.namespaces.matches(world.labels_of(party.namespace))
        return here and (self.pods is None or self.pods.matches(party.labels))


Peer = Block | Pods


def read_peer(value: Mapping[str, Any]) -> Peer:
    """Read an element of `from` or `to`."""
    only(value, ("ipBlock", "podSelector", "namespaceSelector"), of="peer")
    if "ipBlock" in value:
        block = value["ipBlock"]
        only(block, ("cidr", "except"), of="ipBlock")
        if len(value) > 1:
            raise NotUnderstoodError("ipBlock beside a selector, which the API server refuses")
        return Block(block["cidr"], tuple(block.get("except") or ()))
    if not value:
        raise NotUnderstoodError("an empty peer, which the API server refuses")
    read = {key: Selector.read(each) for key, each in value.items()}
    return Pods(read.get("podSelector"), read.get("namespaceSelector"))


@dataclass(frozen=True, slots=True)
class Rule:
    """No `peers` or no `ports` means all of them."""

    peers: tuple[Peer, ...] | None
    ports: tuple[Port, ...] | None


@dataclass(frozen=True, slots=True)
class NetworkPolicy:
    name: str
    namespace: str
    selects: Selector
    directions: frozenset[Direction]
    ingress: tuple[Rule, ...]
    egress: tuple[Rule, ...]

    @classmethod
    def read(cls, value: Mapping[str, Any]) -> NetworkPolicy:
        spec = value["spec"]
        only(spec, ("podSelector", "policyTypes", "ingress", "egress"), of="NetworkPolicy")
        ingress = tuple(_rule(each, "from") for each in spec.get("ingress") or ())
        egress = tuple(_rule(each, "to") for each in spec.get("egress") or ())
        default = [INGRESS, EGRESS] if egress else [INGRESS]
        directions = frozenset(spec.get("policyTypes") or default)
        meta = value["metadata"]
        chosen = Selector.read(spec.get("podSelector") or {})
        return cls(meta["name"], meta["namespace"], chosen, directions, ingress, egress)

    def applies(self, pod: Party, direction: Direction) -> bool:
        here = direction in self.directions and pod.namespace == self.namespace
        return here and self.selects.matches(pod.labels)

    def rules(self, direction: Direction) -> tuple[Rule, ...]:
        return self.ingress if direction == INGRESS else self.egress

    def __str__(self) -> str:
        return f"NetworkPolicy/{self.name}"


def _rule(value: Mapping[str, Any], peers: str) -> Rule:
    only(value, (peers, "ports"), of="rule")
    return Rule(
        tuple(read_peer(each) for each in value[peers]) if value.get(peers) else None,
        tuple(Port.read(each) for each in value["ports"]) if value.get("ports") else None,
    )
