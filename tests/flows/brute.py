"""The kubernetes dialect once more, by counting out: sets of (who, protocol, port) of whole documents, no rule is ever asked.

Made to share nothing with `dialects`: it reads the documents itself, selects by intersecting sets and knows addresses as
numbers. Where both agree on everything that a small world can do, both are right or both have misread Kubernetes alike.
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING, Any

from tests.flows.parties import Kind
from tests.flows.random_policies import NUMBERS, PROTOCOLS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.flows.parties import Flow, Party, World

Told = tuple[int, str, int]


def number(address: str) -> int:
    """Return an address of IPv4 as a number."""
    total = 0
    for part in address.split("."):
        total = total * 256 + int(part)
    return total


class Counted:
    """All connections that documents let pass, made once; pods and other ends are known by their place in `ends`."""

    def __init__(self, world: World, ends: Sequence[Party], documents: Sequence[dict[str, Any]]) -> None:
        self.world, self.ends = world, list(ends)
        self.pods = {at for at, each in enumerate(ends) if each.kind is Kind.POD}
        self.isolated: dict[str, set[int]] = {"Ingress": set(), "Egress": set()}
        self.open: dict[str, dict[int, set[Told]]] = {side: {at: set() for at in self.pods} for side in self.isolated}
        for document in documents:
            self._add(document)

    def passes(self, flow: Flow) -> bool:
        """Look a connection up."""
        one, other = self.ends.index(flow.source), self.ends.index(flow.to)
        told = (flow.protocol, flow.port)
        out = one not in self.isolated["Egress"] or (other, *told) in self.open["Egress"][one]
        free = other not in self.isolated["Ingress"] or flow.source.kind is Kind.HOST
        return out and (free or (one, *told) in self.open["Ingress"][other])

    def _add(self, document: dict[str, Any]) -> None:
        spec, home = document["spec"], document["metadata"]["namespace"]
        chosen = self._chosen(spec["podSelector"], {at: self.ends[at].labels for at in self._living_in({home})})
        sides = spec.get("policyTypes") or (["Ingress", "Egress"] if spec.get("egress") else ["Ingress"])
        for side, key, end in (("Ingress", "ingress", "from"), ("Egress", "egress", "to")):
            if side in sides:
                self.isolated[side] |= chosen
                for rule in spec.get(key, []):
                    whom = self._whom(rule.get(end), home)
                    for pod in chosen:
                        self.open[side][pod] |= self._told(pod, whom, rule.get("ports"), incoming=side == "Ingress")

    def _living_in(self, namespaces: set[str]) -> set[int]:
        return {at for at in self.pods if self.ends[at].namespace in namespaces}

    def _chosen(self, selector: dict[str, Any], labelled: dict[Any, Any]) -> set[Any]:
        left = set(labelled)
        for key, value in selector.get("matchLabels", {}).items():
            left &= {each for each, labels in labelled.items() if (key, value) in set(labels.items())}
        for wanted in selector.get("matchExpressions", []):
            having = {each for each, labels in labelled.items() if wanted["key"] in labels}
            among = {each for each in having if labelled[each][wanted["key"]] in wanted.get("values", [])}
            left &= {
                "In": among,
                "NotIn": set(labelled) - among,
                "Exists": having,
                "DoesNotExist": set(labelled) - having,
            }[wanted["operator"]]
        return left

    def _whom(self, peers: list[dict[str, Any]] | None, home: str) -> set[int]:
        if not peers:
            return set(range(len(self.ends)))
        found: set[int] = set()
        for each in peers:
            if "ipBlock" in each:
                inside = self._inside(each["ipBlock"]["cidr"])
                found |= inside.difference(*(self._inside(cidr) for cidr in each["ipBlock"].get("except", [])))
                continue
            homes = {home}
            if "namespaceSelector" in each:
                named = {
                    name: {**labels, "kubernetes.io/metadata.name": name}
                    for name, labels in self.world.namespaces.items()
                }
                homes = self._chosen(each["namespaceSelector"], named)
            living = {at: self.ends[at].labels for at in self._living_in(homes)}
            found |= self._chosen(each.get("podSelector", {}), living)
        return found

    def _inside(self, cidr: str) -> set[int]:
        address, _, length = cidr.partition("/")
        step = 1 << (32 - int(length))
        return {at for at, each in enumerate(self.ends) if number(each.address) // step == number(address) // step}

    def _told(self, pod: int, whom: set[int], ports: list[dict[str, Any]] | None, *, incoming: bool) -> set[Told]:
        told: set[Told] = set()
        for other in whom:
            named = self.ends[pod if incoming else other].ports
            for protocol, given in product(PROTOCOLS, NUMBERS):
                if not ports or any(_means(each, protocol, given, named) for each in ports):
                    told.add((other, protocol, given))
        return told


def _means(port: dict[str, Any], protocol: str, given: int, named: Any) -> bool:
    if port.get("protocol", "TCP") != protocol:
        return False
    wanted = port.get("port", range(65536))
    if isinstance(wanted, str):
        return (protocol, given) == named.get(wanted)
    return given in (range(wanted, port.get("endPort", wanted) + 1) if isinstance(wanted, int) else wanted)
