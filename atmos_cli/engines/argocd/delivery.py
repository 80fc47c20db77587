"""How far a commit has come by an Argo CD Application, which is Synced and Healthy in many states that are not live."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.engines.argocd.errors import application_missing, failed_condition, sync_failure
from atmos_cli.engines.argocd.files import COMPARE_OPTIONS, GROUP, NAMESPACE
from atmos_cli.engines.argocd.source import ApplicationSource, compared
from atmos_cli.engines.argocd.status import synced_revisions
from atmos_cli.foreign import shell
from atmos_cli.kube.shape import at, instant, mapping, mappings, number, text, texts
from atmos_cli.verify.delivery.applied import applied
from atmos_cli.verify.delivery.proof import DETERMINISTIC, arrived, listed, short
from atmos_cli.verify.delivery.revisions import NOT_KNOWN, commit, of_kind, relation_of
from atmos_cli.verify.fields import annotation, conditions, said
from atmos_cli.verify.seen import Arrival, Delivery, Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.seen import ClusterSnapshot, Relation

# How long the repo-server may answer with the branch head it has in its cache, and hide an error of manifests.
_CACHED = 180.0
_WAITS_FOR_A_SYNC = frozenset({"older-commit", "older-still-shown", "sync-waiting", "out-of-sync"})


@dataclass(frozen=True, slots=True)
class _Operation:
    """The last sync: `revision` is what it syncs, `relation` how that relates to the wanted commit."""

    phase: str
    revision: str
    relation: Relation
    retries: int
    message: str
    finished: float


@dataclass(frozen=True, slots=True)
class _Seen:
    app: Resource
    snapshot: ClusterSnapshot
    source: ApplicationSource
    operation: _Operation
    pushed: float
    reconciled: float

    def says(self, arrival: Arrival, code: str, message: str, *, final: bool = False) -> Delivery:
        return Delivery(arrival, code, message, self.source.revision, final=final)


def delivery(snapshot: ClusterSnapshot, relations: Mapping[str, Relation], *, pushed: float) -> Delivery:
    """Judge how far the commit is by the Application of `snapshot.delivery`, or ApplicationSets if there is none."""
    app = of_kind(snapshot, GROUP, "Application")
    if not app:
        return application_missing(snapshot)
    source = compared(app, relations)
    reconciled = instant(app, "status", "reconciledAt")
    operation = _operation(app, relations, source)
    seen = _Seen(app, snapshot, source, operation=operation, pushed=pushed, reconciled=reconciled)
    return _unless_paused(seen, _judge(seen))


def _judge(seen: _Seen) -> Delivery:
    """Judge in the order of trust: what forbids any sync, which commit is compared, whether it was applied."""
    if at(seen.app, "metadata", "deletionTimestamp") is not None:
        return seen.says(Arrival.FAILED, "application-deleting", "the Application is being deleted")
    return (
        failed_condition(seen.app, seen.snapshot, "InvalidSpecError", revision=seen.source.revision)
        or _refreshing(seen)
        or seen.source.problem
        or _no_commit(seen)
        or _other_commit(seen)
        or _wanted_commit(seen)
    )


def _refreshing(seen: _Seen) -> Delivery | None:
    if annotation(seen.app, "argocd.argoproj.io/refresh"):
        return seen.says(Arrival.PENDING, "refreshing", "Argo CD was asked to look at Git again and has not done so")
    return None


def _no_commit(seen: _Seen) -> Delivery | None:
    """Judge an Application without a commit: Argo CD could not read or generate manifests; of which is not said."""
    if seen.source.commit:
        return None
    if seen.pushed and seen.reconciled <= seen.pushed:
        return _look_again(seen.says(Arrival.PENDING, "not-compared", "Argo CD has not looked at Git since the push"))
    errors = [found for found in conditions(seen.app) if found.type.endswith("Error")]
    if not errors:
        return _look_again(seen.says(Arrival.UNKNOWN, "not-compared", "Argo CD has not compared any commit yet"))
    failure = errors[0]
    final = failure.since >= seen.pushed > 0 and bool(DETERMINISTIC.search(failure.message))
    code = "path-missing" if "path does not exist" in failure.message else "manifests-failed"
    said_so = seen.says(Arrival.FAILED, code, f"Argo CD cannot generate manifests: {failure.message}", final=final)
    return said_so if final else _look_again(said_so)


def _other_commit(seen: _Seen) -> Delivery | None:
    """Judge when the compared commit does not hold the wanted inputs."""
    relation, name = seen.source.relation, short(seen.source.commit)
    if relation.inputs_equal:
        return None
    if relation.order is Order.NEWER:
        words = f"Argo CD is at {name}, a newer commit that changed this service again"
        return seen.says(Arrival.SUPERSEDED, "superseded", words, final=True)
    if relation.order is Order.UNKNOWN:
        words = f"Argo CD is at {name}, which is no known commit of this repository"
        return _look_again(seen.says(Arrival.UNKNOWN, "revision-unknown", words))
    late = seen.pushed > 0 and seen.snapshot.at - seen.pushed > _CACHED
    if relation.order is Order.DIVERGED:
        words = f"Argo CD is at {name}, which is not on the wanted commit's line of history: it follows another branch"
        if late and seen.reconciled > seen.pushed:
            return seen.says(Arrival.DIVERGED, "diverged", words, final=True)
        return _look_again(seen.says(Arrival.PENDING, "not-compared", words))
    return _older(seen, name)


def _older(seen: _Seen, name: str) -> Delivery:
    operation = seen.operation
    retries = operation.phase in {"Running", "Terminating"} and operation.retries and operation.revision
    if retries and not operation.relation.inputs_equal:
        words = f"Argo CD keeps retrying the older commit {short(operation.revision)}: {sync_failure(seen.app)}"
        return _look_again(seen.says(Arrival.PENDING, "older-sync-retrying", words))
    if seen.pushed and seen.reconciled > seen.pushed:
        words = f"Argo CD looked at Git after the push and still shows the older commit {name}: its cache is old, or it"
        words += " hides an error in the manifests for up to 3 minutes"
        return _look_again(seen.says(Arrival.PENDING, "older-still-shown", words))
    return _look_again(seen.says(Arrival.PENDING, "older-commit", f"Argo CD is still at the older commit {name}"))


def _wanted_commit(seen: _Seen) -> Delivery:
    """Judge whether the wanted inputs, which the compared commit holds, were applied."""
    revision, operation = seen.source.revision, seen.operation
    if seen.source.relation.order is Order.OLDER and 0 < seen.reconciled <= seen.pushed:
        words = "Argo CD has not looked at Git since the push"
        return _look_again(seen.says(Arrival.PENDING, "not-compared", words))
    running = operation.phase in {"Running", "Terminating"}
    if running and operation.relation.inputs_equal and not operation.retries:
        words = operation.message or "Argo CD is applying the commit"
        return seen.says(Arrival.APPLYING, "applying", words)
    if running:
        return _retrying(seen)
    if operation.phase in {"Failed", "Error"} and operation.relation.inputs_equal:
        return _gave_up(seen)
    failed = failed_condition(seen.app, seen.snapshot, "Error", revision=revision)
    return failed or _at_rest(seen)


def _retrying(seen: _Seen) -> Delivery:
    failure = sync_failure(seen.app)
    if not seen.operation.revision:
        words = f"Argo CD tries again, with the newest commit (attempt {seen.operation.retries})"
        return seen.says(Arrival.APPLYING, "applying", words)
    if not seen.operation.relation.inputs_equal:
        words = f"Argo CD is busy with another commit, {short(seen.operation.revision)}: {failure or 'syncing'}"
        return seen.says(Arrival.PENDING, "other-sync-running", words)
    code = "shared-resource" if failure.startswith("Shared resource found") else "sync-failing"
    words = f"Argo CD cannot apply the commit: {failure} (attempt {seen.operation.retries})"
    return seen.says(Arrival.FAILED, code, words, final=bool(DETERMINISTIC.search(failure)))


def _gave_up(seen: _Seen) -> Delivery:
    """Judge a sync after its last retry: the same commit is never synced again; any other commit is."""
    words = f"Argo CD gave up applying the commit: {sync_failure(seen.app)}"
    same = seen.operation.revision == seen.source.revision or not seen.source.revision
    return seen.says(Arrival.FAILED, "sync-failed", words, final=same)


def _at_rest(seen: _Seen) -> Delivery:
    status = text(seen.app, "status", "sync", "status")
    proved = seen.operation.relation.inputs_equal and seen.operation.phase == "Succeeded"
    if status == "Synced":
        return _synced(seen, proved=proved)
    if status == "OutOfSync":
        return _applied_yet_out_of_sync(seen) if proved else _waiting(seen)
    words = "Argo CD cannot say whether the live objects are as wanted"
    return _look_again(seen.says(Arrival.UNKNOWN, "comparison-unknown", words))


def _synced(seen: _Seen, *, proved: bool) -> Delivery:
    name = short(seen.source.commit)
    if not mappings(seen.app, "status", "resources"):
        words = "the commit renders no objects at all: Argo CD calls that Synced and Healthy"
        return seen.says(Arrival.FAILED, "nothing-rendered", words, final=True)
    if proved:
        return arrived(seen.snapshot, seen.source.revision, message=f"Argo CD applied {name}")
    if not seen.snapshot.wanted:
        words = f"Argo CD says Synced at {name} without having applied it, and there is nothing to prove it by"
        return seen.says(Arrival.UNKNOWN, "not-proved", words)
    drift = applied(seen.snapshot)
    if not drift:
        words = f"no sync was needed for {name}: the live objects already show it"
        return Delivery(Arrival.ARRIVED, "arrived", words, seen.source.revision)
    words = f"Argo CD says Synced at {name}, but the live objects do not show it: {listed(drift)}"
    compare = annotation(seen.app, COMPARE_OPTIONS)
    if "ServerSideDiff=true" in compare:
        words += "; its option ServerSideDiff=true hides objects that the API server refuses"
        return _look_again(seen.says(Arrival.FAILED, "false-synced", words), hard=True)
    by_server = "ServerSideApply=true" in texts(seen.app, "spec", "syncPolicy", "syncOptions")
    if by_server and "ServerSideDiff=false" not in compare:
        words += (
            "; from Argo CD 3.6 on, its option ServerSideApply=true alone hides objects that the API server refuses:"
        )
        words += f" give it the annotation {COMPARE_OPTIONS}: ServerSideDiff=false, as `atmos update` does"
    # A webhook or a controller may have written the difference: reason enough not to pass, too little to fail.
    return _look_again(seen.says(Arrival.UNKNOWN, "not-proved", words), hard=True)


def _applied_yet_out_of_sync(seen: _Seen) -> Delivery:
    revision, name = seen.source.revision, short(seen.source.commit)
    if seen.reconciled and seen.reconciled < seen.operation.finished:
        words = "Argo CD has not compared the cluster again since its sync"
        return _look_again(seen.says(Arrival.APPLYING, "not-compared-since-sync", words))
    differing = [r for r in mappings(seen.app, "status", "resources") if text(r, "status") == "OutOfSync"]
    kept = [r for r in differing if at(r, "requiresPruning") is True]
    if differing and len(kept) == len(differing):
        names = ", ".join(said(f"{text(r, 'kind')}/{text(r, 'name')}") for r in kept[:3])
        words = f"Argo CD applied {name}; {names} is no longer in Git but kept, so it stays OutOfSync"
        return Delivery(Arrival.ARRIVED, "arrived-kept-objects", words, revision)
    shared = next((found for found in conditions(seen.app) if found.type == "SharedResourceWarning"), None)
    if shared is not None:
        words = f"two Applications overwrite each other: {shared.message}"
        return seen.says(Arrival.FAILED, "shared-resource", words)
    if seen.snapshot.wanted and not applied(seen.snapshot):
        words = f"Argo CD applied {name} and calls it OutOfSync, but the live objects show all that is wanted"
        return Delivery(Arrival.ARRIVED, "arrived-out-of-sync", words, revision)
    words = f"Argo CD applied {name}, but something changed it again: OutOfSync"
    return _look_again(seen.says(Arrival.APPLYING, "out-of-sync", words))


def _waiting(seen: _Seen) -> Delivery:
    if mapping(seen.app, "operation"):
        return seen.says(Arrival.APPLYING, "applying", "Argo CD is about to apply the commit")
    words = "Argo CD has seen the commit and has not started to apply it; a sync window may hold it back"
    return _look_again(seen.says(Arrival.APPLYING, "sync-waiting", words))


def _unless_paused(seen: _Seen, found: Delivery) -> Delivery:
    """Say that a person is needed where automation is off and nothing that is missing is under way."""
    if found.arrival in {Arrival.ARRIVED, Arrival.SUPERSEDED} or found.final:
        return found
    name = shell(said(text(seen.app, "metadata", "name")))
    if annotation(seen.app, "argocd.argoproj.io/skip-reconcile") == "true":
        words = "the Application has the annotation skip-reconcile: Argo CD leaves it alone"
        on = f"kubectl -n {NAMESPACE} annotate application {name} argocd.argoproj.io/skip-reconcile-"
        return replace(seen.says(Arrival.PAUSED, "reconciliation-paused", words, final=True), next=on)
    automated = at(seen.app, "spec", "syncPolicy", "automated")
    off = automated is None or at(automated, "enabled") is False
    if off and found.code in _WAITS_FOR_A_SYNC:
        words = "automated sync is off for this Application: someone has to sync it"
        paused = seen.says(Arrival.PAUSED, "automation-paused", words, final=True)
        return replace(paused, next=f"argocd app sync {name}")
    return found


def _look_again(found: Delivery, *, hard: bool = False) -> Delivery:
    return replace(found, refresh="hard" if hard else "normal")


def _operation(app: Resource, relations: Mapping[str, Relation], source: ApplicationSource) -> _Operation:
    state = mapping(app, "status", "operationState")
    wanted = synced_revisions(at(state, "syncResult")) or synced_revisions(at(state, "operation", "sync"))
    named = [revision for revision in wanted if commit(revision)]
    revision = next(
        (r for r in named if relation_of(relations, r).order is not Order.UNKNOWN), named[0] if named else ""
    )
    if source.hydrated and revision == source.hydrated:
        relation = source.relation
    else:
        relation = relation_of(relations, revision) if revision else NOT_KNOWN
    retries = number(state, "retryCount")
    if "Retrying attempt" in text(state, "message"):
        retries = max(retries, 1)
    phase, message = text(state, "phase"), said(text(state, "message"))
    finished = instant(state, "finishedAt")
    return _Operation(phase, revision, relation, retries=max(retries, 0), message=message, finished=finished)
