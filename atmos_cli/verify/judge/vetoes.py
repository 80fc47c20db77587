"""Reasons not to blame the deploy: yesterday at this time, history without deploys, other services on the same edge."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.verify.judge.beta import p_worse

if TYPE_CHECKING:
    from atmos_cli.verify.judge.sequence import Windows
    from atmos_cli.verify.measured import Count
    from atmos_cli.verify.traffic.tally import Tally

DAY = 86_400.0
EVERY = 600.0
"""Distance of two pseudo-deploys, in seconds."""


def drift(history: Tally, windows: Windows) -> float:
    """Return how many times the share of errors rose yesterday in the same minutes; 1 when it cannot be known."""
    if history.first > windows.start - DAY + 600:
        return 1.0
    before = history.count(windows.start - DAY, windows.end - DAY)
    after = history.count(windows.zero - DAY, windows.at(windows.looks) - DAY)
    enough = before.bad + after.bad >= 10 or before.total + after.total >= 1000
    if not enough or not before.total or not after.total:
        return 1.0
    return ((after.bad + 0.5) / (after.total + 1)) / ((before.bad + 0.5) / (before.total + 1))


def expected(history: Tally | None, before: Count, windows: Windows, until: float) -> float:
    """Return how many requests to expect in (zero, until]: by the baseline, or by yesterday when that is more."""
    span = until - windows.zero
    usual = before.total / (windows.end - windows.start) * span if windows.end > windows.start else 0.0
    if history is None or history.first > windows.zero - DAY:
        return usual
    return max(usual, history.count(windows.zero - DAY, until - DAY).total)


def score(bad: float, total: float, share: float) -> float:
    """Return how unusual `bad` of `total` is against a usual `share`, as one number to compare with history."""
    return math.log((bad + 1) / (total * share + 1))


def placebo(history: Tally, windows: Windows, *, span: float, previous: float) -> float:
    """Return the highest score at some 138 times of the last day without a deploy; -inf with less than a day."""
    begin = windows.end - DAY
    if history.first > begin + 1800:
        return -math.inf
    skip = windows.zero - windows.end
    long = max(span, 120.0)
    highest, at = -math.inf, begin + 3600
    while at + 60 + long <= windows.end:
        if not previous or abs(at - previous) > 3600 + skip:
            before, after = history.count(at - 3600, at), history.count(at + 60, at + 60 + long)
            if before.total:
                highest = max(highest, score(after.bad, after.total, before.share))
        at += EVERY
    return highest


@dataclass(frozen=True, slots=True)
class Siblings:
    """Requests of all other services behind the same edge, in the baseline and since."""

    before: Count
    after: Count

    def share_of_traffic(self) -> float | None:
        """Return traffic now as a part of what it was; None when there was none."""
        spans = self.before.end - self.before.start, self.after.end - self.after.start
        if min(*spans, self.before.total) <= 0:
            return None
        return (self.after.total / spans[1]) / (self.before.total / spans[0])

    def worse_too(self, before: Count, after: Count) -> bool:
        """Check whether they became worse at least half as much as we did, on a log scale, and beyond doubt."""
        if self.after.bad < 10 or not self.before.total:
            return False
        p = p_worse(self.before.bad, self.before.total, self.after.bad, self.after.total, phi=1.0, margin=1.0)
        return p < 0.01 and _log_ratio(self.before, self.after) >= _log_ratio(before, after) / 2


def _log_ratio(before: Count, after: Count) -> float:
    return math.log(((after.bad + 0.5) / (after.total + 1)) / ((before.bad + 0.5) / (before.total + 1)))
