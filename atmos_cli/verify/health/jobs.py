"""Health of Pods, Jobs and CronJobs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, instant, mappings, number, text
from atmos_cli.verify.failures import failures_of_job, failures_of_pods, given_up, refused_by_events
from atmos_cli.verify.fields import condition, counted, said
from atmos_cli.verify.health.generic import current, failed, in_progress, suspended
from atmos_cli.verify.pods import is_ready, is_transient, restarts, revision_of

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look
    from atmos_cli.verify.seen import Health


def pod(resource: Resource, look: Look) -> Health:
    phase = text(resource, "status", "phase")
    if phase == "Succeeded":
        return current("completed")
    if phase == "Failed":
        why = text(resource, "status", "message") or text(resource, "status", "reason") or "its containers failed"
        return failed(said(why), "evicted" if is_transient(resource) else "pod-failed")
    failures = failures_of_pods((resource,), look)
    if failures:
        return failed(failures[0].message, failures[0].code)
    if is_ready(resource):
        again = restarts(resource)
        return current(f"restarted {counted(again, 'time')}" if again else "")
    return in_progress(_waits_for(resource), "not-ready")


def _waits_for(resource: Resource) -> str:
    scheduled = condition(resource, "PodScheduled")
    if scheduled.false:
        return f"not on a node yet: {scheduled.message or scheduled.reason}"
    for statuses in ("initContainerStatuses", "containerStatuses"):
        for status in mappings(resource, "status", statuses):
            reason = text(status, "state", "waiting", "reason") or text(status, "state", "terminated", "reason")
            if reason and reason != "Completed":
                return said(f"container {text(status, 'name')}: {reason}")
    return "not ready yet"


def job(resource: Resource, look: Look) -> Health:
    pods = revision_of(resource, look).new
    failures = tuple(failures_of_job(resource, pods, look))
    if given_up(resource).true:
        return failed(failures[0].message, failures[0].code)
    if condition(resource, "Complete").true or condition(resource, "SuccessCriteriaMet").true:
        return current("completed")
    if at(resource, "spec", "suspend") is True:
        return suspended("suspended: someone has to resume it")
    refused = refused_by_events(resource, look) if not pods else None
    failure = failures[0] if failures else refused
    if failure is not None:
        return failed(failure.message, failure.code)
    active, lost = number(resource, "status", "active"), number(resource, "status", "failed")
    most = number(resource, "spec", "backoffLimit", default=6)
    return in_progress(f"{active} active, failed {lost} of at most {most + 1} times")


def cron_job(resource: Resource, look: Look) -> Health:
    """Judge a CronJob; a failed run is mentioned and counts as good, for it is no failed deployment."""
    if at(resource, "spec", "suspend") is True:
        return current("suspended: no run is started", "suspended")
    status = at(resource, "status")
    last, good = instant(status, "lastScheduleTime"), instant(status, "lastSuccessfulTime")
    if last and not mappings(status, "active") and good < last and look.now - last > 60:
        return current("its last run did not succeed", "last-run-failed")
    return current()


ROWS = {("", "Pod"): pod, ("batch", "Job"): job, ("batch", "CronJob"): cron_job}
