"""Reads which commits Flux' objects name, which was applied last, and whether one is paused."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.engines.flux.kinds import HELM, KUSTOMIZE
from atmos_cli.kube.shape import at, instant, mapping, mappings, text
from atmos_cli.verify.delivery.revisions import commit, commits, of_kind
from atmos_cli.verify.fields import condition
from atmos_cli.verify.masking import shown
from atmos_cli.verify.seen import Pause

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.seen import ClusterSnapshot


def revisions(snapshot: ClusterSnapshot) -> tuple[str, ...]:
    return commits(name for resource in snapshot.delivery for name in _named(mapping(resource)))


def _named(resource: Resource) -> Iterator[str]:
    yield text(resource, "status", "artifact", "revision")
    yield text(resource, "status", "artifact", "metadata", "org.opencontainers.image.revision")
    for name in ("lastAttemptedRevision", "lastAppliedRevision", "lastAppliedOriginRevision"):
        yield text(resource, "status", name)
    for past in mappings(resource, "status", "history")[:1]:
        yield text(past, "chartVersion")
        yield text(past, "metadata", "revision")


def applied_revision(snapshot: ClusterSnapshot) -> str:
    pointer = of_kind(snapshot, KUSTOMIZE, "Kustomization")
    names = (text(pointer, "status", name) for name in ("lastAppliedOriginRevision", "lastAppliedRevision"))
    release = mappings(of_kind(snapshot, HELM, "HelmRelease"), "status", "history")[:1]
    charts = (text(each, "chartVersion") for each in release)
    return next(filter(None, map(commit, (*names, *charts))), "")


def paused(snapshot: ClusterSnapshot) -> Pause | None:
    for each in reversed(snapshot.delivery):
        if at(each, "spec", "suspend") is True:
            kind = shown(text(each, "kind"))
            history = mappings(each, "status", "history")[:1]
            last = instant(history[0], "lastReconciled") or instant(history[0], "lastDeployed") if history else 0.0
            since = last or condition(each, "Ready").since
            return Pause(f"the {kind} is suspended", since)
    return None
