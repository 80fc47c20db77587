"""Pseudo-deploys: what the judge would have said of a deploy at any time of a history."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.verify.judge.rules import ENOUGH
from atmos_cli.verify.judge.sequence import Windows, follow, raw
from atmos_cli.verify.judge.vetoes import EVERY, drift, placebo, score
from atmos_cli.verify.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.verify.judge.sequence import Stream, StreamResult
    from atmos_cli.verify.measured import Count
    from atmos_cli.verify.model import Limits

BASELINE = 3600.0
SETTLE = 60.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm `after` seconds into a pseudo-deploy at `at`; `bad` of `total` against the share `before`."""

    at: float
    outcome: Outcome
    measure: str
    after: float
    bad: float
    total: float
    before: float


@dataclass(frozen=True, slots=True)
class Replayed:
    """The alarms of pseudo-deploys. `tried`: those with enough requests to say anything; `skipped`: the others."""

    tried: int
    skipped: int
    alarms: tuple[Alarm, ...]


def replayed(streams: Sequence[Stream], limits: Limits, *, start: float, end: float, width: float) -> Replayed:
    """Judge a pseudo-deploy every 10 minutes from `start` that is over by `end`; counts come in `width` seconds.

    The first of `streams` counts requests; all of them reach back a day and an hour before `start`, where that exists.
    """
    alarms, tried, skipped, at = [], 0, 0, start
    while (windows := _windows(at, limits, width)).at(windows.looks) <= end:
        requests = streams[0].tally
        enough = requests.count(windows.zero, windows.at(windows.looks)).total >= ENOUGH
        if enough and requests.count(windows.start, windows.end).total:
            tried += 1
            alarms += _alarms(streams, windows)
        else:
            skipped += 1
        at += EVERY
    return Replayed(tried, skipped, tuple(alarms))


def _windows(at: float, limits: Limits, width: float) -> Windows:
    looks = max(1, round(limits.observe / width))
    return Windows(
        start=at - BASELINE, end=at, zero=at + SETTLE + width, step=width, looks=looks, most=looks, scrape=width
    )


def _alarms(streams: Sequence[Stream], windows: Windows) -> list[Alarm]:
    """Return the worst alarm of one pseudo-deploy, or none."""

    def unusual(stream: Stream, before: Count, after: Count, look: int) -> bool:
        highest = placebo(stream.tally, windows, span=windows.at(look) - windows.zero, previous=0.0)
        return score(after.bad, after.total, before.share) > highest

    drifting = [replace(stream, drift=drift(stream.tally, windows)) for stream in streams]
    found = follow(drifting, windows, windows.looks, unusual=unusual)
    worst = max(found, key=lambda f: (bool(f.failed), bool(f.warned)))
    return [_alarm(worst, windows)] if worst.failed or worst.warned else []


def _alarm(finding: StreamResult, windows: Windows) -> Alarm:
    look = finding.failed or finding.warned
    count = finding.stream.tally.count(windows.zero, windows.at(look))
    return Alarm(
        at=windows.end,
        outcome=Outcome.FAIL if finding.failed else Outcome.WARN,
        measure=finding.stream.rule.name,
        after=look * windows.step,
        bad=count.bad,
        total=count.total,
        before=raw(finding).share,
    )
