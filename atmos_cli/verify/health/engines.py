"""The engines' own objects, as a tree shows them; whether a commit arrived is `delivery`'s to say."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import number, text
from atmos_cli.verify.delivery.argocd_errors import sync_failure
from atmos_cli.verify.fields import condition, conditions, said
from atmos_cli.verify.health.generic import by_ready, current, failed, in_progress
from atmos_cli.verify.seen import Health, Status

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look


def application(resource: Resource, _look: Look) -> Health:
    """Its own health proves little: errors, a failing sync and OutOfSync come first."""
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


def application_set(resource: Resource, _look: Look) -> Health:
    error = condition(resource, "ErrorOccurred")
    if error.true:
        return failed(error.message or error.reason, "applicationset-failed")
    done = condition(resource, "ResourcesUpToDate")
    return current() if done.true else in_progress(done.message or "not yet seen by its controller")


def kustomization(resource: Resource, _look: Look) -> Health:
    ready = condition(resource, "Ready")
    if ready.false and ready.reason == "DependencyNotReady":
        return in_progress(ready.message or "waits for what it depends on", "dependency-not-ready")
    return by_ready(resource, code="flux-error")


def release(resource: Resource, _look: Look) -> Health:
    ready, taken_back = condition(resource, "Ready"), condition(resource, "Remediated")
    if taken_back.true and ready.false:
        return failed(f"Helm took it back: {taken_back.message}", "remediated")
    return kustomization(resource, _look)


def project(_resource: Resource, _look: Look) -> Health:
    return current()


def source(resource: Resource, _look: Look) -> Health:
    fetch = condition(resource, "FetchFailed")
    if fetch.true:
        return failed(fetch.message, "source-failed")
    return by_ready(resource, code="source-failed")


_SOURCES = ("GitRepository", "OCIRepository", "HelmRepository", "HelmChart", "Bucket", "ExternalArtifact")
ROWS = {
    ("argoproj.io", "Application"): application,
    ("argoproj.io", "ApplicationSet"): application_set,
    ("argoproj.io", "AppProject"): project,
    ("kustomize.toolkit.fluxcd.io", "Kustomization"): kustomization,
    ("helm.toolkit.fluxcd.io", "HelmRelease"): release,
    **{("source.toolkit.fluxcd.io", kind): source for kind in _SOURCES},
}
