"""Exact increases of raw counters, with resets, series that begin during the window, replicas and gaps.

`rate()` and `increase()` of the server leave out the first value of a new series, and after a deploy most are new.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass
from itertools import pairwise
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from atmos_cli.ports import Series

REPLICAS = frozenset({"prometheus_replica", "__replica__"})
TARGET = ("instance", "pod", "controller_pod", "kubernetes_pod_name", "container", "endpoint")
MOST = 2.0**53
"""Above this a float no longer counts by one; the comparison drops NaN as well."""
GAP = 3.5
"""A step that spans more scrapes than this is a gap."""

Step = tuple[float, float, float]
"""(start, end, increase): how many requests were counted in (start, end]."""


@dataclass(frozen=True, slots=True)
class Flow:
    """The increases of one series, in order of time; steps do not overlap."""

    labels: Mapping[str, str]
    steps: tuple[Step, ...]


def scrape_interval(series: Iterable[Series], *, otherwise: float = 30.0) -> float:
    """Return the usual distance of two samples, in seconds, from 1 to 300; `otherwise` when samples are too few."""
    gaps = [b[0] - a[0] for _, one in zip(range(50), series, strict=False) for a, b in pairwise(one.samples[-200:])]
    positive = [gap for gap in gaps if gap > 0]
    if not positive:
        return otherwise
    usual = median(positive)
    return min(300.0, max(1.0, float(round(usual)) if abs(usual - round(usual)) < 0.02 * usual else round(usual, 3)))


def bin_width(scrape: float) -> float:
    """Return over how many seconds the server's `increase()` has enough samples."""
    return max(60.0, math.ceil(4 * scrape))


def joined(*answers: Iterable[Series]) -> tuple[tuple[dict[str, str], list[tuple[float, float]]], ...]:
    """Merge the same series of several answers into one: sorted samples that can be counts, one per instant."""
    merged: dict[frozenset[tuple[str, str]], dict[float, float]] = {}
    for answer in answers:
        for series in answer:
            kept = merged.setdefault(frozenset((k, v) for k, v in series.labels.items() if k != "__name__"), {})
            kept.update((at, value) for at, value in series.samples if 0 <= value <= MOST)
    found = ((dict(sorted(labels)), sorted(samples.items())) for labels, samples in merged.items() if samples)
    return tuple(sorted(found, key=lambda pair: sorted(pair[0].items())))


def flows(*answers: Iterable[Series], scrape: float, starts: Mapping[str, float]) -> tuple[Flow, ...]:
    """Return the exact increases of every series.

    The first value of a series counts from 0 when it is provably new: its target was scraped before without it, or
    `starts` (pod name to unix seconds) says that its pod began no earlier than the first sample of all. Otherwise it
    counts nothing.
    """
    series = _one_replica(joined(*answers))
    if not series:
        return ()
    begin = min(samples[0][0] for _, samples in series)
    scraped: dict[tuple[str, ...], set[float]] = defaultdict(set)
    for labels, samples in series:
        scraped[_target(labels)].update(at for at, _ in samples)
    times = {target: sorted(seen) for target, seen in scraped.items()}
    out = []
    for labels, samples in series:
        before = _born(labels, samples[0][0], times[_target(labels)], starts, begin=begin, scrape=scrape)
        steps = [(before, *samples[0])] if before is not None and samples[0][1] else []
        steps += [(a, b, w - v if w >= v else w) for (a, v), (b, w) in pairwise(samples)]
        out.append(Flow(labels, tuple(steps)))
    return tuple(out)


def _born(
    labels: Mapping[str, str],
    first: float,
    times: Sequence[float],
    starts: Mapping[str, float],
    *,
    begin: float,
    scrape: float,
) -> float | None:
    """Return since when a series that was first seen at `first` has counted from 0; None when that is not known."""
    index = bisect_left(times, first)
    if index:
        return times[index - 1]
    start = starts.get(labels.get("pod", ""))
    return start if start is not None and begin - scrape <= start < first else None


def binned(answers: Iterable[Series], *, width: float) -> tuple[Flow, ...]:
    """Make flows of increases that the server computed for the `width` seconds up to each sample's time."""
    return tuple(
        Flow(labels, tuple((at - width, at, value) for at, value in samples)) for labels, samples in joined(answers)
    )


def last_seen(*answers: Iterable[Series]) -> float:
    """Return the time of the newest sample in unix seconds, 0 without any."""
    return max((one.samples[-1][0] for answer in answers for one in answer if one.samples), default=0.0)


def _target(labels: Mapping[str, str]) -> tuple[str, ...]:
    return (labels.get("job", ""), *(labels.get(name, "") for name in TARGET))


def _one_replica(
    series: Sequence[tuple[dict[str, str], list[tuple[float, float]]]],
) -> tuple[tuple[dict[str, str], list[tuple[float, float]]], ...]:
    """Drop the copies that a second Prometheus, or a second job over the same pod, adds.

    Counted twice, every error would be half as surprising as it is said to be.
    """
    copies: dict[tuple[str, ...], dict[tuple[str, ...], list[int]]] = defaultdict(lambda: defaultdict(list))
    keyed = []
    for index, (labels, samples) in enumerate(series):
        copy = (
            labels.get("job", "") if labels.get("pod") else "",
            *(labels.get(name, "") for name in sorted(REPLICAS)),
        )
        source = (labels.get("pod") or labels.get("instance", ""), labels.get("container", ""))
        copies[source][copy].append(index)
        keyed.append(len(samples))
    kept = set()
    for by_copy in copies.values():
        kept.update(max(by_copy.items(), key=lambda item: (sum(keyed[i] for i in item[1]), item[0]))[1])
    return tuple(
        ({k: v for k, v in labels.items() if k not in REPLICAS}, samples)
        for index, (labels, samples) in enumerate(series)
        if index in kept
    )
