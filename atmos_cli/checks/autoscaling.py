"""An autoscaler can do its work: its target exists, has requests to measure against, and Git does not scale it too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.checks.registry import check
from atmos_cli.diagnostics import Code
from atmos_cli.kube.shape import Path, at, items, mapping, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.checks.subject import Finding, PlacedObject, SubjectFacts

_SCALABLE = {
    "Deployment": "apps",
    "StatefulSet": "apps",
    "ReplicaSet": "apps",
    "ReplicationController": "",
    "Rollout": "argoproj.io",
}


@check(
    "autoscaling",
    Code.REFERENCE_MISSING,
    Code.REQUEST_MISSING,
    Code.REPLICAS_CONTESTED,
    summary="an autoscaler's target exists, has requests, and does not set replicas itself",
)
def autoscaling(facts: SubjectFacts) -> Iterator[Finding]:
    for item in (*facts.of("autoscaling", "HorizontalPodAutoscaler"), *facts.of("keda.sh", "ScaledObject")):
        ref = mapping(item.resource, "spec", "scaleTargetRef")
        kind = text(ref, "kind") or "Deployment"
        name = text(ref, "name")
        if not name or kind not in _SCALABLE:
            continue
        target = facts.named(_SCALABLE[kind], kind, name)
        if target is None:
            message = (
                f'{item.id.kind} "{item.id.name}" scales {kind} "{name}", which does not exist in this set of objects'
            )
            known = sorted(one.id.name for one in facts.of(_SCALABLE[kind], kind))
            hint = f"{kind}s here: {', '.join(known) or 'none'}"
            yield item.finding(Code.REFERENCE_MISSING, ("spec", "scaleTargetRef", "name"), message, hint=hint)
            continue
        if at(target.resource, "spec", "replicas") is not None:
            message = f'{kind} "{name}" sets replicas and is scaled by {item.id}: every sync would undo the scaling'
            yield target.finding(Code.REPLICAS_CONTESTED, ("spec", "replicas"), message, hint="remove spec.replicas")
        yield from _requests(item, target, facts)


def _requests(item: PlacedObject, target: PlacedObject, facts: SubjectFacts) -> Iterator[Finding]:
    pods = [pod for pod in facts.pods if pod.item is target]
    for path, resource, only in _utilization(item):
        for pod in pods:
            for where, container in pod.containers("containers"):
                if only and text(container, "name") != only:
                    continue
                sizes = mapping(container, "resources")
                if at(sizes, "requests", resource) is None and at(sizes, "limits", resource) is None:
                    who = f'container "{text(container, "name")}"'
                    message = f"{item.id} scales on {resource} utilization, but {who} requests none"
                    hint = f"set resources.requests.{resource} ({'.'.join(str(s) for s in path)} is a share of it)"
                    yield target.finding(
                        Code.REQUEST_MISSING, (*where, "resources", "requests", resource), message, hint=hint
                    )


def _utilization(item: PlacedObject) -> Iterator[tuple[Path, str, str]]:
    """Yield metrics that are a share of a request: path, resource, and the container if only one counts."""
    if at(item.resource, "spec", "targetCPUUtilizationPercentage") is not None:
        yield ("spec", "targetCPUUtilizationPercentage"), "cpu", ""
    for index, metric in items(item.resource, "spec", "metrics"):
        field = {"Resource": "resource", "ContainerResource": "containerResource"}.get(text(metric, "type"), "")
        source = mapping(metric, field) if field else {}
        if source and text(source, "target", "type") == "Utilization":
            yield ("spec", "metrics", index, field), text(source, "name"), text(source, "container")
    for index, trigger in items(item.resource, "spec", "triggers"):
        if (
            text(trigger, "type") in ("cpu", "memory")
            and (text(trigger, "metricType") or text(trigger, "metadata", "type") or "Utilization") == "Utilization"
        ):
            yield ("spec", "triggers", index), text(trigger, "type"), text(trigger, "metadata", "containerName")
