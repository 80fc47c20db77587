"""Reads which commits an Application names, which it applied last, and whether it is paused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.engines.argocd.files import GROUP
from atmos_cli.kube.shape import at, instant, mapping, mappings, text, texts
from atmos_cli.verify.delivery.revisions import commit, commits, of_kind
from atmos_cli.verify.fields import annotation
from atmos_cli.verify.seen import Pause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.seen import ClusterSnapshot


def revisions(snapshot: ClusterSnapshot) -> tuple[str, ...]:
    return commits(name for resource in snapshot.delivery for name in _named(mapping(resource)))


def _named(resource: Resource) -> Iterator[str]:
    yield from synced_revisions(at(resource, "status", "sync"))
    operation = at(resource, "status", "operationState")
    yield from synced_revisions(at(operation, "syncResult"))
    yield from synced_revisions(at(operation, "operation", "sync"))
    yield from synced_revisions(at(resource, "operation", "sync"))
    for name in ("currentOperation", "lastSuccessfulOperation"):
        hydration = at(resource, "status", "sourceHydrator", name)
        yield from (text(hydration, "drySHA"), text(hydration, "hydratedSHA"))


def synced_revisions(node: object) -> tuple[str, ...]:
    """Return `revision` and `revisions` of an Application's sync status, sync result or sync operation."""
    return tuple(filter(None, (text(node, "revision"), *texts(node, "revisions"))))


def applied_revision(snapshot: ClusterSnapshot) -> str:
    app = of_kind(snapshot, GROUP, "Application")
    state = at(app, "status", "operationState")
    done = synced_revisions(at(state, "syncResult")) if text(state, "phase") == "Succeeded" else ()
    before = (r for each in reversed(mappings(app, "status", "history")) for r in synced_revisions(each))
    return next(filter(None, map(commit, (*done, *before))), "")


def paused(snapshot: ClusterSnapshot) -> Pause | None:
    app = of_kind(snapshot, GROUP, "Application")
    if not app:
        return None
    if annotation(app, "argocd.argoproj.io/skip-reconcile") == "true":
        return Pause("Argo CD leaves the Application alone (skip-reconcile)", instant(app, "status", "reconciledAt"))
    automated = at(app, "spec", "syncPolicy", "automated")
    if automated is None or at(automated, "enabled") is False:
        return Pause("automated sync is off", instant(app, "status", "operationState", "finishedAt"))
    return None
