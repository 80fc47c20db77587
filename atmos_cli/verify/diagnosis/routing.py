"""Rules R38, R44: routes that lead nowhere, and autoscalers that cannot scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, mappings, strings, whole
from atmos_cli.verify.diagnosis.finding import CAUSE, EXACT, IMAGE, PATTERN, SYMPTOM, Suspect, word
from atmos_cli.verify.diagnosis.policies import pod_labels
from atmos_cli.verify.fields import Condition, condition, condition_of, conditions
from atmos_cli.verify.masking import plain_text, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.diagnosis.facts import Facts

_BLIND = ("FailedGetResourceMetric", "FailedGetObjectMetric", "FailedGetPodsMetric", "FailedGetExternalMetric",
          "FailedGetContainerResourceMetric", "FailedComputeMetricsReplicas", "InvalidMetricSourceType")  # fmt: skip


def routing_rules(facts: Facts) -> Iterator[Suspect]:
    found = facts.evidence.assessment
    lost = next((r for r in found.reasons if r.code == "traffic-lost"), None) if found else None
    broken = [*_services(facts), *_routes(facts)]
    if lost is not None or facts.errors_up or (facts.evidence.rollout is not None and broken and facts.troubled):
        for title, hint, subject, step in broken[:1]:
            yield Suspect(
                rule="R38",
                title=title,
                hint=f"{'Traffic stopped: ' if lost else ''}{hint}",
                confidence=0.93 if lost else 0.85,
                specificity=EXACT,
                evidence=tuple(shown(said) for said in (title, lost.message if lost else "") if said),
                subject=subject,
                next=step,
            )
    if lost is not None and not broken:
        yield Suspect(
            rule="R38",
            title="traffic stopped, and every Service selects pods",
            hint="Traffic stops before it reaches the pods: look at the Ingress or HTTPRoute, DNS, and what is in "
            "front.",
            confidence=0.45,
            specificity=SYMPTOM,
            evidence=(shown(lost.message),),
            subject=("Service/", "Ingress/", "HTTPRoute/", "host", "selector", "ports?"),
            next=f"kubectl -n {facts.namespace} get ingress,httproute,endpointslices",
        )
    yield from _autoscalers(facts)


def _services(facts: Facts) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    carried = pod_labels(facts)
    wanted = {
        plain_text(o, "metadata", "name") for o in facts.evidence.snapshot.wanted if plain_text(o, "kind") == "Service"
    }
    for service in facts.of_kind("Service"):
        name, selector = plain_text(service, "metadata", "name"), strings(service, "spec", "selector")
        if not carried or not selector or name not in (wanted or {facts.evidence.target.workload}):
            continue
        odd = {key: value for key, value in selector.items() if carried.get(key) != value}
        if odd and not _serves_others(facts, selector):
            key, value = next(iter(odd.items()))
            yield (
                f"Service {name} selects no pod",
                f"Service {name} selects {key}={value}, and the pods carry {key}={carried.get(key, '(nothing)')}.",
                (r"selector", r"labels", word(key), f"Service/{name}"),
                f"kubectl -n {facts.namespace} get pods -l {key}={value}",
            )
        elif not odd:
            yield from _target_ports(facts, service, name)


def _serves_others(facts: Facts, selector: dict[str, str]) -> bool:
    """Check for a Service of something else that the commit also wants, such as a database."""
    for other in facts.of_kind("StatefulSet", "Deployment", "DaemonSet"):
        carried = strings(other, "spec", "template", "metadata", "labels")
        if other is not facts.workload and selector.items() <= carried.items():
            return plain_text(other, "metadata", "name") != facts.evidence.target.workload
    return any(not pod.new and selector.items() <= pod.labels.items() for pod in facts.pods) and not facts.new_pods


def _target_ports(facts: Facts, service: Resource, name: str) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    named = {plain_text(row, "name") for c in facts.containers for row in mappings(c.spec, "ports")}
    if not facts.containers:
        return
    for row in mappings(service, "spec", "ports"):
        target = row.get("targetPort")
        if isinstance(target, str) and not target.isdigit() and target not in named:
            have = ", ".join(sorted(named - {""})) or "none"
            yield (
                f"Service {name} sends to port {target}, which no container has",
                f"Service {name} sends to the port named {target}; the containers name {have}.",
                (r"ports?", "targetPort", word(target), f"Service/{name}"),
                f"kubectl -n {facts.namespace} describe service {name}",
            )


def _routes(facts: Facts) -> Iterator[tuple[str, str, tuple[str, ...], str]]:
    for route in facts.of_kind("HTTPRoute", "GRPCRoute"):
        name = plain_text(route, "metadata", "name")
        for parent in mappings(route, "status", "parents"):
            for row in map(_plainly, mappings(parent, "conditions")):
                if row.type in ("ResolvedRefs", "Accepted") and row.false:
                    yield (
                        f"{plain_text(route, 'kind')} {name} is broken: {row.reason}",
                        f"{plain_text(route, 'kind')} {name} does not lead to a backend: {row.message or row.reason}.",
                        (f"Route/{name}", "backendRefs", "Service/", "parentRefs", "ports?"),
                        f"kubectl -n {facts.namespace} describe {plain_text(route, 'kind').lower()} {name}",
                    )
    known = {plain_text(o, "metadata", "name") for o in facts.of_kind("Service")}
    for ingress in facts.of_kind("Ingress") if known else ():
        for rule in mappings(ingress, "spec", "rules"):
            for path in mappings(rule, "http", "paths"):
                service = plain_text(path, "backend", "service", "name")
                if service and service not in known:
                    name = plain_text(ingress, "metadata", "name")
                    yield (
                        f"Ingress {name} leads to Service {service}, which does not exist",
                        f"Ingress {name} leads to Service {service}, which is not in namespace {facts.namespace}.",
                        (f"Ingress/{name}", word(service), "Service/"),
                        f"kubectl -n {facts.namespace} describe ingress {name}",
                    )


def _plainly(row: Resource) -> Condition:
    return condition_of(row, generation=0)


def _autoscalers(facts: Facts) -> Iterator[Suspect]:
    for scaler in facts.of_kind("HorizontalPodAutoscaler"):
        target = plain_text(scaler, "spec", "scaleTargetRef", "name")
        if target and target != facts.evidence.target.workload:
            continue
        name = plain_text(scaler, "metadata", "name")
        active = condition(scaler, "ScalingActive")
        if active.false and active.reason in _BLIND:
            yield Suspect(
                rule="R44",
                title=f"HorizontalPodAutoscaler {name} cannot read its metric",
                hint=f"HPA {name} cannot read its metric, so it does not scale: {active.message}",
                confidence=0.85 if facts.worse else 0.7,
                specificity=CAUSE,
                evidence=(shown(f"HPA {name}: {active.reason}: {active.message}"),),
                subject=("HorizontalPodAutoscaler/", "metrics", "cpu request", "requests", "resources"),
                next=f"kubectl -n {facts.namespace} describe hpa {name}",
                at=active.since,
            )
        elif facts.worse and _at_most(scaler):
            most = whole(scaler, "spec", "maxReplicas")
            yield Suspect(
                rule="R44",
                title=f"HorizontalPodAutoscaler {name} is at its maximum of {most} pods",
                hint=f"HPA {name} is at maxReplicas {most} and needs more: raise it, or find why each pod does "
                "more work.",
                confidence=0.75 if facts.slower else 0.6,
                specificity=PATTERN,
                evidence=(shown(f"HPA {name}: {condition(scaler, 'ScalingLimited').message}"),),
                subject=(
                    "HorizontalPodAutoscaler/",
                    "maxReplicas",
                    "averageUtilization",
                    r"cpu (?:limit|request)",
                    IMAGE,
                ),
                next=f"kubectl -n {facts.namespace} describe hpa {name}",
            )


def _at_most(scaler: Resource) -> bool:
    limited = any(
        row.type == "ScalingLimited" and row.true and row.reason == "TooManyReplicas" for row in conditions(scaler)
    )
    most, now = whole(scaler, "spec", "maxReplicas"), whole(scaler, "status", "currentReplicas")
    return limited and most is not None and now is not None and now >= most and _busy(scaler)


def _busy(scaler: Resource) -> bool:
    """Check whether the measured utilization reaches the target, as far as both are known."""
    targets = [at(m, "resource", "target", "averageUtilization") for m in mappings(scaler, "spec", "metrics")]
    measured = [
        at(m, "resource", "current", "averageUtilization") for m in mappings(scaler, "status", "currentMetrics")
    ]
    pairs = [(m, t) for m, t in zip(measured, targets, strict=False) if isinstance(m, int) and isinstance(t, int)]
    return not pairs or any(m >= t for m, t in pairs)
