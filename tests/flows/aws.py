"""The VPC CNI: its controller turns peers into addresses, its agent asks the longest prefix before Services are translated.

What is known of the controller (pkg/resolvers/endpoints.go) and of the agent 1.5.0 (pkg/fwruleprocessor): a rule without
peers is all of the family; names of ports are those of the pods that a policy selects on ingress (since #92), of the peer
on egress, and of nobody behind a block there; a podSelector adds the address of each Service whose own selector it
matches, at the Service's port; an exception is a refusal that outweighs every shorter prefix of any policy.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TYPE_CHECKING

from tests.flows.policies import EGRESS, Block, Port

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tests.flows.parties import Flow, Party, Service, World
    from tests.flows.policies import Direction, NetworkPolicy, Pods, Rule


ANYONE = (Block("0.0.0.0/0"), Block("::/0"))
Network = IPv4Network | IPv6Network


@dataclass(slots=True)
class Entry:
    """A line of the agent's list: ports are of numbers, none of them means all; `Port("ANY")` stands for that."""

    net: Network
    ports: list[Port]
    excepted: list[Network] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class AwsView:
    world: World

    def allows(self, policies: Sequence[NetworkPolicy], flow: Flow, direction: Direction) -> bool:
        """Look a connection up in what all policies of the pod make together."""
        address, port = flow.source.address, flow.port
        if direction == EGRESS:
            address = flow.to.address
            if flow.service:
                address, port = flow.service.address, _service_port(flow.service, flow)
        entries = [each for policy in policies for each in self._entries(policy, direction)]
        return any(each.covers(flow.protocol, port, on=None) for each in look_up(entries, address))

    def _entries(self, policy: NetworkPolicy, direction: Direction) -> Iterator[Entry]:
        for rule in policy.rules(direction):
            for peer in ANYONE if rule.peers is None else rule.peers:
                if isinstance(peer, Block):
                    yield from _block(peer, rule, self._numbers_of_block(policy, rule, direction))
                else:
                    yield from self._pods(policy, peer, rule, direction)
                    if direction == EGRESS:
                        yield from self._services(policy, peer, rule)

    def _numbers_of_block(self, policy: NetworkPolicy, rule: Rule, direction: Direction) -> list[Port]:
        """Return numbers of ports; a name means something only on the pods that the policy itself selects."""
        if direction == EGRESS:
            return [each for each in rule.ports or () if each.name is None]
        return [found for pod in self._selected(policy) for found in _numbers(rule.ports, pod)]

    def _selected(self, policy: NetworkPolicy) -> list[Party]:
        here = [each for each in self.world.pods if each.namespace == policy.namespace]
        return [each for each in here if policy.selects.matches(each.labels)]

    def _pods(self, policy: NetworkPolicy, peer: Pods, rule: Rule, direction: Direction) -> Iterator[Entry]:
        selected = self._selected(policy)
        for pod in self.world.pods:
            if self._here(policy, peer, pod.namespace) and (peer.pods is None or peer.pods.matches(pod.labels)):
                named_by = [pod] if direction == EGRESS else selected
                ports = [found for each in named_by for found in _numbers(rule.ports, each)]
                if rule.ports is None or ports:
                    yield Entry(ip_network(pod.address), ports)

    def _services(self, policy: NetworkPolicy, peer: Pods, rule: Rule) -> Iterator[Entry]:
        for service in self.world.services:
            chosen = self._here(policy, peer, service.namespace) and (
                peer.pods is None or peer.pods.matches(service.selector)
            )
            if not chosen or service.address == "None":
                continue
            ports = [found for port in rule.ports or () if (found := self._listens(service, port))]
            if rule.ports is None or ports:
                yield Entry(ip_network(service.address), ports)

    def _listens(self, service: Service, port: Port) -> Port | None:
        """Find the Service's own port for a port of a rule: by target, else by what pods call it."""
        if port.first is None and port.name is None:
            return port
        wanted = port.name if port.name is not None else port.first
        for each in service.ports:
            if each.protocol == port.protocol and each.target == wanted:
                return Port(port.protocol, each.port, each.port)
        for pod in self.world.pods:
            if pod.namespace == service.namespace and service.selector.items() <= pod.labels.items():
                number, name = _container_port(pod, port)
                for each in service.ports:
                    if each.protocol == port.protocol and number is not None and each.target in (number, name):
                        return Port(port.protocol, each.port, each.port)
        return None

    def _here(self, policy: NetworkPolicy, peer: Pods, namespace: str) -> bool:
        if peer.namespaces is None:
            return namespace == policy.namespace
        return peer.namespaces.matches(self.world.labels_of(namespace))


def _block(block: Block, rule: Rule, ports: list[Port]) -> Iterator[Entry]:
    net = ip_network(block.cidr)
    if rule.ports is None or ports:
        yield Entry(net, ports, [ip_network(each) for each in block.excepted])


def _numbers(ports: Iterable[Port] | None, pod: Party) -> list[Port]:
    found = []
    for each in ports or ():
        if each.name is None:
            found.append(each)
        elif (named := pod.ports.get(each.name)) and named[0] == each.protocol:
            found.append(Port(each.protocol, named[1], named[1]))
    return found


def _container_port(pod: Party, port: Port) -> tuple[int | None, str | None]:
    for name, (protocol, number) in pod.ports.items():
        if protocol == port.protocol and (name == port.name or number == port.first):
            return number, name
    return None, None


def _service_port(service: Service, flow: Flow) -> int:
    for each in service.ports:
        named = flow.to.ports.get(str(each.target))
        if each.protocol == flow.protocol and flow.port in (each.target, named[1] if named else None):
            return each.port
    raise LookupError(f"{service.name} has no port for {flow.port}")


def look_up(entries: Iterable[Entry], address: str) -> list[Port]:
    """Return the ports that the agent's map has for an address: those of the longest prefix alone, of its own family."""
    ip = ip_address(address)
    table: dict[Network, Entry] = {}
    excepted: set[Network] = set()
    own = [each for each in entries if each.net.version == ip.version]
    for new in sorted(own, key=lambda each: each.net.prefixlen):
        excepted.update(new.excepted)
        ports = new.ports or [Port("ANY")]
        if known := table.get(new.net):
            table[new.net] = Entry(new.net, ports + known.ports, new.excepted + known.excepted)
            continue
        table[new.net] = Entry(new.net, ports + _handed_down(table.values(), new.net), list(new.excepted))
    for each in excepted:
        table.setdefault(each, Entry(each, []))
    found = [each for each in table.values() if ip in each.net]
    return max(found, key=lambda each: each.net.prefixlen).ports if found else []


def _handed_down(wider: Iterable[Entry], net: Network) -> list[Port]:
    """Return the ports of the wider blocks that hold this one; an exception of a block takes what is in it out."""
    first = net.network_address
    holding = [each for each in wider if each.net.prefixlen < each.net.max_prefixlen and first in each.net]
    return [port for each in holding if not any(first in block for block in each.excepted) for port in each.ports]
