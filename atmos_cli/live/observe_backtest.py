"""How often a service would have alarmed without a deploy, which matters before one turns on automatic rollback."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code, fail
from atmos_cli.live.observe import find_source
from atmos_cli.live.observe_fetch import BASELINE, increases
from atmos_cli.live.observe_plan import Backtest
from atmos_cli.verify.judge.latency import streams as latency_streams
from atmos_cli.verify.judge.pseudo import replayed
from atmos_cli.verify.judge.rules import availability
from atmos_cli.verify.judge.sequence import Stream
from atmos_cli.verify.judge.vetoes import DAY
from atmos_cli.verify.outcome import Reason
from atmos_cli.verify.traffic.counts import bin_width, binned, scrape_interval
from atmos_cli.verify.traffic.tally import errors

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.ports import Metrics
    from atmos_cli.verify.model import Limits, Target

MOST_POINTS = 10_000
"""Prometheus refuses a range query of more than 11,000."""


def backtest(
    metrics: Metrics, target: Target, limits: Limits, *, matchers: Mapping[str, str], at: float, hours: float
) -> Backtest:
    """Judge a pseudo-deploy every 10 minutes of the last `hours`, with yesterday and history, and return the alarms.

    Siblings are not queried, and counts come in minutes. Raises AtmosError ATM812 when the server does not answer.
    """
    source = find_source(metrics, target, limits, matchers=matchers, at=at)
    if isinstance(source, Reason):
        if source.code == "metrics-unavailable":
            raise fail(Code.METRICS_UNREACHABLE, source.message, hint=source.hint)
        return Backtest("", hours, 0, 0, note=source.message)
    scrape = scrape_interval(metrics.query(f"{source.requests}[600s]", at=at).series)
    begin = at - hours * 3600
    start = begin - BASELINE - DAY
    width = max(bin_width(scrape), float(math.ceil((at - start) / MOST_POINTS)))
    labels = tuple(label for label, _ in source.bad)
    answer = increases(metrics, source.requests, labels, start=start, end=at, width=width)
    flows = binned(answer.series, width=width)
    streams = [Stream(availability(limits), errors(flows, source, scrape=width, routes=limits.routes))]
    warnings = answer.warnings
    if source.histogram:
        slow = increases(metrics, source.histogram, ("le", *labels), start=start, end=at, width=width)
        warnings = (*warnings, *slow.warnings)
        whole = (start, at)
        streams += latency_streams(
            binned(slow.series, width=width), source, limits, before=whole, after=whole, scrape=width
        )
    found = replayed(streams, limits, start=begin, end=at, width=width)
    note = "".join(c for c in "; ".join(dict.fromkeys(warnings)) if c.isprintable())[:200]
    return Backtest(
        source=source.name, hours=hours, tried=found.tried, skipped=found.skipped, alarms=found.alarms, note=note
    )
