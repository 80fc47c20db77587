"""Notes on objects: what people want to know beside their health, in a few words, and the containers of a pod."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.kube.shape import at, mapping, mappings, number, text
from atmos_cli.verify.fields import annotation, counted, said
from atmos_cli.verify.masking import shown
from atmos_cli.verify.pods import REVISION
from atmos_cli.verify.seen import Health, Status

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atmos_cli.kube.resource import Resource

_MOST_CONTAINERS = 100
_CONTAINERS = (
    ("initContainers", "initContainerStatuses", "init container"),
    ("containers", "containerStatuses", "container"),
    ("ephemeralContainers", "ephemeralContainerStatuses", "ephemeral container"),
)
_WAITS = frozenset({"", "ContainerCreating", "PodInitializing"})


def note_of(resource: Resource) -> str:
    """Return a note such as `revision 4` or `1 to 5 pods, now 2`; "" for kinds that have none."""
    note = _NOTES.get(text(resource, "kind"))
    return note(resource) if note else ""


def _workload(resource: Resource) -> str:
    revision = annotation(resource, REVISION)
    return f"revision {said(revision)}" if revision else ""


def _pod(resource: Resource) -> str:
    restarts = sum(
        max(number(each, "restartCount"), 0)
        for field in ("initContainerStatuses", "containerStatuses")
        for each in mappings(resource, "status", field)
    )
    node = text(resource, "spec", "nodeName")
    words = [f"on {said(node)}"] if node else []
    return ", ".join([*words, *([counted(restarts, "restart")] if restarts else [])])


def _slice(resource: Resource) -> str:
    ready = total = 0
    for endpoint in mappings(resource, "endpoints"):
        addresses = at(endpoint, "addresses")
        count = len(addresses) if isinstance(addresses, list) else 0
        total += count
        # By the API, an endpoint that does not say it counts as ready.
        ready += count if at(endpoint, "conditions", "ready") is not False else 0
    return f"{ready} of {total} ready"


def _autoscaler(resource: Resource) -> str:
    least = number(resource, "spec", "minReplicas", default=1)
    most = number(resource, "spec", "maxReplicas", default=least)
    return f"{least} to {most} pods, now {number(resource, 'status', 'currentReplicas')}"


def _claim(resource: Resource) -> str:
    size = text(resource, "status", "capacity", "storage") or text(resource, "spec", "resources", "requests", "storage")
    return ", ".join(said(word) for word in (text(resource, "status", "phase"), size) if word)


_NOTES: dict[str, Callable[[Resource], str]] = {
    "Deployment": _workload,
    "ReplicaSet": _workload,
    "Pod": _pod,
    "EndpointSlice": _slice,
    "HorizontalPodAutoscaler": _autoscaler,
    "PersistentVolumeClaim": _claim,
}


def containers_of(pod: Resource) -> Iterator[tuple[str, str, str, Health]]:
    """Yield (kind, name, image, health) of init containers, plain ones, and ephemeral ones that people added."""
    for specs, statuses, kind in _CONTAINERS:
        known = {text(each, "name"): each for each in mappings(pod, "status", statuses)}
        for spec in mappings(pod, "spec", specs)[:_MOST_CONTAINERS]:
            status = known.get(text(spec, "name"), {})
            health = container_health(status, sidecar=text(spec, "restartPolicy") == "Always", kind=kind)
            yield kind, shown(text(spec, "name")), shown(text(spec, "image")), health


def container_health(status: Resource, *, sidecar: bool, kind: str) -> Health:
    """Judge one container by its own status alone."""
    state: dict[str, Any] = mapping(status, "state")
    waiting, ended = mapping(state, "waiting"), mapping(state, "terminated")
    if ended:
        return _ended(ended)
    if "running" in state:
        if at(status, "ready") is True or (kind != "container" and not sidecar):
            return Health(Status.CURRENT, _before(status))
        return Health(Status.IN_PROGRESS, _joined("runs, but is not ready", _before(status)), "not-ready")
    reason = text(waiting, "reason")
    message = shown(text(waiting, "message"))
    if reason in _WAITS:
        return Health(Status.IN_PROGRESS, _joined(reason or "has not started", _before(status)), "waiting")
    doing = _joined(f"{shown(reason)}: {message}" if message else shown(reason), _before(status))
    return Health(Status.FAILED, doing, "waiting")


def _ended(ended: Resource) -> Health:
    code = number(ended, "exitCode", default=-1)
    reason = shown(text(ended, "reason"))
    if code == 0:
        return Health(Status.CURRENT, "completed")
    return Health(Status.FAILED, f"ended with exit code {code}" + (f" ({reason})" if reason else ""), "ended")


def _before(status: Resource) -> str:
    """Say how it ended before, when it was restarted; else ""."""
    restarts = max(number(status, "restartCount"), 0)
    last = mapping(status, "lastState", "terminated")
    if not restarts:
        return ""
    why = f", last exit code {number(last, 'exitCode', default=-1)} {shown(text(last, 'reason'))}".rstrip()
    return f"restarted {counted(restarts, 'time')}" + (why if last else "")


def _joined(*words: str) -> str:
    return "; ".join(word for word in words if word)
