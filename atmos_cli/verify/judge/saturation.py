"""Gauges before and after, which explain a WARN or are one, and never fail a deploy alone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

from atmos_cli.verify.judge.phrase import percent
from atmos_cli.verify.measured import Saturation
from atmos_cli.verify.outcome import Outcome, Reason

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from atmos_cli.ports import Series
    from atmos_cli.verify.measured import Assessment

LEAK_WINDOW = 3600.0


@dataclass(frozen=True, slots=True)
class GaugeThreshold:
    """A limit: a gauge warns at `least` when it rose by `rise`, in `samples` samples, or by its median for 0."""

    name: str
    least: float
    rise: float
    samples: int
    share: bool
    says: str


LINES: tuple[GaugeThreshold, ...] = (
    GaugeThreshold("cpu-throttling", 0.25, 0.10, 0, share=True, says="of CPU periods are throttled"),
    GaugeThreshold("memory", 0.90, 0.05, 0, share=True, says="of the memory limit is used by the fullest container"),
    GaugeThreshold("restarts", 1.0, 1.0, 1, share=False, says="container restarts"),
    GaugeThreshold("pool-pending", 1.0, 1.0, 3, share=False, says="requests wait for a database connection"),
    GaugeThreshold("pool-timeouts", 1.0, 1.0, 1, share=False, says="waits for a database connection timed out"),
)


def saturation(
    gauges: Mapping[str, Iterable[Series]], *, started: float, since: float, now: float
) -> tuple[Saturation, ...]:
    """Judge each gauge with samples in (since, now]; `before` is what it was until `started`."""
    out = []
    for line in LINES:
        samples = sorted(sample for series in gauges.get(line.name, ()) for sample in series.samples)
        before = [value for at, value in samples if at <= started and value == value]  # noqa: PLR0124 - not NaN
        after = [(at, value) for at, value in samples if since < at <= now and value == value]  # noqa: PLR0124
        if after:
            out.append(_judged(line, before, after))
    return tuple(out)


def _judged(line: GaugeThreshold, before: Sequence[float], after: Sequence[tuple[float, float]]) -> Saturation:
    values = [value for _, value in after]
    was = median(before) if before else None
    now = max(values) if line.samples else median(values)
    least = max(line.least, (was or 0.0) + line.rise)
    warn = sum(value >= least for value in values) >= line.samples if line.samples else now >= least
    says = f"{percent(now) if line.share else format(now, '.0f')} {line.says}"
    if was is not None:
        says += f" ({percent(was) if line.share else format(was, '.0f')} before)"
    full = _full_in(after) if line.name == "memory" and not warn else None
    if full is not None:
        says, warn = f"{says}, and at this slope the limit is reached in {full / 60:.0f} min", True
    return Saturation(name=line.name, before=was, after=now, says=says, warn=warn)


def _full_in(samples: Sequence[tuple[float, float]]) -> float | None:
    """Return the seconds until a share reaches 1 at its present slope, if half is used and that is within the hour."""
    begin, end = samples[0][0], samples[-1][0]
    if end - begin < 240 or samples[-1][1] < 0.5:
        return None
    times, values = [at - begin for at, _ in samples], [value for _, value in samples]
    middle, mean = sum(times) / len(times), sum(values) / len(values)
    spread = sum((t - middle) ** 2 for t in times)
    slope = sum((t - middle) * (v - mean) for t, v in zip(times, values, strict=True)) / spread if spread else 0.0
    left = (1 - values[-1]) / slope if slope > 1e-9 else LEAK_WINDOW + 1
    rising = sum(b >= a for a, b in pairwise(values)) >= 0.8 * (len(values) - 1)
    steady = rising and values[-1] - values[0] >= 0.05
    return left if steady and left <= LEAK_WINDOW else None


def with_saturation(done: Assessment, items: tuple[Saturation, ...]) -> Assessment:
    """Add the gauges to `done`; one that warns turns PASS or INCONCLUSIVE into WARN, and nothing into FAIL."""
    hint = "is it this change? look at requests, limits and pool sizes in the spec"
    full = tuple(Reason(Outcome.WARN, item.name, item.says, hint) for item in items if item.warn)
    outcome = Outcome.WARN if full and done.outcome in (Outcome.PASS, Outcome.INCONCLUSIVE) else done.outcome
    reasons = (*full, *done.reasons) if outcome is not done.outcome else (*done.reasons, *full)
    return replace(done, outcome=outcome, reasons=reasons, saturation=items)
