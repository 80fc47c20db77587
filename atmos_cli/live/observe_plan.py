"""The plan of one verification's metrics queries, made once so that every look is the same computation."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.verify.judge.pseudo import Alarm
    from atmos_cli.verify.model import Limits, Target
    from atmos_cli.verify.traffic.sources import TrafficSource


@dataclass(frozen=True, slots=True)
class ObservationPlan:
    """What every look is computed from: times in unix seconds, spans in seconds; only values that JSON can hold.

    `started`: creation of the first new pod (t_new); `finished`: when the rollout was done (t_done). `previous`: the
    deploy before this one, 0 when not known; the baseline does not reach behind it. `new`, `old`: pod name to start
    time, by revision. `coarse`, `coarse_latency`: so many series that minutes are counted instead of raw samples.
    `troubled`: the state before this deploy was itself judged FAIL. A `source` of None is looked for at every look.
    """

    target: Target
    limits: Limits
    source: TrafficSource | None
    matchers: Mapping[str, str]
    started: float
    finished: float
    previous: float = 0.0
    settle: float = 60.0
    scrape: float = 30.0
    new: Mapping[str, float] = field(default_factory=dict)
    old: Mapping[str, float] = field(default_factory=dict)
    coarse: bool = False
    coarse_latency: bool = False
    troubled: bool = False


@dataclass(frozen=True, slots=True)
class Backtest:
    """How often this service would have alarmed without a deploy. `tried`: pseudo-deploys with enough requests.

    `source` is empty when nothing counts its requests; `note` then says so, or what the server warned of.
    """

    source: str
    hours: float
    tried: int
    skipped: int
    alarms: tuple[Alarm, ...] = ()
    note: str = ""

    def count(self, outcome: str) -> int:
        """Return how many alarms had this outcome."""
        return sum(alarm.outcome == outcome for alarm in self.alarms)
