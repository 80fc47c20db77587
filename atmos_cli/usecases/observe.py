"""Ask a metrics server whether users are worse off since a deploy.

Every look recomputes everything from raw counters for its time `at`, so a killed run resumes and a replay is exact.
The server is asked only queries of these shapes, `SEL` being a selector of `verify.traffic.sources`:

- `SEL[Ns]` at one time: raw samples of requests, or of histogram buckets;
- `sum(increase(SEL[Ns]))` and `sum by (label, …) (increase(SEL[Ns]))`, at one time or over a range;
- `count(last_over_time(SEL[Ns]))`: how many series there are;
- gauges of `observe_gauges`, whose absence is not held against anybody.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.usecases.observe_plan import Backtest, Plan

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.ports import Metrics
    from atmos_cli.verify.measured import Assessment
    from atmos_cli.verify.model import Limits, Target
    from atmos_cli.verify.outcome import Reason
    from atmos_cli.verify.traffic.sources import Source


def find_source(
    metrics: Metrics, target: Target, limits: Limits, *, matchers: Mapping[str, str], at: float
) -> Source | Reason:
    """The first source with at least 50 requests in the hour before `at`, else the busiest, else why there is none."""
    raise NotImplementedError


def plan(
    metrics: Metrics,
    target: Target,
    limits: Limits,
    *,
    source: Source | None,
    matchers: Mapping[str, str],
    started: float,
    finished: float,
    new: Mapping[str, float] | None = None,
    old: Mapping[str, float] | None = None,
    previous: float = 0.0,
    troubled: bool = False,
) -> Plan:
    """What every look will be computed from; asks for the scrape interval and the number of series."""
    raise NotImplementedError


def look(metrics: Metrics, plan: Plan, *, at: float) -> Assessment:
    """What the metrics say at `at`. Never raises for what a server says or does not say."""
    raise NotImplementedError


def backtest(
    metrics: Metrics, target: Target, limits: Limits, *, matchers: Mapping[str, str], at: float, hours: float
) -> Backtest:
    """What would have alarmed at pseudo-deploys every 10 minutes of the last `hours`, before vetoes.

    Raises AtmosError ATM812 when the server cannot be asked.
    """
    raise NotImplementedError
