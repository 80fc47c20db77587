"""Health of Services, Ingresses and kinds of the Gateway API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, instant, mapping, mappings, number, text, who
from atmos_cli.verify.fields import Condition, condition_of, said
from atmos_cli.verify.health.generic import current, failed, in_progress
from atmos_cli.verify.pods import desired

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look
    from atmos_cli.verify.seen import Health

_NO_ADDRESS_IS_FINE = 60.0  # many ingress controllers never write one


def service(resource: Resource, look: Look) -> Health:
    kind = text(resource, "spec", "type") or "ClusterIP"
    if kind == "ExternalName":
        return current()
    if kind == "LoadBalancer" and not (_has_address(resource) or at(resource, "spec", "externalIPs")):
        return in_progress("no address yet", "no-address")
    selector = mapping(resource, "spec", "selector")
    slices = look.of_kind("discovery.k8s.io", "EndpointSlice")
    if not selector or not slices:
        return current()
    name, namespace = who(resource).name, who(resource).namespace
    own_slices = [s for s in slices if text(s, "metadata", "labels", "kubernetes.io/service-name") == name]
    own_slices = [s for s in own_slices if who(s).namespace == namespace]
    if any(
        at(endpoint, "conditions", "ready") is not False for s in own_slices for endpoint in mappings(s, "endpoints")
    ):
        return current()
    if _selects_nothing_on_purpose(selector, namespace, look):
        return current("what it selects is scaled to 0", "zero-replicas")
    return in_progress("selects 0 ready pods", "no-endpoints")


def _selects_nothing_on_purpose(selector: Resource, namespace: str, look: Look) -> bool:
    found = [
        workload
        for kind in ("Deployment", "StatefulSet")
        for workload in look.of_kind("apps", kind)
        if who(workload).namespace == namespace
        and _covers(selector, mapping(workload, "spec", "template", "metadata", "labels"))
    ]
    return bool(found) and all(desired(workload) == 0 for workload in found)


def _covers(selector: Resource, labels: Resource) -> bool:
    return all(labels.get(key) == value for key, value in selector.items())


def _has_address(resource: Resource) -> bool:
    return bool(mappings(resource, "status", "loadBalancer", "ingress"))


def ingress(resource: Resource, look: Look) -> Health:
    wrong = next(_missing_ports(resource, look), "")
    if wrong:
        return failed(wrong, "backend-missing")
    if _has_address(resource):
        return current()
    if look.now - instant(resource, "metadata", "creationTimestamp") >= _NO_ADDRESS_IS_FINE:
        return current("its controller has written no address", "no-address")
    return in_progress("no address yet", "no-address")


def _missing_ports(resource: Resource, look: Look) -> Iterator[str]:
    """Yield backends whose Service was seen and lacks the port; a Service that was not seen may well exist."""
    backends = [at(resource, "spec", "defaultBackend")]
    for rule in mappings(resource, "spec", "rules"):
        backends += [at(path, "backend") for path in mappings(rule, "http", "paths")]
    namespace = who(resource).namespace
    for backend in backends:
        name, port = text(backend, "service", "name"), mapping(backend, "service", "port")
        seen = next((s for s in look.of_kind("", "Service") if who(s)[2:] == (namespace, name)), None)
        if seen is None or not port:
            continue
        offered = mappings(seen, "spec", "ports")
        by_name = bool(text(port, "name")) and any(text(p, "name") == text(port, "name") for p in offered)
        if not by_name and not any(number(p, "port") == number(port, "number", default=-1) for p in offered):
            asked = text(port, "name") or number(port, "number")
            yield said(f"Service {name} has no port {asked}")


def route(resource: Resource, _look: Look) -> Health:
    """Judge an HTTPRoute, GRPCRoute or the like: every parent has to accept its present generation."""
    generation = number(resource, "metadata", "generation")
    answered = 0
    for parent in mappings(resource, "status", "parents"):
        found = [condition_of(c, generation=generation) for c in mappings(parent, "conditions")]
        if not found or any(c.stale for c in found):
            continue
        answered += 1
        bad = _refused(found)
        if bad is not None:
            gateway = said(text(parent, "parentRef", "name"))
            return failed(f"Gateway {gateway}: {bad.message or bad.reason}", "route-refused")
        if not all(any(c.type == kind and c.true for c in found) for kind in ("Accepted", "ResolvedRefs")):
            return in_progress("not yet accepted by its gateway")
    if answered < max(len(mappings(resource, "spec", "parentRefs")), 1):
        return in_progress("not yet accepted by its gateway")
    return current()


def gateway(resource: Resource, _look: Look) -> Health:
    generation = number(resource, "metadata", "generation")
    found = [condition_of(c, generation=generation) for c in mappings(resource, "status", "conditions")]
    found = [c for c in found if not c.stale]
    bad = _refused(found)
    if bad is not None:
        return failed(bad.message or bad.reason, "gateway-refused")
    waits = next((c for c in found if c.type == "Programmed" and c.false), None)
    if waits is not None:
        return in_progress(waits.message or "not programmed yet")
    accepted = any(c.type == "Accepted" and c.true for c in found)
    return current() if accepted else in_progress("not yet accepted by its controller")


def _refused(found: list[Condition]) -> Condition | None:
    refusals = (c for c in found if c.type in {"Accepted", "ResolvedRefs"} and c.false and c.reason != "Pending")
    return next(refusals, None)


_ROUTES = ("HTTPRoute", "GRPCRoute", "TLSRoute", "TCPRoute", "UDPRoute")
ROWS = {
    ("", "Service"): service,
    ("networking.k8s.io", "Ingress"): ingress,
    **{("gateway.networking.k8s.io", kind): route for kind in _ROUTES},
    ("gateway.networking.k8s.io", "Gateway"): gateway,
}
