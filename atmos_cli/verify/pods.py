"""The pods of a workload: which are of its new revision, which are old, and their state."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, instant, mapping, mappings, number, text, who
from atmos_cli.verify.fields import annotation, condition

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look

REVISION = "deployment.kubernetes.io/revision"
_HASHES = ("pod-template-hash", "rollouts-pod-template-hash", "controller-revision-hash")
# Caused by the node, not the pod: its controller makes another one.
_TRANSIENT = frozenset({
    "Evicted", "Preempting", "Preempted", "NodeLost", "NodeShutdown", "Shutdown", "Terminated", "NodeAffinity",
    "OutOfcpu", "OutOfmemory", "OutOfpods", "UnexpectedAdmissionError", "DeadlineExceeded", "UnknownNode",
})  # fmt: skip


@dataclass(frozen=True, slots=True)
class Revision:
    """The pods of a workload. Pods that are being deleted, or that their node gave up, are in neither.

    `set`: the ReplicaSet of the new revision, {} when there is none (yet). `known`: whether the new revision can be
    distinguished from older ones. `leaving`: pods that are being deleted.
    """

    new: tuple[Resource, ...]
    old: tuple[Resource, ...]
    leaving: int = 0
    set: Resource | None = None
    known: bool = True


def revision_of(workload: Resource, look: Look) -> Revision:
    """Split the pods of a Deployment, StatefulSet, DaemonSet, Argo Rollout or Job by their template's hash.

    A workload whose controller has not yet seen its spec has no new revision, whatever its annotations still say.
    """
    kind, group = who(workload).kind, who(workload).group
    if kind == "Deployment" or (group, kind) == ("argoproj.io", "Rollout"):
        return _by_replica_sets(workload, look)
    pods = look.children(workload, "", "Pod")
    if kind == "StatefulSet":
        wanted = text(workload, "status", "updateRevision") if is_observed(workload) else ""
        return _split(pods, wanted, known=bool(wanted))
    if kind == "DaemonSet":
        wanted = _daemon_revision(workload, look) if is_observed(workload) else ""
        return _split(pods, wanted, known=bool(wanted))
    return Revision(_kept(pods), (), _leaving(pods))


def is_observed(resource: Resource) -> bool:
    """Check whether the controller has seen the present spec; an Argo Rollout says it as text."""
    observed = at(resource, "status", "observedGeneration")
    generation = number(resource, "metadata", "generation", default=-1)
    if isinstance(observed, str):
        return not observed.isdigit() or observed == str(generation)
    return generation < 0 or number(resource, "status", "observedGeneration", default=-2) == generation


def _by_replica_sets(workload: Resource, look: Look) -> Revision:
    sets = look.children(workload, "apps", "ReplicaSet")
    pods = {who(s).name: look.children(s, "", "Pod") for s in sets}
    newest = _newest(workload, sets) if is_observed(workload) else None
    new = pods.get(who(newest).name, ()) if newest is not None else ()
    old = tuple(pod for s in sets if s is not newest for pod in pods[who(s).name])
    leaving = _leaving(new) + _leaving(old)
    return Revision(new=_kept(new), old=_kept(old), leaving=leaving, set=newest, known=newest is not None)


def _newest(workload: Resource, sets: tuple[Resource, ...]) -> Resource | None:
    current = text(workload, "status", "currentPodHash")
    if current:
        return next((s for s in sets if current in _marks(s)), None)
    revision = annotation(workload, REVISION)
    return next((s for s in sets if revision and annotation(s, REVISION) == revision), None)


def _daemon_revision(workload: Resource, look: Look) -> str:
    history = look.children(workload, "apps", "ControllerRevision")
    if not history:
        return ""
    newest = max(history, key=lambda item: number(item, "revision"))
    return text(newest, "metadata", "labels", "controller-revision-hash")


def _split(pods: tuple[Resource, ...], wanted: str, *, known: bool) -> Revision:
    new = tuple(pod for pod in pods if wanted and wanted in _marks(pod))
    old = tuple(pod for pod in pods if pod not in new)
    return Revision(new=_kept(new), old=_kept(old), leaving=_leaving(pods), set=None, known=known)


def _marks(resource: Resource) -> tuple[str, ...]:
    return tuple(text(resource, "metadata", "labels", name) for name in _HASHES)


def _kept(pods: tuple[Resource, ...]) -> tuple[Resource, ...]:
    return tuple(pod for pod in pods if not _is_leaving(pod) and not is_transient(pod))


def _leaving(pods: tuple[Resource, ...]) -> int:
    return sum(_is_leaving(pod) for pod in pods)


def _is_leaving(pod: Resource) -> bool:
    return at(pod, "metadata", "deletionTimestamp") is not None


def is_transient(pod: Resource) -> bool:
    """Check whether a pod failed because of its node."""
    return text(pod, "status", "phase") == "Failed" and text(pod, "status", "reason") in _TRANSIENT


def is_ready(pod: Resource) -> bool:
    return condition(pod, "Ready").true and not _is_leaving(pod)


def born(pod: Resource) -> float:
    return instant(pod, "metadata", "creationTimestamp")


def restarts(pod: Resource) -> int:
    return sum(max(number(status, "restartCount"), 0) for _, status in containers(pod))


def containers(pod: Resource) -> Iterator[tuple[Resource, Resource]]:
    """Yield (spec, status) of each init and plain container of the pod that has a status."""
    for specs, statuses in (("initContainers", "initContainerStatuses"), ("containers", "containerStatuses")):
        by_name = {text(spec, "name"): spec for spec in mappings(pod, "spec", specs)}
        for status in mappings(pod, "status", statuses):
            yield by_name.get(text(status, "name"), {}), status


def desired(workload: Resource) -> int:
    """Return how many pods the live object wants: an autoscaler may have changed it."""
    kind = who(workload).kind
    if kind == "DaemonSet":
        return max(number(workload, "status", "desiredNumberScheduled"), 0)
    if kind == "Job":
        wanted = number(workload, "spec", "parallelism", default=1)
        return max(min(wanted, number(workload, "spec", "completions", default=wanted)), 0)
    return max(number(workload, "spec", "replicas", default=1), 0)


def can_surge(workload: Resource) -> bool:
    """Check whether a rolling update may remove an old pod before a new one is ready (`maxUnavailable` above 0)."""
    if text(workload, "spec", "strategy", "type") == "Recreate":
        return True
    limit = mapping(workload, "spec", "strategy", "rollingUpdate").get("maxUnavailable", "25%")
    if isinstance(limit, str):
        share = limit.removesuffix("%")
        return share.isdigit() and len(share) < 5 and int(share) * desired(workload) >= 100
    return isinstance(limit, int) and limit > 0
