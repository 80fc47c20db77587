"""Ports and backends lead somewhere: Service ports, Ingress and Gateway routes, named probe ports."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code
from atmos_cli.kube.selectors import SET_BY_CONTROLLERS, has_all
from atmos_cli.kube.shape import Path, at, items, mapping, strings, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.checks.subject import Finding, PlacedObject, PodTemplate, SubjectFacts

ROUTES = ("HTTPRoute", "GRPCRoute", "TCPRoute", "TLSRoute", "UDPRoute")


@check(
    "routes",
    Code.REFERENCE_MISSING,
    summary="named ports exist, and every route leads to a Service and a port that exist",
)
def routes(facts: SubjectFacts) -> Iterator[Finding]:
    for item in facts.of("", "Service"):
        yield from _target_ports(item, facts)
    for item in facts.of("networking.k8s.io", "Ingress"):
        for path, backend in _ingress_backends(item):
            yield from _ingress(item, path, backend, facts)
    for item in facts.of("gateway.networking.k8s.io", *ROUTES):
        for path, backend in _route_backends(item):
            yield from _route(item, path, backend, facts)
    for pod in facts.pods:
        yield from _probes(pod)


def _target_ports(item: PlacedObject, facts: SubjectFacts) -> Iterator[Finding]:
    selector = strings(item.resource, "spec", "selector")
    pods = [pod for pod in facts.pods if selector and has_all(selector, pod.labels, open_keys=SET_BY_CONTROLLERS)]
    names = {text(port, "name") for pod in pods for _, c in pod.containers() for _, port in items(c, "ports")}
    for index, port in items(item.resource, "spec", "ports"):
        target = text(port, "targetPort")
        if pods and target and target not in names:
            message = f'Service "{item.id.name}" points at the port "{target}", which no selected container has'
            path = ("spec", "ports", index, "targetPort")
            yield item.finding(Code.REFERENCE_MISSING, path, message, hint=_ports(names))


def _ingress_backends(item: PlacedObject) -> Iterator[tuple[Path, dict[str, Any]]]:
    default = mapping(item.resource, "spec", "defaultBackend")
    if default:
        yield ("spec", "defaultBackend"), default
    for rule_index, rule in items(item.resource, "spec", "rules"):
        for index, one in items(rule, "http", "paths"):
            yield ("spec", "rules", rule_index, "http", "paths", index, "backend"), mapping(one, "backend")


def _ingress(item: PlacedObject, path: Path, backend: dict[str, Any], facts: SubjectFacts) -> Iterator[Finding]:
    name, port = text(backend, "service", "name"), mapping(backend, "service", "port")
    if not name:
        return
    service = facts.named("", "Service", name)
    if service is None:
        if name not in _of_flagger(facts):
            yield _no_service(item, (*path, "service", "name"), name, facts)
        return
    field = "name" if text(port, "name") else "number"
    if port.get(field) and port[field] not in _service_ports(service, field.replace("number", "port")):
        where = (*path, "service", "port", field)
        yield _no_port(item, where, port[field], service)


def _route_backends(item: PlacedObject) -> Iterator[tuple[Path, dict[str, Any]]]:
    for rule_index, rule in items(item.resource, "spec", "rules"):
        for index, backend in items(rule, "backendRefs"):
            yield ("spec", "rules", rule_index, "backendRefs", index), backend


def _route(item: PlacedObject, path: Path, backend: dict[str, Any], facts: SubjectFacts) -> Iterator[Finding]:
    name, namespace = text(backend, "name"), text(backend, "namespace")
    if text(backend, "group") or backend.get("kind", "Service") != "Service" or not name:
        return
    if namespace and namespace != facts.subject.namespace:
        return
    service = facts.named("", "Service", name)
    if service is None:
        if name not in _of_flagger(facts):
            yield _no_service(item, (*path, "name"), name, facts)
    elif backend.get("port") is not None and backend["port"] not in _service_ports(service, "port"):
        yield _no_port(item, (*path, "port"), backend["port"], service)


def _of_flagger(facts: SubjectFacts) -> frozenset[str]:
    """Return the Services that Flagger makes for the Canaries here."""
    canaries = [item.resource for item in facts.of("flagger.app", "Canary")]
    names = [
        text(canary, "spec", "service", "name") or text(canary, "spec", "targetRef", "name") for canary in canaries
    ]
    return frozenset(f"{name}{suffix}" for name in names if name for suffix in ("", "-primary", "-canary"))


def _service_ports(service: PlacedObject, field: str) -> list[Any]:
    return [port.get(field) for _, port in items(service.resource, "spec", "ports")]


def _no_service(item: PlacedObject, path: Path, name: str, facts: SubjectFacts) -> Finding:
    known = sorted(service.id.name for service in facts.of("", "Service"))
    hint = f"Services here: {', '.join(known) or 'none'}"
    message = (
        f'{item.id.kind} "{item.id.name}" leads to the Service "{name}", which does not exist in this set of objects'
    )
    return item.finding(Code.REFERENCE_MISSING, path, message, hint=hint)


def _no_port(item: PlacedObject, path: Path, port: Any, service: PlacedObject) -> Finding:
    have = [str(one) for one in (*_service_ports(service, "port"), *_service_ports(service, "name")) if one]
    lead = f'{item.id.kind} "{item.id.name}" leads to the port {port} of Service "{service.id.name}"'
    message = f"{lead}, which it does not have"
    return item.finding(Code.REFERENCE_MISSING, path, message, hint=f"ports: {', '.join(have) or 'none'}")


def _probes(pod: PodTemplate) -> Iterator[Finding]:
    places = [
        ("livenessProbe",),
        ("readinessProbe",),
        ("startupProbe",),
        ("lifecycle", "postStart"),
        ("lifecycle", "preStop"),
    ]
    for path, container in pod.containers():
        names = {text(port, "name") for _, port in items(container, "ports")}
        for place in places:
            for action in ("httpGet", "tcpSocket"):
                port = at(container, *place, action, "port")
                if isinstance(port, str) and port not in names and not port.isdigit():
                    who = f'{".".join(place)} of container "{text(container, "name")}"'
                    message = f'{who} uses the port "{port}", which the container does not have'
                    where = (*path, *place, action, "port")
                    yield pod.item.finding(Code.REFERENCE_MISSING, where, message, hint=_ports(names))


def _ports(names: set[str]) -> str:
    return f"named ports: {', '.join(sorted(name for name in names if name)) or 'none'}"
