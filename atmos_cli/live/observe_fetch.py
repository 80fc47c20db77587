"""The queries behind a look, each bounded in time and in the number of series."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.verify.judge.material import Material
from atmos_cli.verify.judge.sequence import Windows
from atmos_cli.verify.judge.vetoes import DAY, Siblings
from atmos_cli.verify.measured import Count
from atmos_cli.verify.traffic.counts import Flow, bin_width, binned, flows, last_seen

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.live.observe_plan import ObservationPlan
    from atmos_cli.ports import Answer, Metrics, Series
    from atmos_cli.verify.traffic.sources import TrafficSource

BASELINE = 3600.0
LONGEST = 3600.0
MARGIN = 300
"""Seconds that raw ranges reach back further, so that the first increase of a window has a sample before it."""
MOST_SERIES = 3000


def windows_of(plan: ObservationPlan) -> Windows:
    """Return the baseline and the looks of a plan."""
    cut = plan.previous + plan.settle if 0 < plan.previous < plan.started else 0.0
    start = min(max(plan.started - BASELINE, cut), plan.started)
    zero = max(plan.finished, plan.started) + plan.settle + plan.scrape
    step = max(30.0, plan.scrape)
    looks = max(1, round(plan.limits.observe / step))
    return Windows(
        start=start,
        end=plan.started,
        zero=zero,
        step=step,
        looks=looks,
        most=max(looks, int(LONGEST / step)),
        scrape=plan.scrape,
    )


def material(metrics: Metrics, plan: ObservationPlan, source: TrafficSource, *, at: float) -> Material:
    """Query what a look at `at` is judged from, without history. Raises AtmosError ATM812."""
    windows = windows_of(plan)
    gathered = _requests(metrics, plan, source, windows, at=at)
    warnings = list(gathered[2])
    slow: tuple[Flow, ...] = ()
    if source.histogram and windows.number(at):
        slow, _, more = _histogram(metrics, plan, source, windows, at=at)
        warnings += more
    return Material(
        windows=windows,
        limits=plan.limits,
        source=source,
        now=at,
        started=plan.started,
        flows=gathered[0],
        slow=slow,
        newest=gathered[1],
        new=plan.new,
        old=plan.old,
        previous=plan.previous,
        troubled=plan.troubled,
        warnings=tuple(dict.fromkeys(warnings)),
    )


Gathered = tuple[tuple[Flow, ...], float, tuple[str, ...]]
"""(flows, time of the newest sample, warnings)"""


def _requests(
    metrics: Metrics, plan: ObservationPlan, source: TrafficSource, windows: Windows, *, at: float
) -> Gathered:
    if plan.coarse:
        return _coarse(metrics, source.requests, _labels(source), windows, at=at)
    return _exact(metrics, source.requests, plan, windows, at=at)


def _histogram(
    metrics: Metrics, plan: ObservationPlan, source: TrafficSource, windows: Windows, *, at: float
) -> Gathered:
    if plan.coarse_latency:
        return _coarse(metrics, source.histogram, ("le", *_labels(source)), windows, at=at)
    return _exact(metrics, source.histogram, plan, windows, at=at)


def _exact(metrics: Metrics, selector: str, plan: ObservationPlan, windows: Windows, *, at: float) -> Gathered:
    """Query raw samples of the baseline, always at the same time so that it stays the same, and of the time since."""
    before = metrics.query(f"{selector}[{int(windows.end - windows.start) + MARGIN}s]", at=windows.end)
    after = metrics.query(f"{selector}[{int(max(0.0, at - windows.end)) + MARGIN}s]", at=at)
    starts = {**plan.old, **plan.new}
    found = flows(before.series, after.series, scrape=windows.scrape, starts=starts)
    return found, last_seen(after.series), (*before.warnings, *after.warnings)


def _coarse(metrics: Metrics, selector: str, labels: tuple[str, ...], windows: Windows, *, at: float) -> Gathered:
    """Query increases that the server computes, on a grid that the looks fall on, and first values of new series."""
    width = bin_width(windows.scrape / 4)
    start = windows.zero - width * int((windows.zero - windows.start) // width)
    by, over = ", ".join(labels), f"{int(width)}s"
    grown = metrics.query_range(f"sum by ({by}) (increase({selector}[{over}]))", start=start, end=at, step=width)
    born = metrics.query_range(
        f"sum by ({by}) (min_over_time({selector}[{over}]) unless {selector} offset {over})",
        start=start,
        end=at,
        step=width,
    )
    usable = _after_samples(grown, born.series, pause=300.0 + width)
    found = (*binned(grown.series, width=width), *binned(usable, width=width))
    return found, last_seen(grown.series), (*grown.warnings, *born.warnings)


def _after_samples(grown: Answer, born: Iterable[Series], *, pause: float) -> list[Series]:
    """Drop first values that follow a pause of all metrics: what comes back then is not new."""
    times = sorted({at for one in grown.series for at, _ in one.samples})

    def follows_samples(at: float) -> bool:
        return any(at - pause < seen < at for seen in times)

    return [replace(one, samples=tuple(sample for sample in one.samples if follows_samples(sample[0]))) for one in born]


def _labels(source: TrafficSource) -> tuple[str, ...]:
    return tuple(label for label, _ in source.bad)


def with_history(metrics: Metrics, known: Material, *, at: float, latency: bool) -> Material:
    """Return `known` with the last day and the siblings added. What the server refuses counts as missing data."""
    windows, source, warnings = known.windows, known.source, list(known.warnings)
    width = bin_width(windows.scrape)
    start, end = windows.end - DAY - BASELINE, windows.end
    known_history: dict[str, tuple[Flow, ...] | None] = {"requests": None, "slow": None}
    wanted = {"requests": (source.requests, _labels(source))}
    if latency and source.histogram:
        wanted["slow"] = (source.histogram, ("le", *_labels(source)))
    siblings = None
    try:
        for name, (selector, labels) in wanted.items():
            answer = increases(metrics, selector, labels, start=start, end=end, width=width)
            known_history[name] = binned(answer.series, width=width)
            warnings += answer.warnings
        siblings = _siblings(metrics, source, windows, at=at)
    except AtmosError as error:
        warnings.append(f"history could not be asked for: {error}")
    return replace(
        known,
        history=known_history["requests"],
        slow_history=known_history["slow"],
        siblings=siblings,
        warnings=tuple(dict.fromkeys(warnings)),
    )


def increases(
    metrics: Metrics, selector: str, labels: tuple[str, ...], *, start: float, end: float, width: float
) -> Answer:
    """Query the increases by `labels` in every `width` seconds up to `end`."""
    promql = f"sum by ({', '.join(labels)}) (increase({selector}[{int(width)}s]))"
    return metrics.query_range(promql, start=end - width * int((end - start) // width), end=end, step=width)


def _siblings(metrics: Metrics, source: TrafficSource, windows: Windows, *, at: float) -> Siblings | None:
    if not source.siblings:
        return None
    counts = []
    for start, end in ((windows.start, windows.end), (windows.zero, at)):
        seconds = max(60, int(end - start))
        promql = f"sum by ({', '.join(_labels(source))}) (increase({source.siblings}[{seconds}s]))"
        found = binned(metrics.query(promql, at=end).series, width=seconds)
        total = sum(step[2] for flow in found for step in flow.steps)
        bad = sum(step[2] for flow in found for step in flow.steps if source.is_bad(flow.labels))
        counts.append(Count(bad, total, end - seconds, end))
    return Siblings(counts[0], counts[1])
