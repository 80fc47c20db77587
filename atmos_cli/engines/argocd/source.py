"""Which commit an Application compares the cluster with; with a source hydrator, that is not the one it reads."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.engines.argocd.status import synced_revisions
from atmos_cli.kube.shape import at, mapping, text
from atmos_cli.verify.delivery.proof import short
from atmos_cli.verify.delivery.revisions import NOT_KNOWN, commit, relation_of
from atmos_cli.verify.fields import said
from atmos_cli.verify.seen import Arrival, Delivery, Order

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.seen import Relation


@dataclass(frozen=True, slots=True)
class ApplicationSource:
    """What an Application compares. `commit`: "" if the status names none. `hydrated`: its machine-written commit.

    `problem` is set when the hydrator has not got to the wanted commit.
    """

    revision: str
    commit: str
    relation: Relation
    hydrated: str = ""
    problem: Delivery | None = None


def compared(app: Resource, relations: Mapping[str, Relation]) -> ApplicationSource:
    """Return the source that is compared; of several, the first whose commit is known in this repository."""
    if mapping(app, "spec", "sourceHydrator"):
        return _hydrated(app, relations)
    named = synced_revisions(at(app, "status", "sync"))
    known = [revision for revision in named if relation_of(relations, revision).order is not Order.UNKNOWN]
    revision = next(iter((*known, *filter(commit, named), *named)), "")
    return ApplicationSource(revision, commit(revision), relation_of(relations, revision) if revision else NOT_KNOWN)


def _hydrated(app: Resource, relations: Mapping[str, Relation]) -> ApplicationSource:
    current = mapping(app, "status", "sourceHydrator", "currentOperation")
    dry, phase = commit(text(current, "drySHA")), text(current, "phase")
    hydrated, relation = commit(text(current, "hydratedSHA")), relation_of(relations, dry)
    problem = None
    if phase == "Failed" and relation.inputs_equal:
        words = f"Argo CD cannot hydrate the commit: {said(text(current, 'message'))}"
        problem = Delivery(Arrival.FAILED, "hydration-failed", words, dry)
    elif phase != "Hydrated" and relation.inputs_equal:
        problem = Delivery(Arrival.APPLYING, "hydrating", "Argo CD is writing the commit's manifests to Git", dry)
    elif relation.inputs_equal and hydrated not in synced_revisions(at(app, "status", "sync")):
        words = f"Argo CD has hydrated {short(dry)} and has not compared the result yet"
        problem = Delivery(Arrival.PENDING, "hydrated-not-compared", words, dry, refresh="normal")
    return ApplicationSource(dry, dry, relation, hydrated=hydrated, problem=problem)
