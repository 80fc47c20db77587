"""Reasons why waiting will not make a container run: image, configuration, crashes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from atmos_cli.kube.shape import at, instant, mapping, number, text
from atmos_cli.verify.fields import condition, counted, said
from atmos_cli.verify.pods import born
from atmos_cli.verify.promised import is_promised

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look

_PLATFORM = re.compile(r"no match(?:ing manifest)? for |does not match the specified platform", re.IGNORECASE)
_UNREACHABLE = re.compile(
    r"no such host|i/o timeout|connection refused|handshake timeout|timeout exceeded|deadline exceeded"
    r"|429 |toomanyrequests|rate limit|50[0234] |connection reset|unexpected EOF|temporary failure",
    re.IGNORECASE,
)
_MISSING = re.compile(
    r"manifest unknown|name unknown|: not found|404 not found|repository .{1,300} not found", re.IGNORECASE
)
_DENIED = re.compile(
    r"pull access denied|insufficient_scope|unauthorized|authentication required|403 forbidden|no basic auth|denied:",
    re.IGNORECASE,
)
_CACHE = re.compile(
    r"failed to sync .{1,100} cache|context deadline exceeded|failed to reserve container name", re.IGNORECASE
)
REFERENCE = re.compile(
    r"(secret|configmap) \"([^\"]{1,253})\" not found|couldn't find key (\S+) in (Secret|ConfigMap)", re.IGNORECASE
)
_CONFIGURED = frozenset({"CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"})
_PULLING = frozenset({"ErrImagePull", "ImagePullBackOff", "ImageInspectError", "RegistryUnavailable"})
_PULL_PATIENCE = 120.0
_CACHE_PATIENCE = 30.0
PROMISE_PATIENCE = 120.0


class Trouble(NamedTuple):
    """What is wrong with a container. `at`: since when, unix seconds, 0 when not known."""

    code: str
    message: str
    at: float


def trouble_of(spec: Resource, status: Resource, pod: Resource, look: Look) -> Trouble | None:
    """Return why this container of a new pod cannot become good any more, None while it may still become good."""
    name = said(text(status, "name"))
    found = _trouble(spec, status, pod, look)
    return found._replace(message=said(f"container {name}: {found.message}")) if found else None


def _trouble(spec: Resource, status: Resource, pod: Resource, look: Look) -> Trouble | None:
    waiting = mapping(status, "state", "waiting")
    reason, message = text(waiting, "reason"), said(text(waiting, "message"))
    image = said(text(spec, "image") or text(status, "image"))
    if reason == "CrashLoopBackOff":
        return _cannot_run(status) or _crashes(spec, status, look)
    if reason in _PULLING:
        return _pull(image, message, pod, look)
    if reason == "InvalidImageName":
        return Trouble("image-invalid", f"{image} is no valid image name", born(pod))
    if reason == "ErrImageNeverPull":
        return Trouble("image-missing", f"image {image} is not on the node and is never pulled", born(pod))
    if reason in _CONFIGURED:
        return _configuration(reason, message, pod, look)
    return _cannot_run(status)


def _crashes(spec: Resource, status: Resource, look: Look) -> Trouble | None:
    restarts, last = number(status, "restartCount"), mapping(status, "lastState", "terminated")
    ended = instant(last, "finishedAt")
    if restarts < 2 or (restarts < 3 and not (ended and look.now - ended >= 15)):
        return None
    if text(last, "reason") == "OOMKilled":
        return Trouble("oom-killed", memory_words(spec), ended)
    code = number(last, "exitCode", default=-1)
    exited = f"exit code {code}, " if code >= 0 else ""
    return Trouble("crash-loop", f"keeps crashing ({exited}restarted {counted(restarts, 'time')})", ended)


def memory_words(spec: Resource) -> str:
    limit = at(spec, "resources", "limits", "memory")
    most = f" of {said(str(limit))}" if isinstance(limit, str | float) else ""
    return f"killed again and again for using more than its memory limit{most}"


def _cannot_run(status: Resource) -> Trouble | None:
    for state in ("state", "lastState"):
        ended = mapping(status, state, "terminated")
        reason, code = text(ended, "reason"), number(ended, "exitCode")
        # 128: the container runtime or the node failed, and may succeed the next time.
        if (reason == "ContainerCannotRun" and code != 128) or reason == "StartError":
            why = said(text(ended, "message")) or f"its command fails with exit code {code}"
            return Trouble("cannot-start", f"cannot start: {why}", instant(ended, "finishedAt"))
    return None


def _pull(image: str, message: str, pod: Resource, look: Look) -> Trouble | None:
    """Judge a pull by its events too: the status of a back-off says little, the event before says why."""
    events = [e for e in look.events_of(pod) if e.reason in {"Failed", "BackOff", "InspectFailed"} and e.warning]
    pulls = [e for e in events if image and image in e.message] or events
    since = min((e.first for e in pulls if e.first), default=condition(pod, "PodScheduled").since or born(pod))
    words = " ".join((message, *(e.message for e in pulls)))
    if _PLATFORM.search(words):
        return Trouble("image-platform", f"image {image} has no variant for the node's architecture", since)
    if _UNREACHABLE.search(words):
        return None
    if _DENIED.search(words):
        return Trouble("image-denied", f"no permission to pull image {image}", since)
    if _MISSING.search(words):
        return Trouble("image-missing", f"image {image} does not exist", since)
    if look.now - since < _PULL_PATIENCE:
        return None
    return Trouble("image-pull", f"image {image} cannot be pulled: {message}", since)


def _configuration(reason: str, message: str, pod: Resource, look: Look) -> Trouble | None:
    since = condition(pod, "PodScheduled").since or born(pod)
    waited = look.now - since
    if _CACHE.search(message) and waited < _CACHE_PATIENCE:
        return None
    missing = REFERENCE.search(message)
    if missing is None:
        return Trouble("cannot-start", f"cannot start: {message or reason}", since)
    if missing[2] and is_promised(missing[1], missing[2], look) and waited < PROMISE_PATIENCE:
        return None
    return Trouble("config-missing", f"cannot start: {message}", since)
