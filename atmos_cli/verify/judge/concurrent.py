"""New pods against old pods in the same seconds: the one comparison that no change outside of them can disturb."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.verify.measured import Count
from atmos_cli.verify.traffic.tally import errors

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.verify.traffic.counts import Flow
    from atmos_cli.verify.traffic.sources import TrafficSource

WARM = 60.0
"""Errors in so many first seconds of a new pod do not count."""
RATIOS = tuple(1.5 * 1.35**i for i in range(14))
"""Alternatives that the mixture bets on: 1.5 to 74 times as many errors."""


@dataclass(frozen=True, slots=True)
class Contest:
    """Errors of old and new pods while both served. `evidence`: the highest e-value seen, by margin.

    Where new pods err at most `margin` times as often, it reaches 1/alpha with probability alpha at most,
    however often one looks and however errors cluster in time.
    """

    old: Count
    new: Count
    evidence: Mapping[float, float]


def contest(
    flows: Sequence[Flow],
    source: TrafficSource,
    new: Mapping[str, float],
    old: Mapping[str, float],
    *,
    start: float,
    end: float,
    scrape: float,
    margins: tuple[float, ...],
) -> Contest | None:
    """Compare errors of new and old pods; None unless both can be told apart and served at the same time."""
    arms = {"new": _Arm(new), "old": _Arm(old)}
    late: dict[str, list[Flow]] = {"new": [], "old": []}
    for flow in flows:
        pod = flow.labels.get("pod", "")
        for name, arm in arms.items():
            if pod and arm.has(pod):
                late[name].append(_warmed(flow, new.get(pod, start) + WARM) if name == "new" else flow)
    if not late["new"] or not late["old"]:
        return None
    tallies = {name: errors(group, source, scrape=scrape) for name, group in late.items()}
    blocks = [
        pair
        for pair in zip(*(tallies[name].blocks(start, end, max(30.0, scrape)) for name in ("old", "new")), strict=True)
        if pair[0].total > 0 and pair[1].total > 0
    ]
    if not blocks:
        return None
    old_sum, new_sum = (
        Count(sum(p[i].bad for p in blocks), sum(p[i].total for p in blocks), blocks[0][i].start, blocks[-1][i].end)
        for i in (0, 1)
    )
    return Contest(old_sum, new_sum, {margin: evidence(blocks, margin) for margin in margins})


def evidence(blocks: Sequence[tuple[Count, Count]], margin: float) -> float:
    """Return the highest running e-value over (old, new) block counts, by which arm errors fell on given the traffic.

    Under a ratio r of error rates an error falls on the new arm with probability r·n/(r·n + o). The bet is a mixture
    over RATIOS times the margin; wealth is a supermartingale under every ratio up to `margin`.
    """
    wealth = [0.0] * len(RATIOS)
    highest = 0.0
    for old, new in blocks:
        null = margin * new.total / (margin * new.total + old.total)
        for i, ratio in enumerate(RATIOS):
            more = margin * ratio
            bet = more * new.total / (more * new.total + old.total)
            wealth[i] += new.bad * math.log(bet / null) + old.bad * math.log((1 - bet) / (1 - null))
        top = max(wealth)
        highest = max(highest, top + math.log(sum(math.exp(w - top) for w in wealth) / len(wealth)))
    return math.exp(min(highest, 700.0))


class _Arm:
    """The pods of one revision: those named, and those that share a ReplicaSet's name with them."""

    def __init__(self, pods: Mapping[str, float]) -> None:
        self._pods = frozenset(pods)
        self._sets = frozenset(pod.rpartition("-")[0] for pod in pods if pod.count("-") >= 2)

    def has(self, pod: str) -> bool:
        return pod in self._pods or pod.rpartition("-")[0] in self._sets


def _warmed(flow: Flow, since: float) -> Flow:
    return replace(flow, steps=tuple(step for step in flow.steps if step[0] >= since))
