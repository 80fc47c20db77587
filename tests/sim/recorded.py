"""What was recorded: series of samples, by metric name."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(slots=True)
class Recorded:
    """One series: sorted times and values of the same length."""

    labels: Mapping[str, str]
    at: list[float]
    values: list[float]
    cells: list[str] = field(default_factory=list)  # each sample as JSON, made when it is first asked for

    def texts(self) -> list[str]:
        if not self.cells:
            pairs = zip(self.at, self.values, strict=True)
            self.cells = [f'[{at:.3f},"{number(value)}"]' for at, value in pairs]
        return self.cells


def number(value: float) -> str:
    """As Go's strconv prints a float in Prometheus' JSON."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if value == int(value) and abs(value) < 1e15 else repr(float(value))


@dataclass(slots=True)
class World:
    """Everything that was recorded, by metric name."""

    series: dict[str, list[Recorded]] = field(default_factory=dict)
    selected: dict[object, list[Recorded]] = field(default_factory=dict)  # by matchers, as they were first asked for

    def add(self, name: str, labels: Mapping[str, str], at: np.ndarray, values: np.ndarray) -> None:
        if len(at):
            recorded = Recorded({"__name__": name, **labels}, np.round(at, 3).tolist(), values.tolist())
            self.series.setdefault(name, []).append(recorded)
