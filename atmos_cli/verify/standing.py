"""How one deployment stands: what was applied for it, how that is, and where it is not as wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, instant, mappings, text
from atmos_cli.verify.delivery import delivery
from atmos_cli.verify.delivery.applied import applied
from atmos_cli.verify.delivery.revisions import commit, of_kind, synced_revisions
from atmos_cli.verify.fields import annotation, condition
from atmos_cli.verify.masking import shown
from atmos_cli.verify.rollout import rollout
from atmos_cli.verify.seen import Arrival, Health, Status

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.kube.resource import Identity
    from atmos_cli.verify.delivery.applied import Drift
    from atmos_cli.verify.model import Engine
    from atmos_cli.verify.seen import Delivery, Relation, Scene

_WORKLOADS = frozenset({"Deployment", "StatefulSet", "DaemonSet", "Rollout", "Job", "Cluster"})
# The order in which people must act.
_WORST_FIRST = (
    Status.FAILED,
    Status.MISSING,
    Status.UNKNOWN,
    Status.IN_PROGRESS,
    Status.TERMINATING,
    Status.SUSPENDED,
    Status.CURRENT,
)
_ARRIVALS = {
    Arrival.ARRIVED: Status.CURRENT,
    Arrival.FAILED: Status.FAILED,
    Arrival.PAUSED: Status.SUSPENDED,
    Arrival.PENDING: Status.IN_PROGRESS,
    Arrival.APPLYING: Status.IN_PROGRESS,
    Arrival.SUPERSEDED: Status.IN_PROGRESS,
    Arrival.DIVERGED: Status.UNKNOWN,
    Arrival.UNKNOWN: Status.UNKNOWN,
}


@dataclass(frozen=True, slots=True)
class Pause:
    """The engine, or a workload, was told to stand still.

    `since`: unix seconds of the last thing it is known to have done, since no engine writes down when it was told;
    0 when nothing is known.
    """

    message: str
    since: float


@dataclass(frozen=True, slots=True)
class Standing:
    """`revision`: the commit that the engine last applied, "" when none.

    `worst`: the object that `health` is of, None when all are good.
    """

    delivery: Delivery
    revision: str
    health: Health
    worst: Identity | None
    drift: tuple[Drift, ...]
    pause: Pause | None

    @property
    def good(self) -> bool:
        """As wanted, and healthy."""
        healthy = self.health.status is Status.CURRENT
        return self.delivery.arrival is Arrival.ARRIVED and healthy and not self.drift


def standing(
    scene: Scene, engine: Engine, relations: Mapping[str, Relation], *, wanted: str, pushed: float
) -> Standing:
    """`relations` as in `delivery`; `wanted` is the commit that they are to, `pushed` when it was made."""
    arrived = delivery(scene, engine, relations, pushed=pushed)
    worst, health = _worst(scene)
    revision = wanted if arrived.arrival is Arrival.ARRIVED else applied_revision(scene)
    return Standing(arrived, revision, health, worst, applied(scene), paused(scene))


def delivered(found: Delivery) -> Health:
    """How the engine's object is, by how far the wanted commit has come: its own health proves little."""
    return Health(_ARRIVALS[found.arrival], found.message, found.code)


def applied_revision(scene: Scene) -> str:
    """The commit that the engine says it applied last, 40 digits, or 12 of a chart's version; "" for none."""
    app = of_kind(scene, "argoproj.io", "Application")
    state = at(app, "status", "operationState")
    done = synced_revisions(at(state, "syncResult")) if text(state, "phase") == "Succeeded" else ()
    before = tuple(r for each in reversed(mappings(app, "status", "history")) for r in synced_revisions(each))
    pointer = of_kind(scene, "kustomize.toolkit.fluxcd.io", "Kustomization")
    names = ("lastAppliedOriginRevision", "lastAppliedRevision")
    flux = tuple(text(pointer, "status", name) for name in names)
    release = mappings(of_kind(scene, "helm.toolkit.fluxcd.io", "HelmRelease"), "status", "history")[:1]
    charts = tuple(text(each, "chartVersion") for each in release)
    return next(filter(None, map(commit, (*done, *before, *flux, *charts))), "")


def paused(scene: Scene) -> Pause | None:
    """Why nothing new will be applied, or rolled out, until a person says so."""
    return _argo_paused(scene) or _flux_paused(scene) or _rollout_paused(scene)


def _argo_paused(scene: Scene) -> Pause | None:
    app = of_kind(scene, "argoproj.io", "Application")
    if not app:
        return None
    if annotation(app, "argocd.argoproj.io/skip-reconcile") == "true":
        return Pause("Argo CD leaves the Application alone (skip-reconcile)", instant(app, "status", "reconciledAt"))
    automated = at(app, "spec", "syncPolicy", "automated")
    if automated is None or at(automated, "enabled") is False:
        return Pause("automated sync is off", instant(app, "status", "operationState", "finishedAt"))
    return None


def _flux_paused(scene: Scene) -> Pause | None:
    for each in reversed(scene.delivery):
        if at(each, "spec", "suspend") is True:
            kind = shown(text(each, "kind"))
            history = mappings(each, "status", "history")[:1]
            last = instant(history[0], "lastReconciled") or instant(history[0], "lastDeployed") if history else 0.0
            since = last or condition(each, "Ready").since
            return Pause(f"the {kind} is suspended", since)
    return None


def _rollout_paused(scene: Scene) -> Pause | None:
    for each in scene.objects:
        if text(each, "kind") == "Deployment" and at(each, "spec", "paused") is True:
            since = condition(each, "Progressing").since
            return Pause(f"Deployment/{shown(text(each, 'metadata', 'name'))} is paused", since)
    return None


def _worst(scene: Scene) -> tuple[Identity | None, Health]:
    """The worst of the wanted objects; of several, the workload, whose words say most. Secrets are never read."""
    found = rollout(scene, now=scene.at)
    health = [(key, item) for key, item in found.health.items() if key.kind != "Secret"]
    bad = [(key, item) for key, item in health if item.status is not Status.CURRENT]
    if bad:
        key, item = min(bad, key=lambda each: (_WORST_FIRST.index(each[1].status), *_order(each[0])))
        return key, Health(item.status, shown(item.message), item.code)
    if not health:
        return None, Health(Status.UNKNOWN, "nothing is wanted", "nothing-wanted")
    words = found.message if found.status is Status.CURRENT else ""
    return None, Health(Status.CURRENT, shown(words))


def _order(key: Identity) -> tuple[bool, str]:
    return key.kind not in _WORKLOADS, str(key)


def drifted(found: Drift) -> str:
    """`Deployment/orders: spec.replicas`; never a value, which may be a secret."""
    return shown(str(found))
