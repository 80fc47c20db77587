"""The rollout of all wanted objects together: have the pods of the new revision become good, and why not."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.kube.engine_annotations import HOOKS
from atmos_cli.kube.shape import at, instant, mappings, number, text, who
from atmos_cli.verify.failures import failures_of_job, failures_of_pods, once, refusal, refused_by_events
from atmos_cli.verify.fields import annotation, condition, counted
from atmos_cli.verify.health import aggregate, health_of
from atmos_cli.verify.look import NO_RULES, look_at
from atmos_cli.verify.pods import born, desired, is_observed, is_ready, restarts, revision_of
from atmos_cli.verify.probes import never_ready
from atmos_cli.verify.seen import Health, PermanentFailure, Rollout, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Identity, Resource
    from atmos_cli.verify.look import HealthRules, Look
    from atmos_cli.verify.pods import Revision
    from atmos_cli.verify.seen import ClusterSnapshot

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Rollout", "Job"})
_MOST = 20
# For sets, which have no progress deadline; krane waits as long.
_DEADLINE = 600.0


@dataclass(frozen=True, slots=True)
class _WorkloadShare:
    """One workload's share: `new_ready` and `old_ready` pods, and when its new pods began and were all ready."""

    identity: Identity
    wanted: int
    new_ready: int
    old_ready: int
    restarts: int
    started: float
    finished: float
    failures: tuple[PermanentFailure, ...]


def rollout(snapshot: ClusterSnapshot, *, now: float, rules: HealthRules = NO_RULES) -> Rollout:
    """Judge the rollout: CURRENT only when all wanted objects are; only new pods count as ready. `now`: unix seconds.

    `wanted` counts pods of Deployments, StatefulSets, DaemonSets, Argo Rollouts and Jobs; where it is 0, nothing runs,
    and CURRENT says nothing about the commit. `started` is the creation of the first new pod, `finished` when the last
    became ready, 0 until the status is CURRENT. `rules`: see `look_at`.
    """
    look = look_at(snapshot, now=now, rules=rules)
    health: dict[Identity, Health] = {}
    parts: list[_WorkloadShare] = []
    for wanted in snapshot.wanted:
        if not isinstance(wanted, dict) or any(annotation(wanted, hook) for hook in HOOKS):
            continue
        live = look.find(wanted)
        health[who(wanted)] = health_of(live, look) if live is not None else _absent(wanted)
        if live is not None and who(wanted).kind in _WORKLOADS:
            parts.append(_part(live, look))
    return _together(health, parts)


def _absent(wanted: Resource) -> Health:
    if who(wanted).kind == "Job" and at(wanted, "spec", "ttlSecondsAfterFinished") is not None:
        return Health(Status.CURRENT, "gone after it ran", "gone")
    return Health(Status.MISSING, "not in the cluster yet", "missing")


def _together(health: dict[Identity, Health], parts: list[_WorkloadShare]) -> Rollout:
    status = aggregate(found.status for found in health.values())
    starts = [part.started for part in parts if part.started]
    ends = [part.finished for part in parts if part.finished]
    found = Rollout(
        status=status,
        message="",
        wanted=sum(part.wanted for part in parts),
        ready=sum(part.new_ready for part in parts),
        old_ready=sum(part.old_ready for part in parts),
        restarts=sum(part.restarts for part in parts),
        started=min(starts, default=0.0),
        finished=max(ends, default=0.0) if status is Status.CURRENT else 0.0,
        failures=tuple(failure for part in parts for failure in part.failures)[:_MOST],
        health=health,
    )
    return replace(found, message=_message(found))


def _message(found: Rollout) -> str:
    bad = [(key, item) for key, item in found.health.items() if item.status is found.status]
    if found.status is Status.CURRENT:
        quiet = "nothing runs: scaled to 0"
        return f"{found.ready} of {counted(found.wanted, 'pod')} ready" if found.wanted else quiet
    if not bad:
        return "nothing is wanted"
    # The workload says most; its Service without pods is the consequence.
    key, worst = min(bad, key=lambda item: (item[0].kind not in _WORKLOADS, str(item[0])))
    words = f"{key}: {worst.message or worst.status.value}"
    if found.status is Status.FAILED and found.old_ready:
        served = "still serves" if found.old_ready == 1 else "still serve"
        words += f"; {counted(found.old_ready, 'old pod')} {served}"
    return words


def _part(live: Resource, look: Look) -> _WorkloadShare:
    pods = revision_of(live, look)
    ready, old = _ready(live, pods)
    births = [moment for pod in pods.new if (moment := born(pod))]
    return _WorkloadShare(
        identity=who(live),
        wanted=desired(live) if who(live).kind != "Job" else 0,
        new_ready=ready,
        old_ready=old,
        restarts=sum(restarts(pod) for pod in pods.new),
        started=min(births, default=0.0),
        finished=_finished(live, pods),
        failures=once(_failures(live, pods, look)),
    )


def _ready(live: Resource, pods: Revision) -> tuple[int, int]:
    """Return (new, old) ready pods, by counts of the controllers where they have them: not all pods may be seen."""
    kind = who(live).kind
    status = at(live, "status")
    if kind == "Job":
        return 0, 0
    if kind == "DaemonSet":
        total, size = number(status, "numberReady"), number(status, "currentNumberScheduled")
    else:
        total, size = number(status, "readyReplicas"), number(status, "replicas")
    total = max(total, 0)
    if pods.set is not None:
        new = max(number(pods.set, "status", "readyReplicas"), 0)
        return new, max(total - new, 0)
    new = sum(is_ready(pod) for pod in pods.new)
    if not pods.known and not is_observed(live):
        return 0, total
    if not pods.known or len(pods.new) + len(pods.old) + pods.leaving < size:
        updated = number(status, "updatedNumberScheduled" if kind == "DaemonSet" else "updatedReplicas")
        new = max(new, min(updated, total - max(size - updated, 0)), 0)
    return new, max(total - new, 0)


def _finished(live: Resource, pods: Revision) -> float:
    moments = [condition(pod, "Ready").since for pod in pods.new if is_ready(pod)]
    if who(live).kind == "Job":
        return instant(live, "status", "completionTime")
    if moments:
        return max(moments) + max(number(live, "spec", "minReadySeconds"), 0)
    updates = [c for c in mappings(live, "status", "conditions") if text(c, "type") == "Progressing"]
    return max((instant(c, "lastUpdateTime") for c in updates), default=0.0)


def _failures(live: Resource, pods: Revision, look: Look) -> Iterator[PermanentFailure]:
    refused = refusal(live, condition(live, "ReplicaFailure"), look)
    if refused is None and who(live).kind not in {"Deployment", "Rollout"}:
        refused = refused_by_events(live, look)
    if refused is not None:
        yield refused
    yield from failures_of_job(live, pods.new, look) if who(live).kind == "Job" else failures_of_pods(pods.new, look)
    late = condition(live, "Progressing")
    overdue = late.false and late.reason == "ProgressDeadlineExceeded"
    for pod in pods.new:
        why = None if is_ready(pod) else never_ready(pod, look)
        if why is not None and (overdue or _is_overdue(live, pod, look)):
            yield PermanentFailure(object=who(pod), code="not-ready", message=why[1], container=why[0], at=why[2])
    if overdue:
        words = f"no progress within {number(live, 'spec', 'progressDeadlineSeconds', default=600)} s"
        yield PermanentFailure(who(live), "progress-deadline", words, at=late.since)


def _is_overdue(live: Resource, pod: Resource, look: Look) -> bool:
    return who(live).kind in {"StatefulSet", "DaemonSet"} and look.now - born(pod) >= _DEADLINE > 0 < born(pod)
