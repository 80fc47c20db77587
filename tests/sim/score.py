# ruff: noqa: RUF001
"""What many runs say together: shares with Wilson intervals, times to verdict, and the gates that must hold."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING

from atmos_cli.verify.outcome import Outcome
from tests.sim.catalogue import BY_NAME

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from tests.sim.catalogue import Row
    from tests.sim.harness import Run

Runs = dict[str, list["Run"]]
# Conditions with a gate of their own; the others are gated together.
GATED = (
    "0 → 5 %, 1 rps",
    "0 → 50 %, 0.2 rps",
    "×5, 10 rps, 1 %, σ 0.5",
    "×1.5, 100 rps, 1 %",
    "latency ×2, 10 rps",
    "traffic lost, 10 rps",
)
Z95 = 1.959963984540054


@dataclass(frozen=True, slots=True)
class Share:
    """`hits` of `of`, with the Wilson 95 % interval."""

    hits: int
    of: int

    @property
    def value(self) -> float:
        return self.hits / self.of if self.of else math.nan

    @property
    def interval(self) -> tuple[float, float]:
        if not self.of:
            return 0.0, 1.0
        n, p = self.of, self.value
        middle = (p + Z95**2 / (2 * n)) / (1 + Z95**2 / n)
        half = Z95 * math.sqrt(p * (1 - p) / n + Z95**2 / (4 * n * n)) / (1 + Z95**2 / n)
        return max(0.0, middle - half), min(1.0, middle + half)

    def __str__(self) -> str:
        low, high = self.interval
        return f"{percent(self.value)} ({percent(low)}–{percent(high)})" if self.of else "–"


def percent(share: float) -> str:
    return f"{share:.1%}".replace(".0%", "%")


def share(runs: Iterable[Run], *outcomes: Outcome) -> Share:
    told = [run.outcome in outcomes for run in runs]
    return Share(sum(told), len(told))


def typical(times: Iterable[float | None]) -> float | None:
    """The median of those that are known."""
    known = [time for time in times if time is not None]
    return median(known) if known else None


@dataclass(frozen=True, slots=True)
class Gate:
    """`share` must be at least (or at most) `bound`, and the median time, if there is one, at most `within` seconds."""

    name: str
    share: Share
    bound: float
    at_least: bool
    seconds: float | None = None
    within: float | None = None

    @property
    def holds(self) -> bool:
        value = self.share.value
        enough = value >= self.bound if self.at_least else value <= self.bound
        return enough and (self.within is None or (self.seconds is not None and self.seconds <= self.within))

    @property
    def excluded(self) -> bool:
        """The runs are enough to say that the bound does not hold: its whole interval lies on the wrong side."""
        low, high = self.share.interval
        wrong = high < self.bound if self.at_least else low > self.bound
        return wrong or (self.within is not None and (self.seconds is None or self.seconds > self.within))

    @property
    def wanted(self) -> str:
        time = f", median ≤ {self.within:.0f} s" if self.within is not None else ""
        return f"{'≥' if self.at_least else '≤'} {percent(self.bound)}{time}"


def gates(runs: Runs) -> list[Gate]:
    """Those of reference §2.9 for which there are runs."""
    found: list[Gate] = []

    def pool(keep: Callable[[Row], bool]) -> list[Run]:
        return [run for name, many in runs.items() if keep(BY_NAME[name]) for run in many]

    def most(name: str, many: Sequence[Run], bound: float, *outcomes: Outcome) -> None:
        if many:
            found.append(Gate(name, share(many, *outcomes), bound, at_least=False))

    def detects(row: str, bound: float, *outcomes: Outcome, within: float | None = None, fails: bool = False) -> None:
        many = runs.get(row, [])
        if many:
            seconds = typical(run.failed if fails else run.warned for run in many) if within is not None else None
            words = " or ".join(outcome.value.upper() for outcome in outcomes)
            found.append(Gate(f"{words}: {row}", share(many, *outcomes), bound, True, seconds, within))

    healthy = [row for row in BY_NAME.values() if row.truth == "null"]
    drifts = {row.name for row in healthy if "drift" in row.name or "behind the gateway" in row.name}
    most("false FAIL, σ ≤ 0.2", pool(lambda row: row in healthy and row.scenario.sigma <= 0.2), 0.01, Outcome.FAIL)
    most("false FAIL, σ = 1", pool(lambda row: row in healthy and row.scenario.sigma == 1), 0.035, Outcome.FAIL)
    most("false WARN", pool(lambda row: row in healthy and row.name not in drifts), 0.07, Outcome.WARN)
    quiet = pool(lambda row: row in healthy and row.scenario.sigma <= 0.2 and row.scenario.rps >= 10)
    most("INCONCLUSIVE on a healthy deploy, σ ≤ 0.2, ≥ 10 rps", quiet, 0.1, Outcome.INCONCLUSIVE)
    seen = (Outcome.FAIL, Outcome.WARN)
    bounds = (0.99, 0.99, 0.90, 0.99, 0.99, 0.99)
    times = ((150, True), (180, True), (None, False), (90, False), (120, False), (None, False))
    for row, bound, (within, fails) in zip(GATED, bounds, times, strict=True):
        detects(row, bound, *seen, within=within, fails=fails)
    unseen = pool(lambda row: row.truth == "nodata")
    most("PASS or FAIL without data", unseen, 0.0, Outcome.PASS, Outcome.FAIL)
    return found


def by_row(results: Iterable[tuple[str, Run]]) -> Runs:
    found: Runs = defaultdict(list)
    for name, run in results:
        found[name].append(run)
    return dict(found)
