"""Counters as a Prometheus would have scraped them, drawn from a scenario whose truth is known. Seeded."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from tests.sim.recorded import World
from tests.sim.scenario import NAMESPACE, ROLLOUT, WORKLOAD, times
from tests.sim.traffic import BIN, Array, Counter, Target, Weather, ar1, counts, in_any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sim.scenario import Scenario

DAY = 86_400.0
SIBLINGS = ("blog", "search")


def generate(scenario: Scenario, seed: int) -> World:
    """The same scenario and seed give the same samples."""
    rng = np.random.default_rng((seed, 20260822))
    world = World()
    moment = times(scenario)
    last = moment.settled + scenario.after
    days = [(moment.new - scenario.before, last, 0.0)]
    if scenario.yesterday:
        days.insert(0, (moment.new - scenario.before, moment.settled + 1500, DAY))
    for start, end, back in days:
        _day(world, scenario, rng, start=start, end=end, back=back)
    return world


def _day(world: World, scenario: Scenario, rng: np.random.Generator, *, start: float, end: float, back: float) -> None:
    bins = int((end - start) / BIN) + 2
    weather = Weather(
        start,
        np.exp(0.15 * ar1(rng, bins, 0.9) - 0.01125),
        np.exp(scenario.sigma * ar1(rng, bins, scenario.rho) - scenario.sigma**2 / 2),
        np.exp(scenario.wobble * ar1(rng, bins, 0.9)),
    )
    for target in _targets(scenario, back):
        scrapes = _scrapes(scenario, target, rng, start, end)
        if scrapes is None:
            continue
        at, kept, up = scrapes
        job = {"job": target.labels["job"], "instance": target.labels["instance"], "namespace": NAMESPACE}
        seen = _seen(scenario, at[1:], back)
        world.add("up", {**job, **_pod_of(target)}, at[1:][seen] - back, up[seen].astype(float))
        shown = kept & seen
        for sibling in ("", *SIBLINGS):
            if sibling and scenario.source == "generic-app":
                continue
            for counter in counts(scenario, target, rng, weather, at, back, sibling):
                _emit(world, scenario, counter, at[1:] - back, shown, today=not back)


def _targets(scenario: Scenario, back: float) -> Iterator[Target]:
    moment = times(scenario)
    if scenario.source == "ingress-nginx":
        for gateway in range(2):
            name = f"ingress-nginx-controller-7d9f{gateway}"
            labels = {"job": "ingress-nginx", "instance": f"10.1.0.{gateway + 4}:10254", "controller_pod": name}
            yield Target(labels, None, None, 0.5, gateway, new=True)
        return
    hashes = ("6b7f8c9d5f", "79c5d8b4c6")
    for new in (False, True):
        if back and new:
            continue
        for pod in range(scenario.pods):
            switch = moment.new + (pod + 1) * ROLLOUT / (scenario.pods + 1)
            name = f"{WORKLOAD}-{hashes[new]}-{'bcdfghjkl'[pod]}x2{'tvwz7'[pod % 5]}q"
            address = f"10.2.{int(new)}.{pod + 10}:8080"
            labels = {"job": WORKLOAD, "instance": address, "pod": name}
            born, died = (switch, None) if new else (None, None if back else switch)
            if new or not scenario.first:
                yield Target(labels, born, died, 1 / scenario.pods, pod, new=new)


def pods(scenario: Scenario, *, new: bool) -> dict[str, float]:
    """Name to start time, as the cluster tells it; behind a gateway pods have no series, but they exist."""
    found = _targets(replace(scenario, source="generic-app"), 0.0)
    long_ago = times(scenario).new - 10 * DAY
    return {target.labels["pod"]: target.born or long_ago for target in found if target.new == new}


def _pod_of(target: Target) -> dict[str, str]:
    return {key: value for key, value in target.labels.items() if key == "pod"}


def _scrapes(
    scenario: Scenario, target: Target, rng: np.random.Generator, start: float, end: float
) -> tuple[Array, Array, Array] | None:
    """Times with one before the first, which of them are recorded, and whether the target answered."""
    begin = start if target.born is None else target.born
    stop = end if target.died is None else target.died
    first = begin + rng.uniform(0, scenario.scrape)
    regular = np.arange(first, stop, scenario.scrape)
    if not len(regular):
        return None
    at = np.concatenate([[begin], regular + rng.uniform(-0.2, 0.2, len(regular))])
    at[1] = max(at[1], begin + 0.001)
    settled = times(scenario).settled
    up = ~in_any(scenario.down, at[1:] - settled)
    if scenario.blind == "down":
        up &= ~((at[1:] > times(scenario).new) & target.new)
    return at, up, up


def _seen(scenario: Scenario, at: Array, back: float) -> Array:
    settled = times(scenario).settled
    seen = ~in_any(scenario.absent, at - settled)
    if scenario.blind == "gone" and not back:
        seen &= at <= times(scenario).new
    return seen


def _emit(world: World, scenario: Scenario, counter: Counter, at: Array, shown: Array, *, today: bool) -> None:
    """Adds the counter; a labelled child that has counted nothing since its process started is not exposed."""
    if scenario.silent:
        return
    values = np.cumsum(counter.counts).astype(float) + math.floor(counter.start)
    exists = values if counter.exists is None else np.cumsum(counter.exists) + math.floor(counter.start)
    for reset in scenario.resets if today else ():
        restarted = at >= times(scenario).settled + reset
        if restarted.any():
            first = int(np.argmax(restarted))
            values = np.where(restarted, values - (values[first - 1] if first else 0.0), values)
            exists = np.where(restarted, exists - (exists[first - 1] if first else 0.0), exists)
    exposed = shown & (exists > 0)
    if scenario.nan:
        values = np.full(len(values), math.nan)
    world.add(counter.name, counter.labels, at[exposed], values[exposed])
