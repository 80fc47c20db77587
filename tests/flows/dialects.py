"""How implementations read the same policies: kubernetes, ovn, cilium, aws. Facts: clusters.md section 1.

A connection is allowed if the source may send it and the destination may take it. What a node sends to its own pods is
always let in (probes); what pods send to their node is policed, though Kubernetes lets implementations allow it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.flows import cilium
from tests.flows.aws import AwsView
from tests.flows.cilium_policies import CiliumNetworkPolicy, CiliumRule
from tests.flows.parties import HOST_NETWORK, Kind
from tests.flows.policies import EGRESS, INGRESS, Block, NetworkPolicy, Pods, Selector, covered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tests.flows.parties import Flow, Party, World
    from tests.flows.policies import Direction, Peer, Rule

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


def _passes(judge: Judge, policy: Policy, rule: Rule | CiliumRule, flow: Flow, direction: Direction) -> bool:
    peer = flow.to if direction == EGRESS else flow.source
    if judge.dialect == "cilium":
        return cilium.passes(judge.world, policy, rule, peer, flow)
    if isinstance(rule, CiliumRule) or not covered(rule.ports, flow):
        return False  # nothing but Cilium reads its objects
    host = judge.dialect == "ovn" and direction == INGRESS and peer.kind is Kind.NODE
    return rule.peers is None or any(
        _host_network(each) if host else _is(each, peer, policy.namespace, judge.world) for each in rule.peers
    )


def _is(each: Peer, party: Party, home: str, world: World) -> bool:
    return each.holds(party.address) if isinstance(each, Block) else each.mean(party, home=home, world=world)


def _host_network(each: Peer) -> bool:
    """Say whether OVN-Kubernetes takes what comes from nodes for one of these: it counts as a namespace without pods."""
    whole = isinstance(each, Pods) and each.pods in (None, Selector(()))
    return whole and each.namespaces is not None and each.namespaces.matches(HOST_NETWORK)


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
