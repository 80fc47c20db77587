"""Health of Deployments, ReplicaSets, StatefulSets and DaemonSets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, number, text, who
from atmos_cli.verify.failures import failures_of_pods, is_lost, refusal, refused_by_events
from atmos_cli.verify.fields import condition, counted, said
from atmos_cli.verify.health.generic import current, failed, in_progress, suspended
from atmos_cli.verify.pods import desired, is_ready, revision_of
from atmos_cli.verify.probes import never_ready

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look
    from atmos_cli.verify.pods import Revision
    from atmos_cli.verify.seen import Health


def deployment(resource: Resource, look: Look) -> Health:
    if at(resource, "spec", "paused") is True:
        return suspended("paused: someone has to resume it", "paused")
    pods = revision_of(resource, look)
    failures = failures_of_pods(pods.new, look)
    first = f": {failures[0].message}" if failures else ""
    refused = refusal(resource, condition(resource, "ReplicaFailure"), look)
    if refused is not None:
        return failed(refused.message, refused.code)
    progressing = condition(resource, "Progressing")
    if progressing.false and progressing.reason == "ProgressDeadlineExceeded":
        seconds = number(resource, "spec", "progressDeadlineSeconds", default=600)
        return failed(f"no progress within {seconds} s{first or _unready(pods, look)}", "progress-deadline")
    if is_lost(pods.new, failures, look):
        return failed(failures[0].message, failures[0].code)
    return _rolling(resource, progressing.reason) or _at_rest(resource)


def _rolling(resource: Resource, progress: str) -> Health | None:
    wanted, status = desired(resource), at(resource, "status")
    total, updated = number(status, "replicas"), number(status, "updatedReplicas")
    ready, available = number(status, "readyReplicas"), number(status, "availableReplicas")
    old = max(total - updated, 0)
    done = updated >= wanted and not old and available >= updated and ready >= wanted and total <= wanted
    if done and wanted and condition(resource, "Available").false:
        return in_progress("not available yet")
    if done and progress in {"", "NewReplicaSetAvailable"}:
        return None
    if done:
        return in_progress("all pods are ready; its controller has not yet said that it is complete")
    new_ready = max(min(updated, ready - old), 0)
    return in_progress(progress_words(new_ready, wanted, old))


def _at_rest(resource: Resource) -> Health:
    wanted = desired(resource)
    if not wanted:
        return current("scaled to 0: nothing runs", "zero-replicas")
    return current(f"{wanted} of {counted(wanted, 'pod')} ready")


def progress_words(ready: int, wanted: int, old: int) -> str:
    """Say how far a rollout is: `2 of 3 new pods ready, 1 old terminating`."""
    words = f"{ready} of {wanted} new {'pod' if wanted == 1 else 'pods'} ready"
    return f"{words}, {old} old terminating" if old else words


def _unready(pods: Revision, look: Look) -> str:
    found = next((why for pod in pods.new if not is_ready(pod) and (why := never_ready(pod, look))), None)
    return f": {found[1]}" if found else ""


def replica_set(resource: Resource, look: Look) -> Health:
    refused = refusal(resource, condition(resource, "ReplicaFailure"), look)
    if refused is not None:
        return failed(refused.message, refused.code)
    wanted, status = desired(resource), at(resource, "status")
    names = ("fullyLabeledReplicas", "availableReplicas", "readyReplicas")
    least = min(number(status, name) for name in names)
    if least < wanted or number(status, "replicas") > wanted:
        return in_progress(f"{number(status, 'readyReplicas')} of {counted(wanted, 'pod')} ready")
    return current(f"{wanted} of {counted(wanted, 'pod')} ready" if wanted else "")


def stateful_set(resource: Resource, look: Look) -> Health:
    broken = _any_failure(resource, look)
    if broken is not None:
        return broken
    wanted, status = desired(resource), at(resource, "status")
    ready, updated = number(status, "readyReplicas"), number(status, "updatedReplicas")
    if text(resource, "spec", "updateStrategy", "type") == "OnDelete":
        if ready < wanted:
            return in_progress(f"{ready} of {counted(wanted, 'pod')} ready")
        return current("pods take the new revision only when someone deletes them (OnDelete)", "on-delete")
    partition = max(number(resource, "spec", "updateStrategy", "rollingUpdate", "partition"), 0)
    due = max(wanted - partition, 0)
    revisions = (text(status, "currentRevision"), text(status, "updateRevision"))
    if updated < due or ready < wanted or number(status, "replicas") != wanted:
        waits = _highest_unready(resource, look)
        return in_progress(f"{min(updated, due)} of {due} new pods there, {ready} of {wanted} ready{waits}")
    if not partition and revisions[0] != revisions[1]:
        return in_progress("all pods are ready; its controller has not yet said that it is complete")
    if partition:
        return current(f"{due} of {counted(wanted, 'pod')} new, held by partition {partition}", "partitioned")
    return current(f"{wanted} of {counted(wanted, 'pod')} ready" if wanted else "scaled to 0: nothing runs")


def _highest_unready(resource: Resource, look: Look) -> str:
    pods = sorted((who(pod).name for pod in revision_of(resource, look).new if not is_ready(pod)), reverse=True)
    return f": waits for {said(pods[0])}" if pods else ""


def daemon_set(resource: Resource, look: Look) -> Health:
    broken = _any_failure(resource, look)
    if broken is not None:
        return broken
    wanted, status = desired(resource), at(resource, "status")
    updated, ready = number(status, "updatedNumberScheduled"), number(status, "numberReady")
    if not wanted:
        return current("no node is to run it", "zero-replicas")
    on_delete = text(resource, "spec", "updateStrategy", "type") == "OnDelete"
    if (updated < wanted and not on_delete) or ready < wanted or number(status, "numberAvailable") < wanted:
        return in_progress(f"{updated} of {wanted} nodes updated, {ready} ready")
    return current(f"{ready} of {wanted} nodes ready")


def _any_failure(resource: Resource, look: Look) -> Health | None:
    """Judge by the first bad pod, at which sets that replace one pod at a time stop; None without one."""
    refused = refused_by_events(resource, look)
    if refused is not None:
        return failed(refused.message, refused.code)
    pods = revision_of(resource, look).new
    usable = tuple(pod for pod in pods if not _on_bad_node(pod, look))
    failures = failures_of_pods(usable, look)
    return failed(f"{failures[0].object.name}: {failures[0].message}", failures[0].code) if failures else None


def _on_bad_node(pod: Resource, look: Look) -> bool:
    for node in look.of_kind("", "Node"):
        if who(node).name == text(pod, "spec", "nodeName"):
            return at(node, "spec", "unschedulable") is True or not condition(node, "Ready").true
    return False


ROWS = {
    ("apps", "Deployment"): deployment,
    ("apps", "ReplicaSet"): replica_set,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "DaemonSet"): daemon_set,
}
