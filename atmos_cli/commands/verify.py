"""`atmos verify`: did a commit arrive, did its pods become good, are users worse off, and why."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.engines.registry import ENGINES, health_rules
from atmos_cli.foreign import shell
from atmos_cli.history.revisions import limits_of, manifests, relations
from atmos_cli.live.evidence import collect
from atmos_cli.live.refresh import refresh
from atmos_cli.live.smoke_tests import smoke
from atmos_cli.live.snapshots import look_around
from atmos_cli.live.watching import Observer
from atmos_cli.verify.changes import field_changes
from atmos_cli.verify.conclude import conclude
from atmos_cli.verify.deadline import deadline_of
from atmos_cli.verify.machine import SETTLE_SECONDS, Now, Phase, Progress, Step, begin, step
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.rollout import rollout

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from atmos_cli.kube.resource import Resource
    from atmos_cli.live.session import Session
    from atmos_cli.ports import Clock
    from atmos_cli.verify.model import Limits, ObjectFieldChange, Verdict
    from atmos_cli.verify.seen import ClusterSnapshot

POLL_SECONDS = 3.0
REFRESH_SECONDS = 60.0
UNREACHABLE_SECONDS = 120.0


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the commit says: manifests, limits, what it changed, when it was made."""

    resources: tuple[Resource, ...]
    changes: tuple[ObjectFieldChange, ...]
    limits: Limits
    committed: float


def wanted_of(session: Session) -> Wanted:
    """Return what the commit wants. Raises ATM815 when it does not hold the service in a form that can be built."""
    target, commit = session.target, session.commit
    resources = manifests(session.ask_git, commit)
    if resources is None:
        message = f"`{target.service}` cannot be built for '{target.environment}' at {commit[:12]}"
        hint = f"see `atmos render {shell(target.service)} --env {shell(target.environment)}` at that commit"
        raise fail(Code.COMMIT_UNKNOWN, message, hint=hint)
    before = manifests(session.ask_git, session.ask_git("before", commit)) or ()
    changes = field_changes(before, resources)
    return Wanted(resources, changes, limits_of(session.ask_git, commit), float(session.ask_git("committed", commit)))


class Run:
    """One verification in progress: call `look` as often as you like, until it returns the verdict."""

    def __init__(self, session: Session, *, remembered: Progress | None = None) -> None:
        """Start a run, or continue `remembered`. Raises AtmosError when the commit does not hold the service."""
        self.session = session
        self.progress = remembered or begin(session.clock.now())
        self.now: Now | None = None
        self._wanted = wanted_of(session)
        self._observer = Observer(session, self._wanted.limits)
        self._eyes = _Eyes(session, self._wanted)
        self._smoked: tuple[Reason | None, ...] = ()

    @property
    def limits(self) -> Limits:
        return self._wanted.limits

    def look(self) -> Verdict | None:
        """Look once; return the verdict, or None while the run goes on.

        Raises AtmosError when the cluster cannot be asked at the first look; later, that ends in INCONCLUSIVE.
        """
        at = self.session.clock.now()
        snapshot, now = self._eyes.open(at)
        self._observer.see(snapshot)
        if self.progress.phase is Phase.OBSERVE:
            now = replace(now, assessment=self._observer.look(snapshot, now.rollout, self.progress, at=at))
        now = replace(now, smoke=self._smoke(now))
        done = self._stepped(now) if self._eyes.seen(at) else _lost(self.progress)
        self.progress, self.now = done.progress, now
        if done.outcome is None:
            return None
        session = self.session
        evidence = collect(
            session.connection, session.target, snapshot, now, self._wanted.changes, outcome=done.outcome
        )
        return conclude(
            evidence, commit=session.commit, outcome=done.outcome, reasons=done.reasons, began=done.progress.began
        )

    def _smoke(self, now: Now) -> Reason | None:
        """Ask the service once, and only when the metrics say nothing about users."""
        quiet = now.assessment is None or not now.assessment.extend
        if self.progress.phase not in (Phase.SETTLE, Phase.OBSERVE) or (now.metrics and quiet):
            return None
        if self.session.clock.now() - self.progress.settled >= SETTLE_SECONDS and not self._smoked:
            self._smoked = (smoke(self.session.ask_web, self.session.clock, self.session.target, self.limits),)
        return self._smoked[0] if self._smoked else None

    def _stepped(self, now: Now) -> Step:
        deadline = deadline_of(self._wanted.resources)
        return step(self.progress, now, limits=self.limits, deadline=deadline, scrape=self._observer.scrape)


def verify(
    runs: Sequence[Run],
    *,
    clock: Clock,
    keep: Callable[[Run], None] = lambda _: None,
    show: Callable[[Sequence[Run]], None] = lambda _: None,
) -> tuple[Verdict, ...]:
    """Watch all of them until each has its verdict; return the verdicts in the order of `runs`.

    `keep` is called after every look, with what a killed run needs to go on; `show` after every round.
    """
    verdicts: dict[int, Verdict] = {}
    while True:
        for number, run in enumerate(runs):
            if number not in verdicts:
                found = run.look()
                keep(run)
                if found is not None:
                    verdicts[number] = found
        show(runs)
        if len(verdicts) == len(runs):
            return tuple(verdicts[number] for number in range(len(runs)))
        clock.sleep(POLL_SECONDS)


def _lost(progress: Progress) -> Step:
    message = f"the cluster could not be asked for {UNREACHABLE_SECONDS:.0f} s"
    reason = Reason(Outcome.INCONCLUSIVE, "cluster-unreachable", message, hint="see `kubectl cluster-info`")
    return Step(replace(progress, phase=Phase.DONE), Outcome.INCONCLUSIVE, (reason,))


class _Eyes:
    """Looks, and keeps the last look for as long as the cluster cannot be asked: an API server may restart."""

    def __init__(self, session: Session, wanted: Wanted) -> None:
        self._session = session
        self._wanted = wanted
        self._last: tuple[ClusterSnapshot, Now] | None = None
        self._good = 0.0
        self._refreshed = 0.0

    def seen(self, at: float) -> bool:
        return at - self._good < UNREACHABLE_SECONDS

    def open(self, at: float) -> tuple[ClusterSnapshot, Now]:
        try:
            self._last = self._look(at)
            self._good = at
        except AtmosError as error:
            if self._last is None or error.diagnostics[0].code is not Code.CLUSTER_UNREACHABLE:
                raise
            self._last = (self._last[0], replace(self._last[1], at=at))
        return self._last

    def _look(self, at: float) -> tuple[ClusterSnapshot, Now]:
        session, target = self._session, self._session.target
        snapshot = look_around(session.connection, target, self._wanted.resources, at=at)
        engine = ENGINES[target.engine]
        known = relations(session.ask_git, session.commit, engine.revisions(snapshot))
        arrived = engine.delivery(snapshot, known, pushed=self._wanted.committed)
        if arrived.refresh and at - self._refreshed >= REFRESH_SECONDS:
            self._refreshed = at
            refresh(session.connection, target, snapshot, arrived, at=at)
        metrics = session.connection.metrics is not None
        return snapshot, Now(at, arrived, rollout(snapshot, now=at, rules=health_rules()), metrics=metrics)
