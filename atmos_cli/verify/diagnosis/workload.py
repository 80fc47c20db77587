"""The workload of a target among live objects: its new revision, its pods and their containers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.shape import at, instant, mapping, mappings, strings, whole
from atmos_cli.verify.masking import plain_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.model import Target

_KINDS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout")
_REVISION = "deployment.kubernetes.io/revision"
_HASHES = ("pod-template-hash", "controller-revision-hash", "rollouts-pod-template-hash")


@dataclass(frozen=True, slots=True)
class End:
    """How a run of a container ended."""

    reason: str
    code: int | None
    message: str
    at: float


@dataclass(frozen=True, slots=True)
class Container:
    """One container of one pod: its `spec`, and what its status says."""

    pod: str
    name: str
    spec: dict[str, Any]
    init: bool = False
    running: bool = False
    ready: bool = False
    restarts: int = 0
    waiting: str = ""
    message: str = ""
    ends: tuple[End, ...] = ()

    @property
    def image(self) -> str:
        return plain_text(self.spec, "image")

    @property
    def crashing(self) -> bool:
        """Return whether it ended badly, or keeps ending."""
        return self.waiting == "CrashLoopBackOff" or any(end.code not in (0, None) for end in self.ends)


@dataclass(frozen=True, slots=True)
class SeenPod:
    name: str
    object: Resource
    new: bool
    owner: str = ""
    containers: tuple[Container, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)

    @property
    def node(self) -> str:
        return plain_text(self.object, "spec", "nodeName")

    @property
    def ready(self) -> bool:
        return any(
            row.get("type") == "Ready" and row.get("status") == "True"
            for row in mappings(self.object, "status", "conditions")
        )

    @property
    def born(self) -> float:
        return instant(self.object, "metadata", "creationTimestamp")


def workload_of(objects: Iterable[Resource], target: Target) -> Resource | None:
    """Return the object that owns the pods, found by the target's name among the kinds that roll; else None."""
    found = [o for o in objects if o.get("kind") in _KINDS and plain_text(o, "metadata", "name") == target.workload]
    return found[0] if found else None


def new_owner(objects: Sequence[Resource], workload: Resource | None) -> Resource | None:
    """Return a Deployment's newest ReplicaSet: that with its revision, else with the highest, else the youngest."""
    name = plain_text(workload, "metadata", "name")
    sets = [o for o in objects if o.get("kind") == "ReplicaSet" and (not workload or _owner(o) == name)]
    wanted = plain_text(workload, "metadata", "annotations", _REVISION)
    for found in sets:
        if wanted and plain_text(found, "metadata", "annotations", _REVISION) == wanted:
            return found
    return max(sets, key=_age, default=None)


def pods_of(objects: Sequence[Resource], workload: Resource | None, target: Target) -> tuple[SeenPod, ...]:
    """Return the pods of the workload, and of the Jobs among the objects; pods that are being deleted are left out."""
    newest = new_owner(objects, workload)
    current = _current_hash(workload, newest)
    jobs = {plain_text(o, "metadata", "name") for o in objects if o.get("kind") == "Job"}
    sets = {plain_text(o, "metadata", "name") for o in objects if o.get("kind") == "ReplicaSet"}
    name = plain_text(workload, "metadata", "name") or target.workload
    found = []
    for pod in objects:
        if pod.get("kind") != "Pod" or at(pod, "metadata", "deletionTimestamp"):
            continue
        owner = _owner(pod)
        mine = owner in sets or owner in jobs or owner == name or (not owner and not sets)
        if mine or owner.startswith(f"{name}-"):
            new = owner in jobs or _is_new(pod, newest=newest, current=current)
            found.append(_pod(pod, new=new, owner=owner))
    return tuple(found)


def _is_new(pod: Resource, *, newest: Resource | None, current: str) -> bool:
    if newest is not None and _owner(pod) == plain_text(newest, "metadata", "name"):
        return True
    carried = strings(pod, "metadata", "labels")
    hashes = [carried[key] for key in _HASHES if key in carried]
    if current and hashes:
        return current in hashes
    return newest is None


def _current_hash(workload: Resource | None, newest: Resource | None) -> str:
    found = plain_text(workload, "status", "updateRevision") or plain_text(workload, "status", "currentPodHash")
    return found or strings(newest, "metadata", "labels").get("pod-template-hash", "")


def _owner(resource: Resource) -> str:
    owners = mappings(resource, "metadata", "ownerReferences")
    return next(
        (plain_text(o, "name") for o in owners if o.get("controller")), plain_text(owners[0], "name") if owners else ""
    )


def _age(resource: Resource) -> tuple[int, float]:
    revision = plain_text(resource, "metadata", "annotations", _REVISION)
    number = int(revision) if revision.isascii() and revision.isdigit() and len(revision) < 10 else 0
    return number, instant(resource, "metadata", "creationTimestamp")


def _pod(pod: Resource, *, new: bool, owner: str) -> SeenPod:
    name = plain_text(pod, "metadata", "name")
    found = []
    for specs, statuses, init in (
        ("initContainers", "initContainerStatuses", True),
        ("containers", "containerStatuses", False),
    ):
        by_name = {plain_text(row, "name"): row for row in mappings(pod, "status", statuses)}
        for spec in mappings(pod, "spec", specs):
            found.append(_container(name, spec, by_name.pop(plain_text(spec, "name"), {}), init=init))  # noqa: PERF401
        found += [_container(name, {"name": left}, row, init=init) for left, row in by_name.items()]
    return SeenPod(
        name=name, object=pod, new=new, owner=owner, containers=tuple(found), labels=strings(pod, "metadata", "labels")
    )


def _container(pod: str, spec: dict[str, Any], status: dict[str, Any], *, init: bool) -> Container:
    ends = [mapping(status, when, "terminated") for when in ("state", "lastState")]
    return Container(
        pod,
        plain_text(spec, "name"),
        spec,
        init,
        running=bool(mapping(status, "state").get("running") is not None),
        ready=status.get("ready") is True,
        restarts=whole(status, "restartCount") or 0,
        waiting=plain_text(status, "state", "waiting", "reason"),
        message=plain_text(status, "state", "waiting", "message"),
        ends=tuple(
            End(plain_text(e, "reason"), whole(e, "exitCode"), plain_text(e, "message"), instant(e, "finishedAt"))
            for e in ends
            if e
        ),
    )
