"""The states of one verification, as a pure function: the state before and what was seen give the state after.

SYNC (has the commit arrived?) -> ROLLOUT (are its pods good?) -> SETTLE -> OBSERVE (are users worse off?). Each may end
the run. Times are unix seconds of the look at hand; nothing here reads a clock, so a killed run can continue.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.seen import Arrival, Status

if TYPE_CHECKING:
    from atmos_cli.verify.measured import Assessment
    from atmos_cli.verify.model import Limits
    from atmos_cli.verify.seen import Delivery, Rollout

SYNC_SECONDS = 600.0
SETTLE_SECONDS = 60.0
UNAVAILABLE_SECONDS = 120.0
LONGEST_SECONDS = 3600.0
RETURNS = 2


class Phase(StrEnum):
    SYNC = "sync"
    ROLLOUT = "rollout"
    SETTLE = "settle"
    OBSERVE = "observe"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class Progress:
    """What a run has to remember from look to look.

    `since`: when this phase began; `settled`: when all was good; `returns`: how often a restart sent it back to
    ROLLOUT; `unavailable`: since when the metrics cannot be asked.
    """

    phase: Phase = Phase.SYNC
    began: float = 0.0
    since: float = 0.0
    settled: float = 0.0
    restarts: int = 0
    returns: int = 0
    unavailable: float = 0.0


@dataclass(frozen=True, slots=True)
class Now:
    """What one look found. `assessment`: None before the metrics are queried; `metrics`: whether they can be.

    `smoke`: what the spec's own probes said, when they were asked because users are too few.
    """

    at: float
    delivery: Delivery
    rollout: Rollout
    assessment: Assessment | None = None
    metrics: bool = True
    smoke: Reason | None = None


@dataclass(frozen=True, slots=True)
class Step:
    """The state after one look. `outcome` is None while the run goes on."""

    progress: Progress
    outcome: Outcome | None = None
    reasons: tuple[Reason, ...] = ()


def begin(at: float) -> Progress:
    return Progress(began=at, since=at)


def step(progress: Progress, now: Now, *, limits: Limits, deadline: float, scrape: float = 30.0) -> Step:
    """Advance by one look. `deadline`: seconds that a rollout may take; `scrape`: seconds between two samples."""
    if now.delivery.arrival is Arrival.SUPERSEDED:
        return _end(progress, Outcome.SUPERSEDED, now.delivery.code, now.delivery.message)
    while True:
        match progress.phase:
            case Phase.SYNC:
                done = _sync(progress, now)
            case Phase.ROLLOUT:
                done = _rollout(progress, now, deadline)
            case Phase.SETTLE:
                done = _settle(progress, now, scrape)
            case _:
                done = _observe(progress, now, limits, scrape)
        if done.outcome is not None or done.progress.phase is progress.phase:
            return done
        progress = done.progress


def _sync(progress: Progress, now: Now) -> Step:
    delivery = now.delivery
    match delivery.arrival:
        case Arrival.ARRIVED:
            return Step(replace(progress, phase=Phase.ROLLOUT, since=now.at))
        case Arrival.PAUSED:
            return _end(progress, Outcome.INCONCLUSIVE, delivery.code, delivery.message)
        case Arrival.FAILED if delivery.final:
            return _end(progress, Outcome.FAIL, delivery.code, delivery.message)
        case Arrival.DIVERGED if delivery.final:
            return _end(progress, Outcome.INCONCLUSIVE, delivery.code, delivery.message)
    if now.at - progress.since < SYNC_SECONDS:
        return Step(progress)
    waited = f"{SYNC_SECONDS / 60:.0f} minutes"
    if delivery.arrival is Arrival.FAILED:
        return _end(progress, Outcome.FAIL, delivery.code, f"{delivery.message} (for {waited})")
    return _end(progress, Outcome.INCONCLUSIVE, "not-synced", f"not synced after {waited}: {delivery.message}")


def _rollout(progress: Progress, now: Now, deadline: float) -> Step:
    rollout = now.rollout
    match rollout.status:
        case Status.CURRENT:
            return Step(replace(progress, phase=Phase.SETTLE, since=now.at, settled=now.at, restarts=rollout.restarts))
        case Status.FAILED:
            return _end(progress, Outcome.FAIL, _failure_code(rollout), rollout.message)
        case Status.SUSPENDED:
            return _end(progress, Outcome.INCONCLUSIVE, "rollout-paused", rollout.message)
    if now.at - progress.since < deadline:
        return Step(progress)
    return _end(progress, Outcome.FAIL, "rollout-timeout", f"not ready after {deadline:.0f} s: {rollout.message}")


def _settle(progress: Progress, now: Now, scrape: float) -> Step:
    if restarted := _restarted(progress, now):
        return restarted
    if now.at - progress.settled < SETTLE_SECONDS + scrape:
        return Step(progress)
    if not now.metrics and now.smoke is not None:
        return _smoked(progress, now.smoke)
    if not now.metrics:
        message = f"{now.rollout.message}; whether users are worse off is not known without metrics"
        return _end(progress, Outcome.INCONCLUSIVE, "no-metrics", message)
    return Step(replace(progress, phase=Phase.OBSERVE, since=now.at))


def _restarted(progress: Progress, now: Now) -> Step | None:
    """Go back to ROLLOUT when good pods are good no more, but not for ever; None when they still are."""
    rollout = now.rollout
    if rollout.status is Status.FAILED:
        return _end(progress, Outcome.FAIL, _failure_code(rollout), rollout.message)
    if rollout.status is Status.CURRENT and rollout.restarts <= progress.restarts:
        return None
    if progress.returns >= RETURNS:
        message = f"pods became good {RETURNS + 1} times and failed again: {rollout.message}"
        return _end(progress, Outcome.FAIL, "unstable", message)
    again = replace(progress, phase=Phase.ROLLOUT, since=now.at, returns=progress.returns + 1)
    return Step(replace(again, restarts=rollout.restarts))


def _observe(progress: Progress, now: Now, limits: Limits, scrape: float) -> Step:
    if now.rollout.status is Status.FAILED:
        return _end(progress, Outcome.FAIL, _failure_code(now.rollout), now.rollout.message)
    found = now.assessment
    if found is None:
        return Step(progress)
    if any(reason.code == "metrics-unavailable" for reason in found.reasons):
        return _unavailable(progress, now, found)
    progress = replace(progress, unavailable=0.0)
    watched = now.at - progress.settled
    longest = LONGEST_SECONDS if found.extend else limits.observe + SETTLE_SECONDS + 2 * scrape
    if found.extend and now.smoke is not None and watched >= limits.observe:
        return _smoked(progress, now.smoke, *found.reasons)
    if found.final or watched >= longest:
        return Step(replace(progress, phase=Phase.DONE), found.outcome, found.reasons)
    return Step(progress)


def _smoked(progress: Progress, result: Reason, *others: Reason) -> Step:
    return Step(replace(progress, phase=Phase.DONE), result.outcome, (result, *others))


def _unavailable(progress: Progress, now: Now, found: Assessment) -> Step:
    since = progress.unavailable or now.at
    progress = replace(progress, unavailable=since)
    if now.at - since < UNAVAILABLE_SECONDS:
        return Step(progress)
    return Step(replace(progress, phase=Phase.DONE), Outcome.INCONCLUSIVE, found.reasons)


def _failure_code(rollout: Rollout) -> str:
    return rollout.failures[0].code if rollout.failures else "rollout-failed"


def _end(progress: Progress, outcome: Outcome, code: str, message: str) -> Step:
    return Step(replace(progress, phase=Phase.DONE), outcome, (Reason(outcome, code, message),))
