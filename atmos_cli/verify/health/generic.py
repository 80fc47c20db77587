"""Health rules that hold for every kind, and those for kinds that have none of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, instant, mapping, who
from atmos_cli.verify.fields import annotation, condition, conditions
from atmos_cli.verify.pods import is_observed
from atmos_cli.verify.seen import Health, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look

# Their controllers always write `status.observedGeneration`: until they do, the status is not about this spec.
_OBSERVED = frozenset(
    {
        ("apps", "Deployment"),
        ("apps", "ReplicaSet"),
        ("apps", "StatefulSet"),
        ("apps", "DaemonSet"),
        ("policy", "PodDisruptionBudget"),
        ("argoproj.io", "Rollout"),
    }
)
_YOUNG = 10.0


def current(message: str = "", code: str = "") -> Health:
    return Health(Status.CURRENT, message, code)


def in_progress(message: str, code: str = "in-progress") -> Health:
    return Health(Status.IN_PROGRESS, message, code)


def failed(message: str, code: str) -> Health:
    return Health(Status.FAILED, message, code)


def suspended(message: str, code: str = "suspended") -> Health:
    return Health(Status.SUSPENDED, message, code)


def first_signs(resource: Resource, *, suspends: bool = False, observes: bool = False) -> Health | None:
    """Judge what is the same for all kinds: being deleted, suspended, not yet seen, retrying, stalled; None for others.

    `suspends`: its controller heeds `spec.suspend`; `observes`: it always writes `status.observedGeneration`.
    """
    if at(resource, "metadata", "deletionTimestamp") is not None:
        return Health(Status.TERMINATING, "being deleted", "terminating")
    if suspends and at(resource, "spec", "suspend") is True:
        return suspended("suspended: its engine leaves it alone")
    observes = observes or who(resource)[:2] in _OBSERVED or at(resource, "status", "observedGeneration") is not None
    if observes and not is_observed(resource):
        ready = condition(resource, "Ready")
        stalled = condition(resource, "Stalled")
        if stalled.true and not stalled.stale:
            return failed(stalled.message or "it gave up", "stalled")
        return in_progress(ready.message if ready.false else "not yet seen by its controller", "not-observed")
    reconciling, stalled = condition(resource, "Reconciling"), condition(resource, "Stalled")
    if reconciling.true:
        ready = condition(resource, "Ready")
        return in_progress((ready.message if ready.false else "") or reconciling.message or "reconciling")
    if stalled.true:
        return failed(stalled.message or "it gave up", "stalled")
    return None


def unless_signs(
    judge: Callable[[Resource], Health], *, suspends: bool = False, observes: bool = False
) -> Callable[[Resource, Look], Health]:
    """Make a rule for `look_at` that applies `judge` to objects without any of the `first_signs`."""
    return lambda resource, _: first_signs(resource, suspends=suspends, observes=observes) or judge(resource)


def generic(resource: Resource, look: Look) -> Health:
    """Judge by `Ready`. Without conditions, it is good at once if it has no status, else after ten seconds."""
    ready = condition(resource, "Ready")
    if ready.status:
        if ready.true and not ready.stale:
            return current(ready.message)
        return in_progress(ready.message or ready.reason or "not ready", "not-ready")
    if any(True for _ in conditions(resource)) or not mapping(resource, "status"):
        return current()
    age = look.now - instant(resource, "metadata", "creationTimestamp")
    return current() if age >= _YOUNG else in_progress("no condition yet")


def by_ready(resource: Resource, *, code: str) -> Health:
    """Judge by `Ready`: True is good, False has failed, anything else or a stale one is in progress."""
    ready = condition(resource, "Ready")
    if ready.stale or ready.status not in {"True", "False"}:
        return in_progress(ready.message or "not ready yet", "not-ready")
    return current(ready.message) if ready.true else failed(ready.message or ready.reason or "not ready", code)


def is_paused_by(resource: Resource, name: str, *values: str) -> bool:
    """Check whether an annotation tells the controller to leave the object alone."""
    value = annotation(resource, name)
    return bool(value) and (not values or value in values)
