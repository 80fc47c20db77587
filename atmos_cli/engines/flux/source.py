"""The first half of a delivery by Flux: its source fetches the commit, then its controller takes it up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.engines.flux.kinds import SOURCE
from atmos_cli.kube.shape import at, instant, text
from atmos_cli.verify.delivery.proof import short
from atmos_cli.verify.delivery.revisions import NOT_KNOWN, commit, of_kind, relation_of
from atmos_cli.verify.fields import condition, said
from atmos_cli.verify.seen import Arrival, Delivery, Order

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.seen import ClusterSnapshot, Relation

_QUEUED = 60.0
WITH_ARTIFACTS = ("GitRepository", "OCIRepository", "Bucket", "ExternalArtifact")


@dataclass(frozen=True, slots=True)
class OwnerState:
    """A Kustomization or HelmRelease (`owner`), its source ({} if not seen), and how both relate to the commit.

    `revision` is what the owner attempted, `artifact` what the source holds, `fetched` since when (0: not known).
    """

    owner: Resource
    source: Resource
    snapshot: ClusterSnapshot
    relations: Mapping[str, Relation]
    pushed: float
    revision: str
    relation: Relation
    artifact: str
    source_relation: Relation
    fetched: float
    suspended: bool


def case_of(
    owner: Resource, snapshot: ClusterSnapshot, relations: Mapping[str, Relation], *, pushed: float
) -> OwnerState:
    """Collect the state of an owner; revisions of OCI artifacts are digests, so their origin names the commit."""
    status = at(owner, "status")
    attempted = text(status, "lastAttemptedRevision")
    source = of_kind(snapshot, SOURCE, *WITH_ARTIFACTS)
    held = text(source, "status", "artifact", "revision")
    origin = text(source, "status", "artifact", "metadata", "org.opencontainers.image.revision")
    if attempted and not commit(attempted):
        applied = text(status, "lastAppliedOriginRevision") if text(status, "lastAppliedRevision") == attempted else ""
        attempted = (origin if held == attempted else "") or applied or attempted
    held = held if commit(held) else origin or held
    return OwnerState(
        owner=owner,
        source=source,
        snapshot=snapshot,
        relations=relations,
        pushed=pushed,
        revision=attempted,
        relation=relation_of(relations, attempted) if attempted else NOT_KNOWN,
        artifact=held,
        source_relation=relation_of(relations, held) if held else NOT_KNOWN,
        fetched=instant(source, "status", "artifact", "lastUpdateTime"),
        suspended=at(owner, "spec", "suspend") is True,
    )


def say(
    case: OwnerState,
    arrival: Arrival,
    code: str,
    message: str,
    *,
    final: bool = False,
    refresh: Literal["", "normal", "hard"] = "",
) -> Delivery:
    """Return a Delivery whose revision is the commit that the owner attempted."""
    revision = commit(case.revision) or said(case.revision)
    return Delivery(arrival, code, message, revision=revision, final=final, refresh=refresh)


def not_attempted(case: OwnerState) -> Delivery:
    """Say why the owner has not attempted the wanted inputs: superseded, diverged, or waiting for something."""
    name = short(commit(case.revision))
    if case.relation.order is Order.NEWER:
        words = f"Flux is at {name}, a newer commit that changed this service again"
        return say(case, Arrival.SUPERSEDED, "superseded", words, final=True)
    return _source(case) or _owner(case, name)


def _source(case: OwnerState) -> Delivery | None:
    """Report a broken source, which leaves its Kustomizations Ready=True on the old commit."""
    if not case.source or case.source_relation.inputs_equal:
        return None
    kind, ready = text(case.source, "kind"), condition(case.source, "Ready")
    stalled = condition(case.source, "Stalled")
    if stalled.true and not stalled.stale:
        return say(case, Arrival.FAILED, "source-stalled", f"the {kind} gave up: {stalled.message}", final=True)
    failed = condition(case.source, "FetchFailed")
    if failed.true or ready.false:
        message = failed.message or ready.message
        words = f"Flux cannot fetch from Git: {message}"
        return say(case, Arrival.FAILED, "source-failed", words, refresh="normal")
    order, name = case.source_relation.order, short(commit(case.artifact))
    if order is Order.DIVERGED:
        words = f"the {kind} is at {name}, which is not on the wanted commit's line of history"
        late = case.pushed > 0 and case.fetched > case.pushed
        refresh: Literal["", "normal"] = "" if late else "normal"
        return say(case, Arrival.DIVERGED if late else Arrival.PENDING, "diverged", words, final=late, refresh=refresh)
    if order is Order.UNKNOWN and commit(case.artifact):
        words = f"the {kind} is at {name}, which is no known commit of this repository"
        return say(case, Arrival.UNKNOWN, "revision-unknown", words, refresh="normal")
    words = f"the {kind} has not fetched the commit yet" + (f"; it is at {name}" if case.artifact else "")
    return say(case, Arrival.PENDING, "not-fetched", words, refresh="normal")


def _owner(case: OwnerState, name: str) -> Delivery:
    kind, ready = text(case.owner, "kind"), condition(case.owner, "Ready")
    if ready.reason == "DependencyNotReady":
        return say(case, Arrival.PENDING, "dependency-not-ready", f"Flux waits: {ready.message}")
    if case.source_relation.inputs_equal:
        waited = case.snapshot.at - case.fetched if case.fetched else 0.0
        words = f"Flux has fetched the commit, and the {kind} waits for its turn at {name}"
        if waited > _QUEUED:
            words += ": workers are busy with others, or it depends on something that is not ready"
        return say(case, Arrival.PENDING, "queued", words, refresh="normal" if waited > _QUEUED else "")
    if case.relation.order is Order.DIVERGED:
        words = f"Flux is at {name}, which is not on the wanted commit's line of history"
        return say(case, Arrival.DIVERGED, "diverged", words, refresh="normal")
    if case.relation.order is Order.UNKNOWN and commit(case.revision):
        words = f"Flux is at {name}, which is no known commit of this repository"
        return say(case, Arrival.UNKNOWN, "revision-unknown", words, refresh="normal")
    words = f"Flux is still at {name}" if case.revision else f"the {kind} has attempted no commit yet"
    return say(case, Arrival.PENDING, "older-commit", words, refresh="normal")
