"""The data that one look is computed from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.verify.judge.sequence import Windows
    from atmos_cli.verify.judge.vetoes import Siblings
    from atmos_cli.verify.model import Limits
    from atmos_cli.verify.traffic.counts import Flow
    from atmos_cli.verify.traffic.sources import TrafficSource


@dataclass(frozen=True, slots=True)
class Material:
    """The data of one look. `started`: creation of the first new pod; `newest`: last sample, 0 without. Unix seconds.

    `new`, `old`: pod name to start time. `slow`: flows of histogram buckets. `history`, `slow_history`: flows of the
    last day in minutes; None when they were not asked for. `warnings` of the server mean that data are missing.
    """

    windows: Windows
    limits: Limits
    source: TrafficSource
    now: float
    started: float
    flows: Sequence[Flow]
    slow: Sequence[Flow] = ()
    newest: float = 0.0
    new: Mapping[str, float] = field(default_factory=dict)
    old: Mapping[str, float] = field(default_factory=dict)
    previous: float = 0.0
    troubled: bool = False
    history: Sequence[Flow] | None = None
    slow_history: Sequence[Flow] | None = None
    siblings: Siblings | None = None
    warnings: tuple[str, ...] = ()

    @property
    def look(self) -> int:
        return self.windows.number(self.now)
