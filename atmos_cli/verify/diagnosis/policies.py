"""NetworkPolicies of the namespace that keep these pods from a port."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.selectors import selects
from atmos_cli.kube.shape import at, mapping, mappings, strings, texts
from atmos_cli.verify.masking import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.diagnosis.facts import Facts


def pod_labels(facts: Facts) -> dict[str, str]:
    """Return the labels of the new pods, or of the template that they are to be made from."""
    for pod in facts.new_pods:
        return pod.labels
    return strings(facts.workload or facts.wanted, "spec", "template", "metadata", "labels")


def blocks_out(facts: Facts, port: int, *, protocol: str = "TCP") -> tuple[str, str]:
    """Return (policy, what it allows instead) when egress policies apply and none allows this port; else ("", "")."""
    policies = [p for p in _selecting(facts, pod_labels(facts)) if _type(p, "Egress")]
    if not policies or any(_open(p, "egress", port, protocol) for p in policies):
        return "", ""
    allowed = sorted({port for p in policies for port in _ports(p, "egress")})
    return plain_text(policies[0], "metadata", "name"), ", ".join(allowed[:6]) or "nothing"


def blocks_in(facts: Facts, target: dict[str, str], port: int) -> tuple[str, str]:
    """Return the same for ingress of the pods with labels `target`, as seen from our pods in the same namespace."""
    policies = [p for p in _selecting(facts, target) if _type(p, "Ingress")]
    mine = pod_labels(facts)
    if not target or not policies or any(_lets_in(p, mine, port) for p in policies):
        return "", ""
    return plain_text(policies[0], "metadata", "name"), "other pods or ports"


def _selecting(facts: Facts, carried: dict[str, str]) -> list[Resource]:
    found = [
        o for o in facts.of_kind("NetworkPolicy") if plain_text(o, "metadata", "namespace") in (facts.namespace, "")
    ]
    return [o for o in found if selects(mapping(o, "spec", "podSelector"), carried)]


def _type(policy: Resource, name: str) -> bool:
    declared = texts(policy, "spec", "policyTypes")
    return name in declared if declared else name == "Ingress" or bool(mappings(policy, "spec", "egress"))


def _open(policy: Resource, field: str, port: int, protocol: str) -> bool:
    return any(_covers(rule, port, protocol) for rule in mappings(policy, "spec", field))


def _covers(rule: Resource, port: int, protocol: str = "TCP") -> bool:
    if not at(rule, "ports"):
        return True
    for row in mappings(rule, "ports"):
        first, last = row.get("port"), row.get("endPort")
        if (plain_text(row, "protocol") or "TCP") != protocol:
            continue
        # A named port is a name of the peer's containers, which are not ours to look up.
        if first is None or isinstance(first, str) or first == port:
            return True
        if isinstance(first, int) and isinstance(last, int) and first <= port <= last:
            return True
    return False


def _lets_in(policy: Resource, mine: dict[str, str], port: int) -> bool:
    return any(
        _covers(rule, port) and _peer(mappings(rule, "from"), rule, mine)
        for rule in mappings(policy, "spec", "ingress")
    )


def _peer(peers: Iterable[Resource], rule: Resource, mine: dict[str, str]) -> bool:
    if not at(rule, "from"):
        return True
    return any(
        "namespaceSelector" in peer or "ipBlock" in peer or selects(peer.get("podSelector"), mine) for peer in peers
    )


def _ports(policy: Resource, field: str) -> set[str]:
    return {
        str(row.get("port"))
        for rule in mappings(policy, "spec", field)
        for row in mappings(rule, "ports")
        if isinstance(row.get("port"), str | int)
    }
