"""The status of one deployment: what was applied for it, its health, and where it is not as wanted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, text
from atmos_cli.verify.delivery.applied import applied
from atmos_cli.verify.fields import condition
from atmos_cli.verify.masking import shown
from atmos_cli.verify.rollout import rollout
from atmos_cli.verify.seen import Arrival, Health, Pause, Status

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Identity
    from atmos_cli.verify.delivery.applied import Drift
    from atmos_cli.verify.look import HealthRules
    from atmos_cli.verify.seen import ClusterSnapshot, Delivery

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
class DeploymentStatus:
    """The status of one deployment. `revision`: the commit that the engine last applied, "" when none.

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
        """Return whether it is as wanted and healthy."""
        healthy = self.health.status is Status.CURRENT
        return self.delivery.arrival is Arrival.ARRIVED and healthy and not self.drift


def deployment_status(
    snapshot: ClusterSnapshot, arrived: Delivery, *, revision: str, pause: Pause | None, rules: HealthRules
) -> DeploymentStatus:
    """Judge one deployment by what the engine reports: `arrived`, `pause`, and `revision`, the commit it applied last.

    `rules`: see `look_at`.
    """
    worst, health = _worst(snapshot, rules)
    return DeploymentStatus(
        delivery=arrived,
        revision=revision,
        health=health,
        worst=worst,
        drift=applied(snapshot),
        pause=pause or _rollout_paused(snapshot),
    )


def delivered(found: Delivery) -> Health:
    """Judge the engine's object by how far the wanted commit has come: its own health proves little."""
    return Health(_ARRIVALS[found.arrival], found.message, found.code)


def _rollout_paused(snapshot: ClusterSnapshot) -> Pause | None:
    for each in snapshot.objects:
        if text(each, "kind") == "Deployment" and at(each, "spec", "paused") is True:
            since = condition(each, "Progressing").since
            return Pause(f"Deployment/{shown(text(each, 'metadata', 'name'))} is paused", since)
    return None


def _worst(snapshot: ClusterSnapshot, rules: HealthRules) -> tuple[Identity | None, Health]:
    """Return the worst of the wanted objects; of several, the workload, which says most. Never reads Secrets."""
    found = rollout(snapshot, now=snapshot.at, rules=rules)
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
    """Name what drifted: `Deployment/orders: spec.replicas`; never a value, which may be a secret."""
    return shown(str(found))
