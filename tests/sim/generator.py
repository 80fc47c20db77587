"""Counters as a Prometheus would have scraped them, drawn from a scenario whose truth is known. Seeded."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr

from tests.sim.scenario import NAMESPACE, ROLLOUT, WORKLOAD, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.sim.scenario import Scenario, Span

Array = np.ndarray
DAY = 86_400.0
BIN = 30.0
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEDIAN, SPREAD = 0.08, 0.6
NOT_FOUND = 0.02
ROUTES = ("/", "/cart", "/pay", "/search", "/user")
SIBLINGS = ("blog", "search")


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

    def add(self, name: str, labels: Mapping[str, str], at: Array, values: Array) -> None:
        if len(at):
            recorded = Recorded({"__name__": name, **labels}, np.round(at, 3).tolist(), values.tolist())
            self.series.setdefault(name, []).append(recorded)


@dataclass(frozen=True, slots=True)
class Target:
    """What is scraped: a pod of the service, or a gateway that counts for every service behind it."""

    labels: Mapping[str, str]
    born: float | None  # None: it ran long before the history starts
    died: float | None
    share: float  # of the traffic, while it is alive
    pod: int
    new: bool


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
    weather = _Weather(
        start,
        np.exp(0.15 * _ar1(rng, bins, 0.9) - 0.01125),
        np.exp(scenario.sigma * _ar1(rng, bins, scenario.rho) - scenario.sigma**2 / 2),
        np.exp(scenario.wobble * _ar1(rng, bins, 0.9)),
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
            for counter in _counts(scenario, target, rng, weather, at, back, sibling):
                _emit(world, scenario, counter, at[1:] - back, shown, today=not back)


class Counter(NamedTuple):
    """`counts` between scrapes. It is exposed once `exists` counted something: a bucket is there with its histogram."""

    name: str
    labels: Mapping[str, str]
    counts: Array
    start: float
    exists: Array | None = None


@dataclass(frozen=True, slots=True)
class _Weather:
    """Noise per 30 s that every pod shares: traffic, errors, latency."""

    start: float
    traffic: Array
    errors: Array
    latency: Array

    def at(self, series: Array, when: Array) -> Array:
        return series[np.clip(((when - self.start) / BIN).astype(int), 0, len(series) - 1)]


def _ar1(rng: np.random.Generator, size: int, rho: float) -> Array:
    noise = rng.standard_normal(size)
    out = np.empty(size)
    level = noise[0]
    spread = math.sqrt(1 - rho * rho)
    for index in range(size):
        level = level if index == 0 else rho * level + spread * noise[index]
        out[index] = level
    return out


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
    up = ~_in_any(scenario.down, at[1:] - settled)
    if scenario.blind == "down":
        up &= ~((at[1:] > times(scenario).new) & target.new)
    return at, up, up


def _seen(scenario: Scenario, at: Array, back: float) -> Array:
    settled = times(scenario).settled
    seen = ~_in_any(scenario.absent, at - settled)
    if scenario.blind == "gone" and not back:
        seen &= at <= times(scenario).new
    return seen


def _in_any(spans: tuple[Span, ...], offset: Array) -> Array:
    inside = np.zeros(len(offset), dtype=bool)
    for span in spans:
        inside |= (offset >= span.start) & (offset < span.end)
    return inside


def _times(spans: tuple[Span, ...], offset: Array) -> Array:
    factor = np.ones(len(offset))
    for span in spans:
        factor = np.where((offset >= span.start) & (offset < span.end), factor * span.factor, factor)
    return factor


def _counts(
    scenario: Scenario,
    target: Target,
    rng: np.random.Generator,
    weather: _Weather,
    at: Array,
    back: float,
    sibling: str,
) -> Iterator[Counter]:
    """Every counter of one service at one target: name, labels, increments between scrapes, value at the start."""
    middle, width = (at[1:] + at[:-1]) / 2, np.diff(at)
    moment = times(scenario)
    after = (middle >= moment.done) & (back == 0)
    offset = middle - moment.settled
    rate = scenario.rps * target.share * weather.at(weather.traffic, middle)
    rate = rate * np.linspace(1, scenario.ramp, len(rate)) if scenario.ramp != 1 else rate
    share = np.full(len(middle), scenario.p0 or 0.0)
    if sibling:
        rate, share = rate * 1.5, np.full(len(middle), 0.005)
    else:
        rate = np.where(after, rate * scenario.traffic, rate)
        share = _errors(scenario, target, share * weather.at(weather.errors, middle), offset, after)
    if not back:
        share = share * _times(scenario.gateway_incidents, offset)
    if sibling:
        requests = rng.poisson(rate * width)
        yield from _codes(scenario, target, rng, requests, share, np.zeros(len(requests)), sibling, "/")
        return
    bots = scenario.bots
    extra = rate * (_times((bots,), offset) - 1) if bots and not back else np.zeros(len(rate))
    paths = ROUTES if scenario.routes else ("/",)
    for index, path in enumerate(paths):
        requests = rng.poisson(rate / len(paths) * width)
        plus = scenario.errors_plus if scenario.routes and index == 2 else 0.0
        wrong = np.where(after, share + plus, share) if plus else share
        lost = rng.poisson(extra / len(paths) * width)
        yield from _codes(scenario, target, rng, requests, wrong, lost, "", path)
        slow = weather.at(weather.latency, middle) * np.where(after, scenario.slower, 1.0)
        stalled = np.where(after, scenario.stalled, 0.0)
        yield from _latency(scenario, target, rng, requests + lost, slow, stalled, path)


def _errors(scenario: Scenario, target: Target, share: Array, offset: Array, after: Array) -> Array:
    moment = times(scenario)
    share = share * _times(scenario.incidents, offset)
    late = offset >= 0
    share = np.where(late, share * scenario.drift, share)
    bad = after & (scenario.bad_pods == 0 or target.pod < scenario.bad_pods)
    share = np.where(bad, share * scenario.errors_times, share)
    if not scenario.routes:
        share = np.where(bad, share + scenario.errors_plus, share)
    leak = np.where(after, scenario.leak * np.maximum(0, offset - scenario.leak_from), 0)
    draining = after & (offset < moment.done + scenario.blip - moment.settled)
    return np.clip(np.where(draining, np.minimum(1, share * 10 + 0.02), share + leak), 0, 1)


def _codes(
    scenario: Scenario,
    target: Target,
    rng: np.random.Generator,
    requests: Array,
    share: Array,
    lost: Array,
    sibling: str,
    path: str,
) -> Iterator[Counter]:
    bad = rng.binomial(requests, np.clip(share, 0, 1))
    missing = rng.binomial(requests - bad, NOT_FOUND) + lost.astype(int)
    old = 0.0 if target.born is not None else 50_000.0 * scenario.rps * target.share
    error = 0.0 if not old or not scenario.p0 else old * scenario.p0
    name, labels = _named(scenario, target, sibling, path)
    label = "status" if scenario.source == "ingress-nginx" else "code"
    yield Counter(name, {**labels, label: "200"}, requests - bad - (missing - lost.astype(int)), old)
    yield Counter(name, {**labels, label: "404"}, missing, old * NOT_FOUND)
    yield Counter(name, {**labels, label: "503"}, bad, error)


def _named(scenario: Scenario, target: Target, sibling: str, path: str) -> tuple[str, dict[str, str]]:
    who = sibling or WORKLOAD
    if scenario.source == "ingress-nginx":
        labels = {**target.labels, "namespace": NAMESPACE, "ingress": who, "service": who, "path": path}
        return "nginx_ingress_controller_requests", labels
    labels = {**target.labels, "namespace": NAMESPACE}
    return "http_requests_total", {**labels, "path": path} if scenario.routes else labels


def _latency(
    scenario: Scenario,
    target: Target,
    rng: np.random.Generator,
    requests: Array,
    slow: Array,
    stalled: Array,
    path: str,
) -> Iterator[Counter]:
    _, labels = _named(scenario, target, "", path)
    fast = _below(slow)
    below = fast * (1 - stalled[:, None]) + _below(slow, late=1.0) * stalled[:, None]
    edges = np.concatenate([below, np.ones((len(slow), 1))], axis=1)
    parts = np.clip(np.diff(np.concatenate([np.zeros((len(slow), 1)), edges], axis=1), axis=1), 0, 1)
    drawn = rng.multinomial(requests, parts / parts.sum(1, keepdims=True)).cumsum(1)
    name = "nginx_ingress_controller_request" if scenario.source == "ingress-nginx" else "http_request"
    old = 0.0 if target.born is not None else 51_000.0 * scenario.rps * target.share
    for index, bound in enumerate((*BOUNDS, math.inf)):
        shown = {**labels, "le": "+Inf" if math.isinf(bound) else f"{bound:g}"}
        yield Counter(f"{name}_duration_seconds_bucket", shown, drawn[:, index], old * edges[0, index], requests)


def _below(slow: Array, *, late: float = 0.0) -> Array:
    """The share of requests at or below each bound, when the median is `slow` times the usual one."""
    bounds = np.maximum(np.array(BOUNDS)[None, :] - late, 1e-9)
    return np.asarray(ndtr((np.log(bounds) - np.log(MEDIAN * slow)[:, None]) / SPREAD))


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
    if scenario.first:
        exposed &= (at > times(scenario).new) | (counter.labels.get("ingress") in SIBLINGS)
    if scenario.nan:
        values = np.full(len(values), math.nan)
    world.add(counter.name, counter.labels, at[exposed], values[exposed])
