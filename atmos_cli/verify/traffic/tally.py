"""Counts of requests and bad requests in any window, made of the increases of many series."""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING

from atmos_cli.verify.measured import Count
from atmos_cli.verify.traffic.counts import GAP

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from atmos_cli.verify.traffic.counts import Flow
    from atmos_cli.verify.traffic.sources import TrafficSource

Event = tuple[float, float, float, float]
"""(start, end, bad, total)"""


@dataclass(frozen=True, slots=True)
class Tally:
    """Events in order of their end, as running sums; `long` are those that span a gap in the scrapes.

    `first`: the end of the first event, infinite without any, whether or not anything was counted.
    """

    times: tuple[float, ...]
    bad: tuple[float, ...]
    total: tuple[float, ...]
    long: tuple[Event, ...] = ()
    scrape: float = 30.0
    first: float = math.inf

    def count(self, start: float, end: float) -> Count:
        """Count the events in (start, end]. A gap counts only where it is wholly inside, give or take one scrape."""
        low, high = bisect_right(self.times, start), bisect_right(self.times, end)
        bad = _upto(self.bad, high) - _upto(self.bad, low)
        total = _upto(self.total, high) - _upto(self.total, low)
        for begun, ended, more_bad, more in self.long:
            if start - self.scrape <= begun and start < ended <= end:
                bad, total = bad + more_bad, total + more
        total = max(0.0, total)
        return Count(min(max(0.0, bad), total), total, start, end)

    def blocks(self, start: float, end: float, width: float) -> list[Count]:
        """Count each whole block of `width` seconds, the last of which ends at `end`, oldest first."""
        many = int((end - start + 1e-6) // width)
        return [self.count(end - (i + 1) * width, end - i * width) for i in reversed(range(many))]


def _upto(sums: Sequence[float], index: int) -> float:
    return sums[index - 1] if index else 0.0


def tally(events: Iterable[Event], *, scrape: float) -> Tally:
    """Sum `events`, which come in any order; those longer than a few scrapes are kept apart as gaps."""
    short: dict[float, list[float]] = {}
    long, first = [], math.inf
    for event in events:
        start, end, bad, total = event
        first = min(first, end)
        if not total and not bad:
            continue
        if end - start > GAP * scrape:
            long.append(event)
        elif end in short:
            sums = short[end]
            sums[0] += bad
            sums[1] += total
        else:
            short[end] = [bad, total]
    times = sorted(short)
    return Tally(
        times=tuple(times),
        bad=tuple(accumulate(short[at][0] for at in times)),
        total=tuple(accumulate(short[at][1] for at in times)),
        long=tuple(sorted(long)),
        scrape=scrape,
        first=first,
    )


def errors(flows: Iterable[Flow], source: TrafficSource, *, scrape: float, routes: tuple[str, ...] = ()) -> Tally:
    """Count requests and errors; of `routes` only, where the source names routes."""
    return tally(
        (
            (start, end, count if bad else 0.0, count)
            for flow, bad in ((flow, source.is_bad(flow.labels)) for flow in flows if wanted(flow, source, routes))
            for start, end, count in flow.steps
        ),
        scrape=scrape,
    )


def wanted(flow: Flow, source: TrafficSource, routes: tuple[str, ...]) -> bool:
    route = source.route(flow.labels)
    return not routes or not route or route in routes


def by_label(
    flows: Iterable[Flow], source: TrafficSource, name: Callable[[Mapping[str, str]], str], *, scrape: float
) -> dict[str, Tally]:
    """Count requests and errors for each value of `name(labels)` that is not empty."""
    groups: dict[str, list[Flow]] = defaultdict(list)
    for flow in flows:
        if value := name(flow.labels):
            groups[value].append(flow)
    return {value: errors(group, source, scrape=scrape) for value, group in sorted(groups.items())}


def bound(labels: Mapping[str, str]) -> float | None:
    """Return the upper bound of a histogram bucket; None for what is no bucket."""
    try:
        value = float(labels.get("le", ""))
    except ValueError:
        return None
    return None if math.isnan(value) else value


def slower(flows: Iterable[Flow], source: TrafficSource, limit: float, *, scrape: float) -> Tally:
    """Count requests, and as bad those slower than the bucket bound `limit`; failed requests are left out."""
    events: list[Event] = []
    for flow in flows:
        upper = bound(flow.labels)
        if upper is None or source.is_bad(flow.labels):
            continue
        if math.isinf(upper):
            events.extend((start, end, count, count) for start, end, count in flow.steps if count)
        elif upper == limit:
            events.extend((start, end, -count, 0.0) for start, end, count in flow.steps if count)
    return tally(events, scrape=scrape)


def buckets(
    flows: Iterable[Flow], source: TrafficSource, windows: Sequence[tuple[float, float]], *, scrape: float
) -> list[dict[float, float]]:
    """Count, for each window (start, end], the requests that did not fail, as cumulative bucket counts by bound.

    A bound without requests in a window has 0 when its series was scraped then, and is missing otherwise.
    """
    out: list[dict[float, float]] = [{} for _ in windows]
    for flow in flows:
        upper = bound(flow.labels)
        if upper is None or source.is_bad(flow.labels):
            continue
        ends = [step[1] for step in flow.steps]
        for (start, end), counted in zip(windows, out, strict=True):
            inside = flow.steps[bisect_right(ends, start) : bisect_right(ends, end)]
            if inside:
                whole = (c for a, b, c in inside if b - a <= GAP * scrape or a >= start - scrape)
                counted[upper] = counted.get(upper, 0.0) + sum(whole)
    return out
