"""Who all pods of a tenant may talk to: the servers of names, and whoever checks that a certificate may be given."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.clusters.facts import AllowedPeers

# The pods of cert-manager that answer a challenge over HTTP, and the port that they answer on.
SOLVER, SOLVER_PORT = {"acme.cert-manager.io/http01-solver": "true"}, 8089


@dataclass(frozen=True, slots=True)
class TenantNetwork:
    """`resolvers` answer names on `dns_ports`; `proxies` bring traffic, None where no certificate is asked for."""

    resolvers: AllowedPeers
    dns_ports: tuple[int, ...]
    proxies: AllowedPeers | None = None


def network_objects(network: TenantNetwork, *, where: str) -> dict[str, dict[str, Any]]:
    """Return the policies of a tenant's namespace, by file name."""
    closed = {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    found = {"default-deny.yaml": _policy("default-deny", where, closed)}
    found |= _dns(network, where)
    if network.proxies is not None:
        found |= _solver(network.proxies, where)
    return found


def _dns(network: TenantNetwork, where: str) -> dict[str, dict[str, Any]]:
    """Let all pods ask for names. A rule without `to` is right wherever the answer comes from."""
    name, allowed = "allow-dns", network.resolvers
    ports = [{"protocol": protocol, "port": port} for port in network.dns_ports for protocol in ("UDP", "TCP")]
    found: dict[str, dict[str, Any]] = {}
    if allowed.peers or allowed.anyone:
        rule = {"ports": ports, **({} if allowed.anyone else {"to": list(allowed.peers)})}
        spec = {"podSelector": {}, "policyTypes": ["Egress"], "egress": [rule]}
        found[f"{name}.yaml"] = _policy(name, where, spec)
    if allowed.entities:
        egress = {"toEntities": list(allowed.entities), "toPorts": [{"ports": _as_text(ports)}]}
        found[f"{name}-cilium.yaml"] = _cilium(name, where, {"endpointSelector": {}, "egress": [egress]})
    return found


def _solver(proxies: AllowedPeers, where: str) -> dict[str, dict[str, Any]]:
    """Let the proxies reach the pods that answer a challenge; without one, the policies select nothing."""
    name, found = "allow-acme-solver", {}
    ports = [{"protocol": "TCP", "port": SOLVER_PORT}]
    selected = {"matchLabels": dict(SOLVER)}
    if proxies.peers or proxies.anyone:
        rule = {"ports": ports, **({} if proxies.anyone else {"from": list(proxies.peers)})}
        spec = {"podSelector": selected, "policyTypes": ["Ingress"], "ingress": [rule]}
        found[f"{name}.yaml"] = _policy(name, where, spec)
    if proxies.entities:
        ingress = {"fromEntities": list(proxies.entities), "toPorts": [{"ports": _as_text(ports)}]}
        found[f"{name}-cilium.yaml"] = _cilium(name, where, {"endpointSelector": selected, "ingress": [ingress]})
    return found


def _as_text(ports: Iterable[dict[str, Any]]) -> list[dict[str, str]]:
    return [{"port": str(each["port"]), "protocol": each["protocol"]} for each in ports]


def _policy(name: str, where: str, spec: dict[str, Any]) -> dict[str, Any]:
    return _object("networking.k8s.io/v1", "NetworkPolicy", name, where, spec)


def _cilium(name: str, where: str, spec: dict[str, Any]) -> dict[str, Any]:
    return _object("cilium.io/v2", "CiliumNetworkPolicy", name, where, spec)


def _object(api: str, kind: str, name: str, where: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, "namespace": where}, "spec": spec}
