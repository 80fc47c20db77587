"""Measurements: counts before and after, and what they mean."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.verify.outcome import Outcome, Reason

BROKEN_BASELINE = "broken-baseline"
"""The code of a measure whose baseline was itself in trouble."""


@dataclass(frozen=True, slots=True)
class Count:
    """`bad` of `total` requests in (start, end], unix seconds."""

    bad: float
    total: float
    start: float
    end: float

    @property
    def share(self) -> float:
        return self.bad / self.total if self.total else 0.0


@dataclass(frozen=True, slots=True)
class Measure:
    """One critical metric, judged: `availability`, `latency-near` or `latency-far`.

    `ratio` is after to before, None without errors before; `low` and `high` its 95 % interval. `phi`: the baseline's
    overdispersion. `p_fail`, `p_warn` are the one-sided p-values at the margins 1.25 and 1.0. `says` is for people.
    """

    name: str
    outcome: Outcome
    code: str
    says: str
    before: Count
    after: Count
    ratio: float | None = None
    low: float | None = None
    high: float | None = None
    phi: float = 1.0
    p_fail: float = 1.0
    p_warn: float = 1.0


@dataclass(frozen=True, slots=True)
class Saturation:
    """A gauge before and after, such as `cpu-throttling`, `memory`, `pool-pending`, `restarts`."""

    name: str
    before: float | None
    after: float | None
    says: str
    warn: bool


@dataclass(frozen=True, slots=True)
class Assessment:
    """What the metrics say after one look. `final`: no further look is needed; `extend`: more time could decide it.

    `codes`, `pods` and `routes` break the errors down: label value to (before, after).
    """

    outcome: Outcome
    reasons: tuple[Reason, ...]
    at: float
    source: str = ""
    final: bool = False
    extend: bool = False
    measures: tuple[Measure, ...] = ()
    saturation: tuple[Saturation, ...] = ()
    codes: Mapping[str, tuple[Count, Count]] = field(default_factory=dict)
    pods: Mapping[str, tuple[Count, Count]] = field(default_factory=dict)
    routes: Mapping[str, tuple[Count, Count]] = field(default_factory=dict)
    transition: Count | None = None
    burn: float | None = None
    quantiles: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
