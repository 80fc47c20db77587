"""Health of HorizontalPodAutoscalers, PodDisruptionBudgets and KEDA's ScaledObjects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, number
from atmos_cli.verify.fields import condition, conditions
from atmos_cli.verify.health.generic import by_ready, current, failed, in_progress, is_paused_by, suspended

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look
    from atmos_cli.verify.seen import Health

_METRICS_PATIENCE = 180.0  # new pods have no metrics at first
_NO_SCALE = frozenset({"FailedGetScale", "FailedUpdateScale"})
_NO_METRIC = frozenset({
    "FailedGetResourceMetric", "FailedGetContainerResourceMetric", "FailedGetObjectMetric", "FailedGetPodsMetric",
    "FailedGetExternalMetric", "FailedComputeMetricsReplicas", "InvalidSelector", "InvalidMetricSourceType",
    "FailedGetScale",
})  # fmt: skip


def autoscaler(resource: Resource, look: Look) -> Health:
    able, active = condition(resource, "AbleToScale"), condition(resource, "ScalingActive")
    for found, reasons in ((able, _NO_SCALE), (active, _NO_METRIC)):
        if found.false and found.reason in reasons:
            late = look.now - found.since >= _METRICS_PATIENCE
            words = found.message or found.reason
            return failed(words, "autoscaling") if late else in_progress(words, "autoscaling")
    if active.false and active.reason == "ScalingDisabled":
        return current("scaling is off: its target has 0 replicas", "zero-replicas")
    if able.true and active.true:
        limited = condition(resource, "ScalingLimited")
        return current(limited.message if limited.true else "")
    return in_progress("not yet seen by its controller", "not-observed")


def disruption_budget(resource: Resource, _look: Look) -> Health:
    for found in conditions(resource):
        if found.type == "DisruptionAllowed" and found.false and found.reason not in {"InsufficientPods", ""}:
            return failed(found.message or found.reason, "disruption-budget")
    if at(resource, "status", "disruptionsAllowed") is None:
        return in_progress("not yet seen by its controller", "not-observed")
    if number(resource, "status", "disruptionsAllowed") == 0 and number(resource, "status", "expectedPods"):
        return current("allows no disruption at present: nodes cannot be drained", "no-disruption")
    return current()


def scaled_object(resource: Resource, _look: Look) -> Health:
    paused = ("autoscaling.keda.sh/paused", "autoscaling.keda.sh/paused-replicas")
    if (
        condition(resource, "Paused").true
        or is_paused_by(resource, paused[1])
        or is_paused_by(resource, paused[0], "true")
    ):
        return suspended("paused: its target keeps its replicas", "paused")
    fallback = condition(resource, "Fallback")
    if fallback.true:
        return failed(f"its triggers cannot be read: {fallback.message or fallback.reason}", "autoscaling")
    return by_ready(resource, code="autoscaling")


ROWS = {
    ("autoscaling", "HorizontalPodAutoscaler"): autoscaler,
    ("policy", "PodDisruptionBudget"): disruption_budget,
    ("keda.sh", "ScaledObject"): scaled_object,
}
