"""The metrics side of a running verification: the plan is made once, and each look only when it is due."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.shape import who
from atmos_cli.live.observe import find_source, look, plan
from atmos_cli.verify.look import look_at
from atmos_cli.verify.measured import Assessment
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.pods import born, revision_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.kube.resource import Resource
    from atmos_cli.live.observe_plan import ObservationPlan
    from atmos_cli.live.session import Session
    from atmos_cli.ports import Metrics
    from atmos_cli.verify.machine import Progress
    from atmos_cli.verify.model import Limits
    from atmos_cli.verify.seen import ClusterSnapshot, Rollout

SHORTEST_STEP = 30.0
WORKLOADS = ("Deployment", "StatefulSet", "DaemonSet", "Rollout")


class Observer:
    """The looks at the metrics of one session. Never raises for what a metrics server does."""

    def __init__(self, session: Session, limits: Limits) -> None:
        self._session = session
        self._limits = limits
        self._plan: ObservationPlan | None = None
        self._next = 0.0
        self._old: dict[str, float] = {}

    @property
    def scrape(self) -> float:
        """Return the seconds between two samples of the metrics, 30 as long as they are not known."""
        return self._plan.scrape if self._plan else SHORTEST_STEP

    def see(self, snapshot: ClusterSnapshot) -> None:
        """Remember pods of the revision before, which are gone when the metrics are asked about them."""
        for workload in _workloads(snapshot):
            self._old.update(_births(revision_of(workload, look_at(snapshot, now=snapshot.at)).old))

    def look(self, snapshot: ClusterSnapshot, rollout: Rollout, progress: Progress, *, at: float) -> Assessment | None:
        """Return an assessment when one is due, else None."""
        metrics = self._session.connection.metrics
        if metrics is None or at < self._next:
            return None
        try:
            found = look(metrics, self._planned(metrics, snapshot, rollout, progress), at=at)
        except AtmosError as error:
            found = _unavailable(error, at)
        self._next = at + max(SHORTEST_STEP, 2 * self.scrape)
        return found

    def _planned(
        self, metrics: Metrics, snapshot: ClusterSnapshot, rollout: Rollout, progress: Progress
    ) -> ObservationPlan:
        if self._plan is None:
            started = rollout.started or progress.began
            found = find_source(
                metrics, self._session.target, self._limits, matchers=self._session.matchers, at=started
            )
            around = look_at(snapshot, now=snapshot.at)
            new = {
                name: at for each in _workloads(snapshot) for name, at in _births(revision_of(each, around).new).items()
            }
            self._plan = plan(
                metrics,
                self._session.target,
                self._limits,
                source=None if isinstance(found, Reason) else found,
                matchers=self._session.matchers,
                started=started,
                finished=rollout.finished or progress.settled,
                new=new,
                old={name: at for name, at in self._old.items() if name not in new},
                troubled=self._session.troubled,
            )
        return self._plan


def _workloads(snapshot: ClusterSnapshot) -> list[Resource]:
    wanted = {who(each) for each in snapshot.wanted}
    return [each for each in snapshot.objects if who(each) in wanted and who(each).kind in WORKLOADS]


def _births(pods: Iterable[Resource]) -> dict[str, float]:
    return {who(pod).name: born(pod) for pod in pods}


def _unavailable(error: AtmosError, at: float) -> Assessment:
    first = error.diagnostics[0]
    reason = Reason(Outcome.INCONCLUSIVE, "metrics-unavailable", first.message, hint=first.hint)
    return replace(Assessment(Outcome.INCONCLUSIVE, (reason,), at), extend=True)
