"""How far a commit has come by a Flux Kustomization, its source first; HelmReleases are in `flux_helm`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.engines.flux.helm import delivery_by_helm
from atmos_cli.engines.flux.kinds import HELM, KUSTOMIZE
from atmos_cli.engines.flux.source import OwnerState, case_of, not_attempted, say
from atmos_cli.foreign import shell
from atmos_cli.kube.shape import at, mappings, number, text
from atmos_cli.verify.delivery.proof import DETERMINISTIC, arrived, short
from atmos_cli.verify.delivery.revisions import commit, of_kind, relation_of
from atmos_cli.verify.fields import condition, said
from atmos_cli.verify.seen import Arrival, Delivery, Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.seen import ClusterSnapshot, Relation

_CHECKING = re.compile(r"Running health checks for revision (\S{1,300}) with")
_UNHEALTHY = frozenset({"HealthCheckFailed", "HealthCheckCanceled"})
_CODES = {
    "BuildFailed": "manifests-failed",
    "ArtifactFailed": "artifact-failed",
    "ReconciliationFailed": "apply-failed",
    "PruneFailed": "prune-failed",
    "AccessDenied": "access-denied",
}


def delivery(snapshot: ClusterSnapshot, relations: Mapping[str, Relation], *, pushed: float) -> Delivery:
    """Judge how far a commit is, by the source and its Kustomization or HelmRelease in `snapshot.delivery`."""
    kustomization = of_kind(snapshot, KUSTOMIZE, "Kustomization")
    release = of_kind(snapshot, HELM, "HelmRelease")
    if not kustomization and not release:
        words = "no Kustomization or HelmRelease exists for it yet"
        return Delivery(Arrival.PENDING, "kustomization-missing", words)
    case = case_of(kustomization or release, snapshot, relations, pushed=pushed)
    found = _judge(case) if kustomization else delivery_by_helm(case)
    return _unless_suspended(case, found)


def _judge(case: OwnerState) -> Delivery:
    owner = case.owner
    stalled = condition(owner, "Stalled")
    if at(owner, "metadata", "deletionTimestamp") is not None:
        return say(case, Arrival.FAILED, "kustomization-deleting", "the Kustomization is being deleted")
    if stalled.true and not stalled.stale:
        code = "access-denied" if stalled.reason == "AccessDenied" else "stalled"
        return say(case, Arrival.FAILED, code, f"Flux gave up: {stalled.message}", final=True)
    if case.source_relation.order is Order.NEWER and not case.source_relation.inputs_equal:
        words = f"Flux has fetched {short(commit(case.artifact))}, a newer commit that changed this service again"
        return say(case, Arrival.SUPERSEDED, "superseded", words, final=True)
    if not case.relation.inputs_equal:
        return _path_missing(case) or not_attempted(case)
    return _attempted(case)


def _path_missing(case: OwnerState) -> Delivery | None:
    """Report an artifact without the path, which is refused before it counts as attempted."""
    ready = condition(case.owner, "Ready")
    if not (ready.false and ready.reason == "ArtifactFailed" and case.source_relation.inputs_equal):
        return None
    fresh = ready.since >= case.fetched
    code = "path-missing" if "path not found" in ready.message else "artifact-failed"
    final = fresh and code == "path-missing"
    return say(case, Arrival.FAILED, code, f"Flux cannot use the commit: {ready.message}", final=final)


def _attempted(case: OwnerState) -> Delivery:
    """Judge whether the wanted inputs, which Flux tries or tried, are applied."""
    ready = condition(case.owner, "Ready")
    if ready.stale and not case.suspended:
        return say(case, Arrival.APPLYING, "spec-not-seen", "Flux has not yet seen the Kustomization's new spec")
    if ready.true:
        return _ready(case)
    if ready.reason == "DependencyNotReady":
        return say(case, Arrival.PENDING, "dependency-not-ready", f"Flux waits: {ready.message}")
    if _is_checking_health(case) or ready.reason in _UNHEALTHY:
        return _applied(case, ready.message if ready.false else "")
    if ready.false:
        return _failed(case, ready.reason, ready.message)
    return _failed_before(case) or say(case, Arrival.APPLYING, "applying", "Flux is applying the commit")


def _ready(case: OwnerState) -> Delivery:
    status = case.owner.get("status")
    by_digest = text(status, "lastAppliedRevision") == text(status, "lastAttemptedRevision")
    if not by_digest and not relation_of(case.relations, text(status, "lastAppliedRevision")).inputs_equal:
        return say(case, Arrival.APPLYING, "applying", "Flux is applying the commit")
    observed = number(case.owner, "status", "observedGeneration")
    if observed != number(case.owner, "metadata", "generation", default=observed) and not case.suspended:
        return say(case, Arrival.APPLYING, "spec-not-seen", "Flux has not yet seen the Kustomization's new spec")
    if not mappings(case.owner, "status", "inventory", "entries"):
        words = "the commit renders no objects at all: Flux calls that Ready"
        return say(case, Arrival.FAILED, "nothing-rendered", words, final=True)
    name = short(commit(case.revision))
    return arrived(case.snapshot, commit(case.revision), message=f"Flux applied {name}")


def _applied(case: OwnerState, failure: str) -> Delivery:
    """Judge an apply by its health checks, which run only after it, whatever `lastAppliedRevision` says until then."""
    name, revision = short(commit(case.revision)), commit(case.revision)
    if failure:
        return Delivery(Arrival.ARRIVED, "applied-unhealthy", f"Flux applied {name}; its {failure}", revision)
    words = f"Flux applied {name} and checks its health"
    return Delivery(Arrival.ARRIVED, "checking-health", words, revision)


def _is_checking_health(case: OwnerState) -> bool:
    for kind in ("Reconciling", "Healthy"):
        found = condition(case.owner, kind)
        match = _CHECKING.search(found.message)
        if match and not found.false and found.reason.startswith("Progressing"):
            return commit(match[1]) == commit(case.revision)
    return False


def _failed(case: OwnerState, reason: str, message: str) -> Delivery:
    code = _CODES.get(reason, "flux-error")
    final = bool(DETERMINISTIC.search(message))
    return say(case, Arrival.FAILED, code, f"Flux cannot apply the commit: {message}", final=final)


def _failed_before(case: OwnerState) -> Delivery | None:
    """Report an earlier failure: while Flux tries again, `Ready` forgets why; the history, and an event, do not."""
    last = mappings(case.owner, "status", "history")[:1]
    same = last and commit(text(last[0], "metadata", "revision")) == commit(case.revision)
    reason = text(last[0], "lastReconciledStatus") if same else ""
    if condition(case.owner, "Reconciling").reason != "ProgressingWithRetry" and reason not in _UNHEALTHY:
        return None
    if reason in _UNHEALTHY:
        return _applied(case, "health check failed, and Flux tries again")
    return _failed(case, reason, "it failed before, and Flux tries again") if reason in _CODES else None


def _unless_suspended(case: OwnerState, found: Delivery) -> Delivery:
    """Report a suspended object, which keeps the conditions that it had, Ready=True among them."""
    if found.arrival in {Arrival.ARRIVED, Arrival.SUPERSEDED}:
        return found
    if case.suspended:
        kind = text(case.owner, "kind")
        found = say(case, Arrival.PAUSED, "suspended", f"the {kind} is suspended: someone has to resume it", final=True)
        return replace(found, next=_resume(kind.lower(), case.owner))
    source_waits = at(case.source, "spec", "suspend") is True and not case.source_relation.inputs_equal
    if source_waits and found.arrival is Arrival.PENDING:
        words = f"the {text(case.source, 'kind')} is suspended: someone has to resume it"
        found = say(case, Arrival.PAUSED, "source-suspended", words, final=True)
        return replace(found, next=_resume("source git", case.source))
    return found


def _resume(kind: str, owner: Resource) -> str:
    name, namespace = (shell(said(text(owner, "metadata", field))) for field in ("name", "namespace"))
    return f"flux resume {kind} {name} -n {namespace}"
