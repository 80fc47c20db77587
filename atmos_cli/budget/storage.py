"""What claims for volumes and Services ask for, as quota counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.budget.dimensions import storage_dimension
from atmos_cli.kube.quantity import ZERO, Quantity, parse
from atmos_cli.kube.shape import at, mapping, mappings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from atmos_cli.budget.declared import Terms
    from atmos_cli.kube.resource import Resource

OLD_CLASS = "volume.beta.kubernetes.io/storage-class"
ONE = parse("1")


def claimed(claims: Iterable[Resource], terms: Terms) -> tuple[dict[str, Quantity], str]:
    """Return what volume claims ask for, overall and by class, in whole bytes; and why that is not all."""
    found: dict[str, Quantity] = {}
    problem = ""
    for each in claims:
        spec = mapping(each, "spec")
        size = parse(at(spec, "resources", "requests", "storage") or 0).to_whole()
        names = ["requests.storage"]
        storage_class = _class(each, spec, terms.default_class)
        if storage_class:
            names.append(storage_dimension(storage_class))
        elif storage_class is None and terms.by_class:
            problem = "it takes the default StorageClass, which is not declared (`assume.storageClass`)"
        for name in names:
            found[name] = found.get(name, ZERO) + size
        found["persistentvolumeclaims"] = found.get("persistentvolumeclaims", ZERO) + ONE
    return found, problem


def _class(claim: Resource, spec: Mapping[str, Any], default: str) -> str | None:
    """Return the StorageClass; empty for "none on purpose", None for an undeclared default."""
    named = spec.get("storageClassName")
    if named is None:
        named = mapping(claim, "metadata", "annotations").get(OLD_CLASS)
    if isinstance(named, str):
        return named
    return default or None


def ephemeral(spec: Mapping[str, Any]) -> list[Resource]:
    """Return the claims that come and go with each pod."""
    found = (mapping(volume, "ephemeral") for volume in mappings(spec, "volumes"))
    return [mapping(source, "volumeClaimTemplate") for source in found if source.get("volumeClaimTemplate")]


def service_ports(spec: Mapping[str, Any]) -> dict[str, Quantity]:
    """Return load balancers and node ports; a load balancer takes a node port per port unless it opts out."""
    ports = mappings(spec, "ports")
    kind = spec.get("type", "ClusterIP")
    found: dict[str, Quantity] = {}
    taken = 0
    if kind == "LoadBalancer":
        found["services.loadbalancers"] = ONE
        allocates = spec.get("allocateLoadBalancerNodePorts") is not False
        taken = len(ports) if allocates else sum(bool(port.get("nodePort")) for port in ports)
    elif kind == "NodePort":
        taken = len(ports)
    if taken:
        found["services.nodeports"] = ONE * taken
    return found
