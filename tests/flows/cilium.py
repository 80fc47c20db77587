"""Whom a rule means to Cilium 1.20: identities first. No CIDR is a pod, a node or a proxy; no selector is anything but a pod."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from tests.flows.cilium_policies import NAMESPACE, CiliumNetworkPolicy, CiliumRule, endpoint_labels
from tests.flows.parties import Kind
from tests.flows.policies import Block, NetworkPolicy, NotUnderstood, Rule, Selector

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tests.flows.parties import Flow, Party, World
    from tests.flows.policies import Port

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


def cilium_rule_matches(world: World, policy: object, rule: object, peer: Party, flow: Flow) -> bool:
    """Say whether a rule of either kind of policy lets a connection with `peer` pass."""
    if isinstance(rule, CiliumRule) and isinstance(policy, CiliumNetworkPolicy):
        return _covered(rule.ports, flow) and _named(rule, policy, peer, world)
    assert isinstance(rule, Rule)
    assert isinstance(policy, NetworkPolicy)
    return _covered(rule.ports, flow) and (
        rule.peers is None or any(_means(each, policy, peer, world) for each in rule.peers)
    )


def _covered(ports: Iterable[Port] | None, flow: Flow) -> bool:
    on = flow.to if flow.to.kind is Kind.POD else None
    return ports is None or any(each.covers(flow.protocol, flow.port, on=on) for each in ports)


def _means(each: object, policy: NetworkPolicy, peer: Party, world: World) -> bool:
    if isinstance(each, Block):
        return _outside(each, peer)
    if peer.kind is not Kind.POD:
        return False
    if each.namespaces is None:  # type: ignore[attr-defined]
        here = peer.namespace == policy.namespace
    else:
        here = each.namespaces.matches(world.labels_of(peer.namespace))  # type: ignore[attr-defined]
    return here and (each.pods is None or each.pods.matches(peer.labels))  # type: ignore[attr-defined]


def _outside(block: Block, peer: Party) -> bool:
    if peer.kind is not Kind.OUTSIDE:
        return False
    ip = ip_address(peer.address)
    return ip in ip_network(block.cidr) and not any(ip in ip_network(each) for each in block.excepted)


def _named(rule: CiliumRule, policy: CiliumNetworkPolicy, peer: Party, world: World) -> bool:
    if strange := rule.entities - _ENTITIES:
        raise NotUnderstood(f"entities {sorted(strange)}")
    return (
        rule.anyone
        or bool(rule.entities & entities(peer))
        or any(_outside(each, peer) for each in rule.blocks)
        or any(_endpoint(each, policy, peer) for each in rule.endpoints)
    )


def _endpoint(selector: Selector, policy: CiliumNetworkPolicy, peer: Party) -> bool:
    """Say whether a selector means a pod: of the policy's own namespace unless it speaks of namespaces itself."""
    if peer.kind is not Kind.POD:
        return False
    spoken = any(key.startswith(NAMESPACE) for key, *_ in selector.requirements)
    return (spoken or peer.namespace == policy.namespace) and selector.matches(endpoint_labels(peer))
