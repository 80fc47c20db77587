"""Latency as the share of requests slower than a bucket bound; quantiles are for people only."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from atmos_cli.verify.judge.rules import latency, nominal
from atmos_cli.verify.judge.sequence import Stream
from atmos_cli.verify.traffic.tally import buckets, slower

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.verify.judge.sequence import Windows
    from atmos_cli.verify.model import Limits
    from atmos_cli.verify.traffic.counts import Flow
    from atmos_cli.verify.traffic.sources import TrafficSource

MOST_SHARE = 0.25
"""A bound that more requests than this exceed says little: they cannot become twice as many for long."""


def bounds(cumulative: Mapping[float, float], usable: frozenset[float], limits: Limits) -> tuple[float | None, ...]:
    """Return (near, far): the bucket bounds whose exceedance in `cumulative` is closest to 5 % and 0.5 %, else None."""
    total = cumulative.get(math.inf, 0.0)
    shares = {
        le: (total - count + 0.5) / (total + 1)
        for le, count in sorted(cumulative.items())
        if math.isfinite(le) and le in usable
    }
    if total < 50 or not shares:
        return None, None
    near, far = (
        min(shares, key=lambda le: abs(math.log(shares[le] / nominal(limits, near=is_near))))
        for is_near in (True, False)
    )
    return (near if shares[near] <= MOST_SHARE else None), (far if far > near and shares[far] <= MOST_SHARE else None)


Window = tuple[float, float]
"""(start, end], unix seconds."""


def streams(
    flows: Sequence[Flow], source: TrafficSource, limits: Limits, *, before: Window, after: Window, scrape: float
) -> list[Stream]:
    """Make one stream for each bound that is chosen from requests `before` and exists `after` as well."""
    then, now = buckets(flows, source, (before, after), scrape=scrape)
    known = frozenset(then) & frozenset(now)
    out = []
    for near, bound in zip((True, False), bounds(then, known, limits), strict=True):
        if bound is not None and now.get(math.inf, 0.0) > 0:
            tally = slower(flows, source, bound, scrape=scrape)
            out.append(Stream(latency(limits, near=near), tally, bound=bound * source.unit))
    return out


def quantile(cumulative: Mapping[float, float], q: float) -> float | None:
    """Interpolate linearly within the bucket; the last finite bound when it is beyond that; None without requests."""
    total = cumulative.get(math.inf, 0.0)
    if total <= 0:
        return None
    lower, below = 0.0, 0.0
    for le, count in sorted(cumulative.items()):
        if count >= q * total:
            if math.isinf(le) or count <= below:
                return lower
            return lower + (le - lower) * (q * total - below) / (count - below)
        lower, below = le, count
    return lower


def quantiles(
    flows: Sequence[Flow], source: TrafficSource, windows: Windows, *, now: float
) -> dict[str, tuple[float | None, float | None]]:
    """Return `p50`, `p95` and `p99` in seconds, before and after."""
    spans = ((windows.start, windows.end), (windows.zero, now))
    before, after = buckets(flows, source, spans, scrape=windows.scrape)
    out = {}
    for name, q in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99)):
        pair = quantile(before, q), quantile(after, q)
        if pair != (None, None):
            out[name] = tuple(None if value is None else value * source.unit for value in pair)
    return {name: (pair[0], pair[1]) for name, pair in out.items()}
