"""Queries that ask a metrics server whether users are worse off since a deploy.

Every look recomputes everything from raw counters for its time `at`, so a killed run resumes and a replay is exact.
The server is asked only queries of these shapes, `SEL` being a selector of `verify.traffic.sources`:

- `SEL[Ns]` at one time: raw samples of requests, or of histogram buckets;
- `sum(increase(SEL[Ns]))` at one time, and `sum by (label, …) (increase(SEL[Ns]))` at one time or over a range;
- `count(last_over_time(SEL[Ns]))`: how many series there are, and only where these are very many
  `max(count_over_time(SEL[Ns]))` and `sum by (label, …) (min_over_time(SEL[Ns]) unless SEL offset Ns)` over a range;
- gauges of `observe_gauges`, any of which may be missing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.live.observe_fetch import MOST_SERIES, material, windows_of, with_history
from atmos_cli.live.observe_gauges import gauges
from atmos_cli.live.observe_plan import ObservationPlan
from atmos_cli.verify.judge import quality
from atmos_cli.verify.judge.assess import assess
from atmos_cli.verify.judge.saturation import saturation, with_saturation
from atmos_cli.verify.measured import Assessment
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.traffic.counts import bin_width, scrape_interval
from atmos_cli.verify.traffic.sources import KINDS, candidates

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.ports import Metrics
    from atmos_cli.verify.model import Limits, Target
    from atmos_cli.verify.traffic.sources import TrafficSource

HOUR = 3600
BUSY = 50.0
"""A source with so many requests in the last hour is good enough to look no further."""


def find_source(
    metrics: Metrics, target: Target, limits: Limits, *, matchers: Mapping[str, str], at: float
) -> TrafficSource | Reason:
    """Find the first source with at least 50 requests in the hour to `at`, else the busiest, else why there is none."""
    tried = candidates(target, limits.source, matchers)
    if not tried:
        names = ", ".join(dict.fromkeys(kind.name for kind in KINDS))
        message = f"there is no metrics source `{limits.source[:80]}`"
        return Reason(Outcome.INCONCLUSIVE, "no-metrics", message, f"use `auto` or one of: {names}")
    best, most = None, -1.0
    try:
        for source in tried:
            counted = _number(metrics, f"sum(increase({source.requests}[{HOUR}s]))", at=at)
            if counted is not None and counted >= BUSY:
                return source
            if counted is not None and counted > most:
                best, most = source, counted
    except AtmosError as error:
        return quality.unavailable(str(error))
    return best or quality.no_metrics(target.namespace, target.workload)


def _number(metrics: Metrics, promql: str, *, at: float) -> float | None:
    """Return the one value of a query; None for an empty answer and for NaN."""
    values = [one.samples[-1][1] for one in metrics.query(promql, at=at).series if one.samples]
    return values[0] if values and values[0] == values[0] else None


def plan(
    metrics: Metrics,
    target: Target,
    limits: Limits,
    *,
    source: TrafficSource | None,
    matchers: Mapping[str, str],
    started: float,
    finished: float,
    new: Mapping[str, float] | None = None,
    old: Mapping[str, float] | None = None,
    previous: float = 0.0,
    troubled: bool = False,
) -> ObservationPlan:
    """Return what every look will be computed from; asks for the scrape interval and the number of series.

    A server that does not answer now may answer later, so this raises nothing and assumes 30 seconds.
    """
    settled = ObservationPlan(
        target=target,
        limits=limits,
        source=source,
        matchers=dict(matchers),
        started=started,
        finished=max(started, finished),
        previous=previous,
        new=dict(new or {}),
        old=dict(old or {}),
        troubled=troubled,
    )
    if source is None:
        return settled
    try:
        return _measured(metrics, settled, source, at=settled.finished)
    except AtmosError:
        return settled


def _measured(metrics: Metrics, settled: ObservationPlan, source: TrafficSource, *, at: float) -> ObservationPlan:

    def many(selector: str) -> bool:
        return (_number(metrics, f"count(last_over_time({selector}[{HOUR}s]))", at=at) or 0) > MOST_SERIES

    coarse_latency = bool(source.histogram) and many(source.histogram)
    if many(source.requests):
        samples = _number(metrics, f"max(count_over_time({source.requests}[600s]))", at=at) or 20.0
        scrape = bin_width(600 / max(2.0, samples))
        return replace(settled, scrape=scrape, coarse=True, coarse_latency=coarse_latency)
    scrape = scrape_interval(metrics.query(f"{source.requests}[600s]", at=at).series)
    return replace(settled, scrape=scrape, coarse_latency=coarse_latency)


def look(metrics: Metrics, plan: ObservationPlan, *, at: float) -> Assessment:
    """Judge what the metrics say at `at`. Never raises for what a server says or does not say."""
    try:
        return _look(metrics, plan, at=at)
    except AtmosError as error:
        return _unknown(plan, quality.unavailable(str(error)), at=at)


def _look(metrics: Metrics, plan: ObservationPlan, *, at: float) -> Assessment:
    source = plan.source
    if source is None:
        found = find_source(metrics, plan.target, plan.limits, matchers=plan.matchers, at=at)
        if isinstance(found, Reason):
            return _unknown(plan, found, at=at)
        source = found
        plan = _measured(metrics, replace(plan, source=source), source, at=at)
    known = material(metrics, plan, source, at=at)
    done = assess(known)
    if done.outcome in (Outcome.FAIL, Outcome.WARN):
        slow = any(m.name.startswith("latency") and m.outcome in (Outcome.FAIL, Outcome.WARN) for m in done.measures)
        done = assess(with_history(metrics, known, at=at, latency=slow))
    if not done.final and done.outcome is not Outcome.WARN:
        return done
    found_gauges = gauges(metrics, plan.target, matchers=plan.matchers, start=plan.started - HOUR / 2, end=at)
    full = saturation(found_gauges, started=plan.started, since=known.windows.zero, now=at)
    return with_saturation(done, full)


def _unknown(plan: ObservationPlan, reason: Reason, *, at: float) -> Assessment:
    windows = windows_of(plan)
    name = plan.source.name if plan.source else ""
    return Assessment(
        Outcome.INCONCLUSIVE, (reason,), at, source=name, final=at >= windows.at(windows.looks), extend=False
    )
