"""The metrics side of a running verification: the plan is made once, and each look is asked for only when it is due."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.usecases.observe import find_source, look, plan
from atmos_cli.verify.measured import Assessment
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.pods import starts

if TYPE_CHECKING:
    from atmos_cli.usecases.observe_plan import Plan
    from atmos_cli.usecases.verify import Session
    from atmos_cli.verify.machine import Progress
    from atmos_cli.verify.model import Limits
    from atmos_cli.verify.seen import Rollout, Scene

SHORTEST_STEP = 30.0


class Observer:
    """`look` gives an assessment when one is due, else None. Never raises for what a metrics server does."""

    def __init__(self, session: Session, limits: Limits) -> None:
        self._session = session
        self._limits = limits
        self._plan: Plan | None = None
        self._next = 0.0

    @property
    def scrape(self) -> float:
        return self._plan.scrape if self._plan else SHORTEST_STEP

    def look(self, scene: Scene, rollout: Rollout, progress: Progress, *, at: float) -> Assessment | None:
        metrics = self._session.connection.metrics
        if metrics is None or at < self._next:
            return None
        try:
            found = look(metrics, self._planned(scene, rollout, progress), at=at)
        except AtmosError as error:
            found = _unavailable(error, at)
        self._next = at + max(SHORTEST_STEP, 2 * self.scrape)
        return found

    def _planned(self, scene: Scene, rollout: Rollout, progress: Progress) -> Plan:
        metrics = self._session.connection.metrics
        assert metrics is not None  # noqa: S101 - `look` returned before
        if self._plan is None:
            started = rollout.started or progress.began
            found = find_source(
                metrics, self._session.target, self._limits, matchers=self._session.matchers, at=started
            )
            new, old = starts(scene)
            self._plan = plan(
                metrics,
                self._session.target,
                self._limits,
                source=None if isinstance(found, Reason) else found,
                matchers=self._session.matchers,
                started=started,
                finished=rollout.finished or progress.settled,
                new=new,
                old=old,
            )
        return self._plan


def _unavailable(error: AtmosError, at: float) -> Assessment:
    first = error.diagnostics[0]
    reason = Reason(Outcome.INCONCLUSIVE, "metrics-unavailable", first.message, hint=first.hint)
    return replace(Assessment(Outcome.INCONCLUSIVE, (reason,), at), extend=True)
