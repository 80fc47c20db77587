"""Health of PersistentVolumeClaims, and of the kinds of operators that hold data."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from atmos_cli.kube.operators import OPERATED
from atmos_cli.kube.shape import mappings, number, text, who
from atmos_cli.verify.fields import said
from atmos_cli.verify.health.generic import current, failed, in_progress, is_paused_by, suspended

if TYPE_CHECKING:
    from collections.abc import Callable

    from atmos_cli.kube.operators import OperatedKind, StatusField
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look
    from atmos_cli.verify.seen import Health


def claim(resource: Resource, look: Look) -> Health:
    phase = text(resource, "status", "phase")
    if phase == "Bound":
        return current()
    if phase == "Lost":
        return failed("its volume is gone", "volume-lost")
    events = look.events_of(resource)
    missing = next((e for e in events if "storageclass" in e.message.lower() and "not found" in e.message), None)
    if missing is not None:
        return failed(missing.message, "storage-class-missing")
    waits = any(event.reason == "WaitForFirstConsumer" for event in events) or _binds_late(resource, look)
    if waits and not _is_used(resource, look):
        return current("bound when the first pod uses it", "waits-for-consumer")
    return in_progress(events[-1].message if events else "not bound yet")


def _binds_late(resource: Resource, look: Look) -> bool:
    name = text(resource, "spec", "storageClassName")
    classes = look.of_kind("storage.k8s.io", "StorageClass")
    found = next((c for c in classes if who(c).name == name), None)
    return text(found, "volumeBindingMode") == "WaitForFirstConsumer"


def _is_used(resource: Resource, look: Look) -> bool:
    identity = who(resource)
    for pod in look.of_kind("", "Pod"):
        for volume in mappings(pod, "spec", "volumes"):
            named = text(volume, "persistentVolumeClaim", "claimName") == identity.name
            if named and who(pod).namespace == identity.namespace:
                return True
    return False


def _operated(row: OperatedKind, status: StatusField, resource: Resource, _look: Look) -> Health:
    """Judge by what the operator itself says, in the fields that its row names."""
    for name, value, means in row.pauses:
        if is_paused_by(resource, name, value):
            return suspended(means)
    phase, why = said(text(resource, *status.phase)), said(text(resource, *status.reason))
    words = f"{phase}: {why}" if why else phase
    if phase == status.healthy:
        wanted = number(resource, *status.instances, default=number(resource, *status.wanted, default=1))
        ready = number(resource, *status.ready)
        if ready == wanted:
            return current(f"{ready} of {wanted} instances ready")
        return in_progress(f"{ready} of {wanted} instances ready")
    if any(sign.lower() in phase.lower() for sign in status.lost):
        return failed(words, row.data)
    return in_progress(words or "not yet seen by its operator")


ROWS: dict[tuple[str, str], Callable[[Resource, Look], Health]] = {
    ("", "PersistentVolumeClaim"): claim,
    **{kind: partial(_operated, row, row.status) for kind, row in OPERATED.items() if row.status is not None},
}
