"""Whom a rule means to Cilium 1.20: identities first. No CIDR is a pod, a node or a proxy; no selector is anything but a pod."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING

from tests.flows.cilium_policies import NAMESPACE, CiliumRule, endpoint_labels
from tests.flows.parties import Kind
from tests.flows.policies import Block, NotUnderstoodError, covered

if TYPE_CHECKING:
    from tests.flows.cilium_policies import CiliumNetworkPolicy
    from tests.flows.parties import Flow, Party, World
    from tests.flows.policies import NetworkPolicy, Rule, Selector

_OF = {
    Kind.POD: {"cluster"},
    Kind.HOST: {"host", "cluster"},
    Kind.NODE: {"remote-node", "cluster"},
    Kind.INGRESS: {"ingress", "cluster"},
    Kind.OUTSIDE: {"world"},
}
_ENTITIES = {"all", "cluster", "host", "remote-node", "ingress", "kube-apiserver", "world", "world-ipv4", "world-ipv6"}


def entities(party: Party) -> set[str]:
    """Return the entities that a party is."""
    found = {"all", *_OF[party.kind]}
    if party.kind is Kind.OUTSIDE:
        found.add(f"world-ipv{ip_address(party.address).version}")
    return found | {"kube-apiserver"} if party.api_server else found


def passes(
    world: World, policy: NetworkPolicy | CiliumNetworkPolicy, rule: Rule | CiliumRule, peer: Party, flow: Flow
) -> bool:
    """Say whether a rule of either kind of policy lets a connection with `peer` pass."""
    if not covered(rule.ports, flow):
        return False
    if isinstance(rule, CiliumRule):
        return _named(rule, policy.namespace, peer)
    return rule.peers is None or any(
        _outside(each, peer) if isinstance(each, Block) else each.mean(peer, home=policy.namespace, world=world)
        for each in rule.peers
    )


def _outside(block: Block, peer: Party) -> bool:
    return peer.kind is Kind.OUTSIDE and block.holds(peer.address)


def _named(rule: CiliumRule, home: str, peer: Party) -> bool:
    if strange := rule.entities - _ENTITIES:
        raise NotUnderstoodError(f"entities {sorted(strange)}")
    return (
        rule.anyone
        or bool(rule.entities & entities(peer))
        or any(_outside(each, peer) for each in rule.blocks)
        or any(_endpoint(each, home, peer) for each in rule.endpoints)
    )


def _endpoint(selector: Selector, home: str, peer: Party) -> bool:
    """Say whether a selector means a pod: of the policy's own namespace unless it speaks of namespaces itself."""
    if peer.kind is not Kind.POD:
        return False
    spoken = any(key.startswith(NAMESPACE) for key, *_ in selector.requirements)
    return (spoken or peer.namespace == home) and selector.matches(endpoint_labels(peer))
