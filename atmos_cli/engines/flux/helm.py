"""How far a commit has come by a Flux HelmRelease, whose revisions are versions of charts."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.engines.flux.source import OwnerState, not_attempted, say
from atmos_cli.kube.shape import at, mappings, number, text
from atmos_cli.verify.delivery.applied import applied
from atmos_cli.verify.delivery.proof import arrived, short
from atmos_cli.verify.delivery.revisions import commit, relation_of
from atmos_cli.verify.fields import condition
from atmos_cli.verify.seen import Arrival, Delivery, Order

if TYPE_CHECKING:
    from atmos_cli.verify.fields import Condition

# Helm failed while it waited for pods: everything was applied.
_WAITED = re.compile(r"timed out waiting|context deadline exceeded|not ready\b|status: '?(?:Failed|InProg)|wait for")


def delivery_by_helm(case: OwnerState) -> Delivery:
    """Judge how far the commit of `case.owner`, a HelmRelease, has come, as `delivery` does."""
    if at(case.owner, "metadata", "deletionTimestamp") is not None:
        return say(case, Arrival.FAILED, "release-deleting", "the HelmRelease is being deleted")
    if case.source_relation.order is Order.NEWER and not case.source_relation.inputs_equal:
        words = f"Flux has fetched {short(commit(case.artifact))}, a newer commit that changed this service again"
        return say(case, Arrival.SUPERSEDED, "superseded", words, final=True)
    stalled = condition(case.owner, "Stalled")
    if stalled.true and not stalled.stale and (stalled.reason == "AccessDenied" or case.relation.inputs_equal):
        return _rolled_back(case) or _stalled(case, stalled)
    if case.revision and not commit(case.revision):
        return _versioned(case)
    if not case.relation.inputs_equal:
        return not_attempted(case)
    return _attempted(case)


def _stalled(case: OwnerState, stalled: Condition) -> Delivery:
    released = condition(case.owner, "Released")
    why = released.message if released.false else stalled.message
    code = "retries-exceeded" if stalled.reason == "RetriesExceeded" else "stalled"
    return say(case, Arrival.FAILED, code, f"Helm gave up: {why}", final=True)


def _rolled_back(case: OwnerState) -> Delivery | None:
    remediated = condition(case.owner, "Remediated")
    if not remediated.true or remediated.stale:
        return None
    final = not condition(case.owner, "Reconciling").true
    words = f"Helm took the release back by itself, and Git still has the commit: {remediated.message}"
    return say(case, Arrival.FAILED, "remediated", words, final=final)


def _attempted(case: OwnerState) -> Delivery:
    ready, tested = condition(case.owner, "Ready"), condition(case.owner, "TestSuccess")
    retrying = condition(case.owner, "Reconciling").true
    taken_back = _rolled_back(case)
    if taken_back is not None and not ready.true:
        return taken_back
    if ready.true and not ready.stale:
        return _released(case)
    if ready.reason in {"DependencyNotReady", "SourceNotReady"}:
        return say(case, Arrival.PENDING, "dependency-not-ready", f"Flux waits: {ready.message}")
    if tested.false and ready.false:
        words = f"the release's own tests failed: {tested.message}"
        return say(case, Arrival.FAILED, "helm-test-failed", words, final=not retrying)
    if ready.false and _WAITED.search(ready.message):
        words = f"Helm applied {short(commit(case.revision))}, and it did not become healthy: {ready.message}"
        return Delivery(Arrival.ARRIVED, "applied-unhealthy", words, commit(case.revision))
    if ready.false:
        words = f"Helm cannot apply the commit: {ready.message}"
        return say(case, Arrival.FAILED, "helm-failed", words, final=not retrying)
    if case.snapshot.wanted and not applied(case.snapshot):
        words = f"Helm applied {short(commit(case.revision))} and waits for it"
        return Delivery(Arrival.ARRIVED, "checking-health", words, commit(case.revision))
    return say(case, Arrival.APPLYING, "applying", "Helm is applying the commit")


def _released(case: OwnerState) -> Delivery:
    last = next(iter(mappings(case.owner, "status", "history")), {})
    wanted = relation_of(case.relations, text(last, "chartVersion")).inputs_equal
    observed = number(case.owner, "status", "observedGeneration")
    if not wanted or text(last, "status") != "deployed":
        return say(case, Arrival.APPLYING, "applying", "Helm is applying the commit")
    if observed != number(case.owner, "metadata", "generation", default=observed) and not case.suspended:
        return say(case, Arrival.APPLYING, "spec-not-seen", "Flux has not yet seen the HelmRelease's new spec")
    revision = commit(case.revision)
    return arrived(case.snapshot, revision, message=f"Helm deployed {short(revision)}")


def _versioned(case: OwnerState) -> Delivery:
    """Judge a chart whose version names no commit (from a chart repository): only the live objects can tell."""
    ready = condition(case.owner, "Ready")
    if ready.false:
        words = f"Helm cannot apply the release: {ready.message}"
        return say(case, Arrival.FAILED, "helm-failed", words, final=False)
    if case.snapshot.wanted and not applied(case.snapshot):
        return say(case, Arrival.ARRIVED, "arrived", "the live objects show all that is wanted")
    words = "the chart's version names no commit, and the live objects do not show it yet"
    return say(case, Arrival.PENDING if case.snapshot.wanted else Arrival.UNKNOWN, "not-proved", words)
