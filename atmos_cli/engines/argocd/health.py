"""Argo CD's own objects, as a tree shows them; whether a commit arrived is `delivery`'s to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.engines.argocd.errors import sync_failure
from atmos_cli.engines.argocd.files import GROUP
from atmos_cli.kube.shape import number, text
from atmos_cli.verify.fields import condition, conditions, said
from atmos_cli.verify.health.generic import current, failed, in_progress, unless_signs
from atmos_cli.verify.seen import Health, Status

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import HealthRules


def application(resource: Resource) -> Health:
    """Judge an Application: its own health proves little; errors, a failing sync and OutOfSync come first."""
    error = next((found for found in conditions(resource) if found.type.endswith("Error")), None)
    if error is not None:
        return failed(error.message or error.type, "argocd-error")
    phase, retries = text(resource, "status", "operationState", "phase"), number(_state(resource), "retryCount")
    if phase in {"Failed", "Error"}:
        return failed(sync_failure(resource) or "its last sync failed", "sync-failed")
    if phase in {"Running", "Terminating"}:
        why = sync_failure(resource)
        return failed(why, "sync-failing") if retries > 0 and why else in_progress(why or "syncing")
    sync, seen = text(resource, "status", "sync", "status"), text(resource, "status", "health", "status")
    if sync == "OutOfSync":
        return in_progress("OutOfSync", "out-of-sync")
    if seen == "Healthy" and sync == "Synced":
        return current()
    words = said(text(resource, "status", "health", "message"))
    known = {"Degraded": Status.FAILED, "Suspended": Status.SUSPENDED, "Missing": Status.MISSING}
    if seen in known:
        return Health(known[seen], words or seen, seen.lower())
    return in_progress(words or seen) if seen == "Progressing" else Health(Status.UNKNOWN, words, "unknown")


def _state(resource: Resource) -> object:
    status = resource.get("status")
    return status.get("operationState") if isinstance(status, dict) else None


def application_set(resource: Resource) -> Health:
    error = condition(resource, "ErrorOccurred")
    if error.true:
        return failed(error.message or error.reason, "applicationset-failed")
    done = condition(resource, "ResourcesUpToDate")
    return current() if done.true else in_progress(done.message or "not yet seen by its controller")


def project(_resource: Resource) -> Health:
    return current()


RULES: HealthRules = {
    (GROUP, "Application"): unless_signs(application),
    (GROUP, "ApplicationSet"): unless_signs(application_set),
    (GROUP, "AppProject"): unless_signs(project),
}
