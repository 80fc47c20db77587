"""Health of the kinds of Argo Rollouts and Flagger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, mappings, number, text
from atmos_cli.verify.failures import failures_of_pods, is_lost
from atmos_cli.verify.fields import annotation, condition, said
from atmos_cli.verify.health.generic import current, failed, in_progress, suspended
from atmos_cli.verify.pods import desired, revision_of
from atmos_cli.verify.seen import Health, Status

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look

_WORKLOAD_GENERATION = "rollout.argoproj.io/workload-generation"


def rollout(resource: Resource, look: Look) -> Health:
    phase, words = text(resource, "status", "phase"), said(text(resource, "status", "message"))
    seen = text(resource, "status", "workloadObservedGeneration")
    expected = annotation(resource, _WORKLOAD_GENERATION)
    if at(resource, "spec", "workloadRef") is not None and expected and expected != seen:
        return in_progress("not yet seen by its controller", "not-observed")
    if at(resource, "status", "abort") is True:
        return failed(f"aborted: traffic is back at the stable version, and Git is not: {words}", "aborted")
    if phase == "Degraded":
        return failed(words or "degraded", "degraded")
    if phase == "Paused":
        return suspended(f"paused: {words or 'someone has to promote it'}", "paused")
    pods = revision_of(resource, look).new
    failures = failures_of_pods(pods, look)
    if is_lost(pods, failures, look):
        return failed(failures[0].message, failures[0].code)
    if phase == "Healthy":
        wanted = desired(resource)
        return current("" if wanted else "scaled to 0: nothing runs", "" if wanted else "zero-replicas")
    updated, wanted = number(resource, "status", "updatedReplicas"), desired(resource)
    return in_progress(words or f"{updated} of {wanted} new pods there")


def canary(resource: Resource, _look: Look) -> Health:
    """Judge a Canary, whose primary runs the old version until it has succeeded."""
    phase, promoted = text(resource, "status", "phase"), condition(resource, "Promoted")
    words = promoted.message or said(phase)
    if phase in {"Initialized", "Succeeded"}:
        return current(words)
    if phase == "Failed":
        return failed(words or "the analysis failed, and the primary keeps the old version", "canary-failed")
    if phase in {"Terminating", "Terminated"}:
        return Health(Status.TERMINATING, words, "terminating")
    weight = number(resource, "status", "canaryWeight")
    return in_progress(f"{words or 'not yet seen by its controller'}, {weight} % of the traffic")


def analysis_run(resource: Resource, _look: Look) -> Health:
    """Judge an AnalysisRun. One without a measurement, which Argo Rollouts calls Successful, is UNKNOWN here."""
    phase, words = text(resource, "status", "phase"), said(text(resource, "status", "message"))
    measured = any(_measurements(result) for result in mappings(resource, "status", "metricResults"))
    if phase in {"Failed", "Error"}:
        return failed(words or "the analysis failed", "analysis-failed")
    if phase == "Inconclusive" or (phase == "Successful" and not measured):
        return Health(Status.UNKNOWN, words or "the analysis measured nothing", "inconclusive")
    return current(words) if phase == "Successful" else in_progress(words or "measuring")


def _measurements(result: Resource) -> bool:
    names = ("count", "successful", "failed", "inconclusive")
    return bool(mappings(result, "measurements")) or any(number(result, name) > 0 for name in names)


ROWS = {
    ("argoproj.io", "Rollout"): rollout,
    ("argoproj.io", "AnalysisRun"): analysis_run,
    ("flagger.app", "Canary"): canary,
}
