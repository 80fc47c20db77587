"""How implementations read the same policies: kubernetes, ovn, cilium, aws. Facts: clusters.md section 1.

A connection is allowed if the source may send it and the destination may take it. What a node sends to its own pods is
always let in (probes); what pods send to their node is policed, though Kubernetes lets implementations allow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from tests.flows.aws import AwsView
from tests.flows.cilium import cilium_rule_matches
from tests.flows.cilium_policies import CiliumNetworkPolicy
from tests.flows.parties import HOST_NETWORK, Flow, Kind, Party, World
from tests.flows.policies import EGRESS, INGRESS, Block, Direction, NetworkPolicy, Pods, Rule, Selector

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Policy = NetworkPolicy | CiliumNetworkPolicy


@dataclass(frozen=True, slots=True)
class Side:
    """What one direction says: `looked_at` are the policies that isolate the pod, `by` those that let the connection pass."""

    allowed: bool
    looked_at: tuple[str, ...] = ()
    by: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    egress: Side
    ingress: Side

    @property
    def allowed(self) -> bool:
        return self.egress.allowed and self.ingress.allowed

    def __str__(self) -> str:
        return f"out {_told(self.egress)}; in {_told(self.ingress)}"


def _told(side: Side) -> str:
    if side.allowed:
        return f"allowed by {', '.join(side.by)}" if side.by else "not policed"
    return f"refused by {', '.join(side.looked_at)}"


@dataclass(frozen=True, slots=True)
class Judge:
    """The policies of a cluster in one dialect."""

    dialect: str
    world: World
    policies: Sequence[Policy]

    def verdict(self, flow: Flow) -> Verdict:
        """Say whether a connection passes, and which policies were looked at."""
        free = flow.to.kind is Kind.POD and flow.source.kind is Kind.HOST
        return Verdict(
            self._side(flow, EGRESS) if flow.source.kind is Kind.POD else Side(allowed=True),
            self._side(flow, INGRESS) if flow.to.kind is Kind.POD and not free else Side(allowed=True),
        )

    def _side(self, flow: Flow, direction: Direction) -> Side:
        pod = flow.source if direction == EGRESS else flow.to
        isolating = [each for each in self.policies if each.applies(pod, direction)]
        if not isolating:
            return Side(allowed=True)
        by = DIALECTS[self.dialect](self, flow, direction, isolating)
        return Side(bool(by), tuple(map(str, isolating)), tuple(map(str, by)))


def _one_by_one(judge: Judge, flow: Flow, direction: Direction, isolating: Sequence[Policy]) -> list[Policy]:
    """Return the policies that have a rule for the connection: where one allows it, no other one can refuse it."""
    return [
        each for each in isolating if any(_passes(judge, each, rule, flow, direction) for rule in each.rules(direction))
    ]


def _passes(judge: Judge, policy: Policy, rule: object, flow: Flow, direction: Direction) -> bool:
    peer = flow.to if direction == EGRESS else flow.source
    if judge.dialect == "cilium":
        return cilium_rule_matches(judge.world, policy, rule, peer, flow)
    if not isinstance(policy, NetworkPolicy) or not isinstance(rule, Rule):
        return False  # nothing there reads objects of Cilium
    ports = rule.ports is None or any(_covers(port, flow) for port in rule.ports)
    host = judge.dialect == "ovn" and direction == INGRESS and peer.kind is Kind.NODE
    return ports and (
        rule.peers is None or any(_is_one_of(judge.world, policy, each, peer, host) for each in rule.peers)
    )


def _covers(port: object, flow: Flow) -> bool:
    on = flow.to if flow.to.kind is Kind.POD else None
    return port.covers(flow.protocol, flow.port, on=on)  # type: ignore[attr-defined,no-any-return]


def _is_one_of(world: World, policy: NetworkPolicy, peer: object, party: Party, host: bool) -> bool:
    """Say whether a peer of a rule means the party; `host`: its traffic counts as that of the namespace of host networks."""
    if isinstance(peer, Block):
        return not host and in_block(party.address, peer)
    assert isinstance(peer, Pods)
    if host:
        alone = peer.pods is None or peer.pods == Selector(())
        return alone and peer.namespaces is not None and peer.namespaces.matches(HOST_NETWORK)
    if party.kind is not Kind.POD:
        return False
    if peer.namespaces is None:
        here = party.namespace == policy.namespace
    else:
        here = peer.namespaces.matches(world.labels_of(party.namespace))
    return here and (peer.pods is None or peer.pods.matches(party.labels))


def in_block(address: str, block: Block) -> bool:
    """Say whether an address is in a block and in none of its exceptions."""
    ip = ip_address(address)
    return ip in ip_network(block.cidr) and not any(ip in ip_network(each) for each in block.excepted)


def _all_at_once(judge: Judge, flow: Flow, direction: Direction, isolating: Sequence[Policy]) -> list[Policy]:
    """Ask the longest prefix that all policies of the pod together have; no single policy decides, so all are named."""
    read = [each for each in isolating if isinstance(each, NetworkPolicy)]
    return list(read) if AwsView(judge.world).allows(read, flow, direction) else []


DIALECTS: dict[str, Callable[[Judge, Flow, Direction, Sequence[Policy]], list[Policy]]] = {
    "kubernetes": _one_by_one,
    "ovn": _one_by_one,
    "cilium": _one_by_one,
    "aws": _all_at_once,
}
