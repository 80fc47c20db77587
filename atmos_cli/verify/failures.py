"""Failures that waiting will not end, and how long to wait before each sign counts as one."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, instant, mapping, number, text, who
from atmos_cli.verify.containers import PROMISE_PATIENCE, REFERENCE, memory_words, trouble_of
from atmos_cli.verify.fields import condition, said
from atmos_cli.verify.pods import born, can_surge, containers, desired, is_ready
from atmos_cli.verify.promised import is_promised
from atmos_cli.verify.seen import PermanentFailure

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.fields import Condition
    from atmos_cli.verify.look import Look

_REFUSED = (
    ("quota", re.compile(r"exceeded quota|failed quota", re.IGNORECASE)),
    ("pod-security", re.compile(r"violates PodSecurity", re.IGNORECASE)),
    (
        "admission",
        re.compile(
            r"admission webhook|denied the request|must specify limits|(?:maximum|minimum) \S+ usage per"
            r"|serviceaccount \"[^\"]*\" not found|is invalid: |ValidatingAdmissionPolicy",
            re.IGNORECASE,
        ),
    ),
)
_MOUNTS = frozenset({"FailedMount", "FailedAttachVolume", "FailedCreatePodSandBox"})
_STARTING = frozenset({"ContainerCreating", "PodInitializing", ""})
_REFUSED_PATIENCE = 30.0
_SURGE_PATIENCE = 60.0
_UNSCHEDULABLE_PATIENCE = 120.0
_NO_SCALE_UP_PATIENCE = 30.0
_SCALE_UP_PATIENCE = 600.0
_MOUNT_PATIENCE = 120.0
_HALF_PATIENCE = 60.0
_RECENT = 180.0
_KILLED_LATELY = 900.0


def failures_of_pods(pods: tuple[Resource, ...], look: Look) -> tuple[PermanentFailure, ...]:
    """Return the permanent failures of new pods, oldest first, one per pod at most; a ready pod has none."""
    found = [failure for pod in pods for failure in _of_pod(pod, look)]
    known = {failure.object for failure in found}
    killed = [(pod, hit) for pod in pods for hit in _memory_kills(pod, look)]
    if sum(hit[2] for _, hit in killed) >= 2:
        found += [_memory_failure(pod, *hit[:2]) for pod, hit in killed if who(pod) not in known]
    return tuple(sorted(dict.fromkeys(found), key=lambda failure: (failure.at, failure.object)))


def given_up(job: Resource) -> Condition:
    """Return the condition that says why a Job is not tried again; it is not true while the Job may be.

    Since Kubernetes 1.31 `FailureTarget` says so from the decision on, and `Failed` only when its pods have ended.
    """
    failed = condition(job, "Failed")
    return failed if failed.true else condition(job, "FailureTarget")


def failures_of_job(job: Resource, pods: tuple[Resource, ...], look: Look) -> Iterator[PermanentFailure]:
    """Yield that it has given up, and the failures of its pods; until then a failed pod only means another try."""
    end = given_up(job)
    if end.true:
        yield PermanentFailure(who(job), "job-failed", f"the job failed: {end.message or end.reason}", at=end.since)
    tried = tuple(pod for pod in pods if end.true or text(pod, "status", "phase") != "Failed")
    yield from failures_of_pods(tried, look)


def is_lost(pods: tuple[Resource, ...], failures: tuple[PermanentFailure, ...], look: Look) -> bool:
    """Check whether a Deployment's new revision is lost: all its pods fail for good, or half of them for a minute."""
    bad = sorted({failure.object: failure.at for failure in reversed(failures)}.values())
    half = math.ceil(len(pods) / 2)
    if not bad or not pods:
        return False
    return len(bad) >= len(pods) or (len(bad) >= half and look.now - bad[half - 1] >= _HALF_PATIENCE)


def refusal(workload: Resource, found: Condition, look: Look) -> PermanentFailure | None:
    """Return the permanent failure that a `ReplicaFailure` condition means; every engine and kubectl ignore it."""
    if not found.true or found.stale:
        return None
    code = next((code for code, pattern in _REFUSED if pattern.search(found.message)), "pods-refused")
    patience = 0.0 if code != "pods-refused" else _REFUSED_PATIENCE
    if code == "quota" and can_surge(workload) and _has_old_pods(workload):
        patience = _SURGE_PATIENCE  # an old pod may go first and make room
    if look.now - found.since < patience:
        return None
    return PermanentFailure(who(workload), code, f"new pods are refused: {_pod_words(found.message)}", at=found.since)


def refused_by_events(workload: Resource, look: Look) -> PermanentFailure | None:
    """Return the same for StatefulSets, DaemonSets and Jobs, which have only events for it, while pods are missing."""
    status = at(workload, "status")
    present = max(number(status, name) for name in ("readyReplicas", "numberReady", "active", "succeeded"))
    if present >= desired(workload):
        return None
    for event in reversed(look.events_of(workload)):
        if event.reason != "FailedCreate" or look.now - event.last > _RECENT:
            continue
        code = next((code for code, pattern in _REFUSED if pattern.search(event.message)), "pods-refused")
        if code != "pods-refused" or look.now - event.first >= _REFUSED_PATIENCE:
            return PermanentFailure(
                who(workload), code, f"new pods are refused: {_pod_words(event.message)}", at=event.first
            )
    return None


def _has_old_pods(workload: Resource) -> bool:
    total, updated = number(workload, "status", "replicas"), number(workload, "status", "updatedReplicas")
    return total > updated and desired(workload) > 0


def _pod_words(message: str) -> str:
    """Cut off the words before it that differ from event to event, and the name of the pod that never existed."""
    words = re.sub(r"^(?:\(combined from similar events\): )?(?:Error creating: )?", "", message)
    return said(re.sub(r"^pods \"[^\"]*\" is forbidden: ", "", words))


def _of_pod(pod: Resource, look: Look) -> Iterator[PermanentFailure]:
    if is_ready(pod):
        return
    identity = who(pod)
    if text(pod, "status", "phase") == "Failed":
        why = text(pod, "status", "message") or text(pod, "status", "reason") or "its containers failed"
        yield PermanentFailure(identity, "pod-failed", f"the pod failed: {said(why)}", at=condition(pod, "Ready").since)
        return
    for spec, status in containers(pod):
        trouble = trouble_of(spec, status, pod, look)
        if trouble is not None:
            yield PermanentFailure(
                object=identity,
                code=trouble.code,
                message=trouble.message,
                container=said(text(status, "name")),
                at=trouble.at,
            )
            return
    failure = _unschedulable(pod, look) or _mount(pod, look)
    if failure is not None:
        yield failure


def _unschedulable(pod: Resource, look: Look) -> PermanentFailure | None:
    scheduled = condition(pod, "PodScheduled")
    if not scheduled.false or scheduled.reason != "Unschedulable":
        return None
    since, patience = scheduled.since or born(pod), _UNSCHEDULABLE_PATIENCE
    for event in look.events_of(pod):
        if event.reason in {"TriggeredScaleUp", "Nominated"}:
            patience = _SCALE_UP_PATIENCE
        elif event.reason == "NotTriggerScaleUp":
            patience = _NO_SCALE_UP_PATIENCE
    if look.now - since <= patience:
        return None
    return PermanentFailure(who(pod), "unschedulable", f"no node takes the pod: {scheduled.message}", at=since)


def _mount(pod: Resource, look: Look) -> PermanentFailure | None:
    reasons = {text(status, "state", "waiting", "reason") for _, status in containers(pod)}
    if not reasons <= _STARTING or any(mapping(status, "state", "running") for _, status in containers(pod)):
        return None
    events = [event for event in look.events_of(pod) if event.reason in _MOUNTS]
    if not events or look.now - events[-1].last > _RECENT:
        return None
    last, since = events[-1], min(event.first for event in events)
    waited = look.now - since
    missing = REFERENCE.search(last.message)
    if missing is not None and missing[2]:
        patience = PROMISE_PATIENCE if is_promised(missing[1], missing[2], look) else 0.0
    else:
        patience = _MOUNT_PATIENCE
    if waited < patience:
        return None
    code = "sandbox-failed" if last.reason == "FailedCreatePodSandBox" else "mount-failed"
    return PermanentFailure(who(pod), code, f"the pod cannot start: {last.message}", at=since)


def _memory_kills(pod: Resource, look: Look) -> Iterator[tuple[Resource, Resource, int]]:
    """Yield each container that was killed for its memory: its spec, its end, and how often at least."""
    for spec, status in containers(pod):
        ends = [mapping(status, state, "terminated") for state in ("state", "lastState")]
        kills = [end for end in ends if text(end, "reason") == "OOMKilled"]
        if kills and look.now - instant(kills[0], "finishedAt") < _KILLED_LATELY:
            yield spec, kills[0], max(len(kills), min(number(status, "restartCount"), 2))


def _memory_failure(pod: Resource, spec: Resource, end: Resource) -> PermanentFailure:
    name = said(text(spec, "name"))
    words = f"container {name}: {memory_words(spec)}"
    return PermanentFailure(
        object=who(pod), code="oom-killed", message=words, container=name, at=instant(end, "finishedAt")
    )


def once(failures: Iterable[PermanentFailure]) -> tuple[PermanentFailure, ...]:
    """Keep the oldest of failures that say the same, since pods of one workload fail alike."""
    return tuple({(d.code, d.container, d.message): d for d in reversed(tuple(failures))}.values())[::-1]
