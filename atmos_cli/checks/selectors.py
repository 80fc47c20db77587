"""Selectors select something: workloads their own pods, Services and budgets some pod, monitors some Service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.kube.selectors import SET_BY_CONTROLLERS, has_all, is_empty, selects
from atmos_cli.kube.shape import at, items, mapping, strings, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.checks.subject import Finding, PlacedObject, SubjectFacts

OWN_DOMAINS = frozenset(("app.kubernetes.io", "atmos-cli.dev"))
_WORKLOADS = ("Deployment", "ReplicaSet", "StatefulSet", "DaemonSet")


@check("selectors", Code.SELECTOR_MISMATCH, summary="every selector matches the pods or Services that it is meant for")
def selectors(facts: SubjectFacts) -> Iterator[Finding]:
    yield from _own_pods(facts)
    for item in facts.of("", "Service"):
        yield from _service(item, facts)
    for item in facts.of("policy", "PodDisruptionBudget"):
        yield from _budget(item, facts)
    for item in facts.of("networking.k8s.io", "NetworkPolicy"):
        yield from _policy(item, facts)
    for item in facts.of("monitoring.coreos.com", "ServiceMonitor", "PodMonitor"):
        yield from _monitor(item, facts)


def _own_pods(facts: SubjectFacts) -> Iterator[Finding]:
    for pod in facts.pods:
        selector = at(pod.item.resource, "spec", "selector")
        if pod.item.id.group != "apps" or pod.item.id.kind not in _WORKLOADS or not isinstance(selector, dict):
            continue
        if is_empty(selector):
            message = f"an empty selector is invalid for a {pod.item.id.kind}"
            hint = "set spec.selector.matchLabels to labels of the template"
            yield pod.item.finding(Code.SELECTOR_MISMATCH, ("spec", "selector"), message, hint=hint)
            continue
        for key, value in strings(selector, "matchLabels").items():
            if pod.labels.get(key) != value:
                message = (
                    f'the selector does not match the labels of the template: "{key}" is {_label(pod.labels, key)}'
                )
                hint = f"set {key}: {value} in spec.template.metadata.labels"
                yield pod.item.finding(
                    Code.SELECTOR_MISMATCH, ("spec", "selector", "matchLabels", key), message, hint=hint
                )
        if not selects({**selector, "matchLabels": {}}, pod.labels, open_keys=SET_BY_CONTROLLERS):
            message = "the selector's expressions do not match the labels of the template"
            yield pod.item.finding(Code.SELECTOR_MISMATCH, ("spec", "selector", "matchExpressions"), message)


def _service(item: PlacedObject, facts: SubjectFacts) -> Iterator[Finding]:
    selector = strings(item.resource, "spec", "selector")
    if not selector or text(item.resource, "spec", "type") == "ExternalName" or _of_an_operator(selector):
        return
    if not any(has_all(selector, pod.labels, open_keys=SET_BY_CONTROLLERS) for pod in facts.pods):
        message = f'Service "{item.id.name}" selects no pod: no pod template has {_words(selector)}'
        yield item.finding(Code.SELECTOR_MISMATCH, ("spec", "selector"), message, hint=_nearest(selector, facts))


def _budget(item: PlacedObject, facts: SubjectFacts) -> Iterator[Finding]:
    selector = at(item.resource, "spec", "selector")
    if selector is None:
        message = f'PodDisruptionBudget "{item.id.name}" has no selector, so it protects no pod'
        yield item.finding(Code.SELECTOR_MISMATCH, ("spec", "selector"), message)
    elif _of_an_operator(_keys(selector)):
        return
    elif not any(selects(selector, pod.labels, open_keys=SET_BY_CONTROLLERS) for pod in facts.pods):
        wanted = strings(selector, "matchLabels")
        message = f'PodDisruptionBudget "{item.id.name}" protects no pod: no pod template has {_words(wanted)}'
        yield item.finding(Code.SELECTOR_MISMATCH, ("spec", "selector"), message, hint=_nearest(wanted, facts))


def _policy(item: PlacedObject, facts: SubjectFacts) -> Iterator[Finding]:
    """Report a policy that selects no pod, never as an error: it may be for an operator's or another service's pods."""
    selector = at(item.resource, "spec", "podSelector")
    if is_empty(selector) or _of_an_operator(_keys(selector)):
        return
    if not any(selects(selector, pod.labels, open_keys=SET_BY_CONTROLLERS) for pod in facts.pods):
        message = f'NetworkPolicy "{item.id.name}" selects no pod of this service'
        yield item.finding(
            Code.SELECTOR_MISMATCH,
            ("spec", "podSelector"),
            message,
            hint=_nearest(strings(selector, "matchLabels"), facts),
            severity=Severity.INFO,
        )


def _monitor(item: PlacedObject, facts: SubjectFacts) -> Iterator[Finding]:
    selector = at(item.resource, "spec", "selector")
    if at(item.resource, "spec", "namespaceSelector") or not isinstance(selector, dict):
        return
    services = item.id.kind == "ServiceMonitor"
    found = _scraped(selector, facts, services=services)
    if not found and not _of_an_operator(_keys(selector)):
        what = "Service" if services else "pod template"
        message = f'{item.id.kind} "{item.id.name}" selects nothing: no {what} has {_words(_keys(selector))}'
        yield item.finding(Code.SELECTOR_MISMATCH, ("spec", "selector"), message)
    field = "endpoints" if services else "podMetricsEndpoints"
    for index, endpoint in items(item.resource, "spec", field):
        port = text(endpoint, "port")
        if port and found and not any(port in names for names in found):
            message = f'{item.id.kind} "{item.id.name}" scrapes the port "{port}", which nothing that it selects has'
            hint = (
                f"ports: {', '.join(sorted({name for names in found for name in names if name})) or 'none has a name'}"
            )
            yield item.finding(Code.SELECTOR_MISMATCH, ("spec", field, index, "port"), message, hint=hint)


def _scraped(selector: dict[str, Any], facts: SubjectFacts, *, services: bool) -> list[list[str]]:
    """Return the names of the ports of each Service, or pod template, that the selector matches."""
    if services:
        return [
            [text(port, "name") for _, port in items(one.resource, "spec", "ports")]
            for one in facts.of("", "Service")
            if selects(selector, strings(one.resource, "metadata", "labels"), open_keys=SET_BY_CONTROLLERS)
        ]
    return [
        [text(port, "name") for _, container in pod.containers() for _, port in items(container, "ports")]
        for pod in facts.pods
        if selects(selector, pod.labels, open_keys=SET_BY_CONTROLLERS)
    ]


def _of_an_operator(selector: Mapping[str, Any]) -> bool:
    """Return whether an operator may set the labels: those of another domain, in no template here."""
    return any("/" in key and key.partition("/")[0] not in OWN_DOMAINS for key in selector)


def _keys(selector: Any) -> dict[str, str]:
    expressions = {text(one, "key"): text(one, "operator") for _, one in items(selector, "matchExpressions")}
    return {**expressions, **strings(mapping(selector), "matchLabels")}


def _words(selector: Mapping[str, str]) -> str:
    return ", ".join(f"{key}={value}" for key, value in sorted(selector.items())) or "such labels"


def _label(labels: Mapping[str, str], key: str) -> str:
    return f'"{labels[key]}" there' if key in labels else "missing there"


def _nearest(selector: Mapping[str, str], facts: SubjectFacts) -> str:
    """Name the label that keeps the closest pod template from being selected."""
    best = max(facts.pods, key=lambda pod: sum(pod.labels.get(k) == v for k, v in selector.items()), default=None)
    if best is None:
        return "this set has no pod template"
    differs = [key for key, value in selector.items() if best.labels.get(key) != value]
    return f'{best.item.id}: "{differs[0]}" is {_label(best.labels, differs[0])}' if differs else ""
