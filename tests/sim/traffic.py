"""Requests, errors and latencies of one service at one target, drawn between its scrapes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from scipy.special import ndtr

from tests.sim.scenario import NAMESPACE, WORKLOAD, times

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.sim.scenario import Scenario, Span

Array = np.ndarray
BIN = 30.0
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
MEDIAN, SPREAD = 0.08, 0.6
NOT_FOUND = 0.02
ROUTES = ("/", "/cart", "/pay", "/search", "/user")


@dataclass(frozen=True, slots=True)
class Target:
    """What is scraped: a pod of the service, or a gateway that counts for every service behind it."""

    labels: Mapping[str, str]
    born: float | None  # None: it ran long before the history starts
    died: float | None
    share: float  # of the traffic, while it is alive
    pod: int
    new: bool


class Counter(NamedTuple):
    """`counts` between scrapes. It is exposed once `exists` counted something: a bucket is there with its histogram."""

    name: str
    labels: Mapping[str, str]
    counts: Array
    start: float
    exists: Array | None = None


@dataclass(frozen=True, slots=True)
class Weather:
    """Noise per 30 s that every pod shares: traffic, errors, latency."""

    start: float
    traffic: Array
    errors: Array
    latency: Array

    def at(self, series: Array, when: Array) -> Array:
        return series[np.clip(((when - self.start) / BIN).astype(int), 0, len(series) - 1)]


def ar1(rng: np.random.Generator, size: int, rho: float) -> Array:
    noise = rng.standard_normal(size)
    out = np.empty(size)
    level = noise[0]
    spread = math.sqrt(1 - rho * rho)
    for index in range(size):
        level = level if index == 0 else rho * level + spread * noise[index]
        out[index] = level
    return out


def in_any(spans: tuple[Span, ...], offset: Array) -> Array:
    inside = np.zeros(len(offset), dtype=bool)
    for span in spans:
        inside |= (offset >= span.start) & (offset < span.end)
    return inside


def _times(spans: tuple[Span, ...], offset: Array) -> Array:
    factor = np.ones(len(offset))
    for span in spans:
        factor = np.where((offset >= span.start) & (offset < span.end), factor * span.factor, factor)
    return factor


def counts(
    scenario: Scenario,
    target: Target,
    rng: np.random.Generator,
    weather: Weather,
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
    share = np.full(len(middle), scenario.p0)
    if sibling:
        rate, share = rate * 1.5, np.full(len(middle), 0.005)
    else:
        rate = np.where(after, rate * scenario.traffic, 0.0 if scenario.first else rate)
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
    old = 0.0 if _young(scenario, target, sibling) else 50_000.0 * scenario.rps * target.share
    name, labels = _named(scenario, target, sibling, path)
    label = "status" if scenario.source == "ingress-nginx" else "code"
    yield Counter(name, {**labels, label: "200"}, requests - bad - (missing - lost.astype(int)), old)
    yield Counter(name, {**labels, label: "404"}, missing, old * NOT_FOUND)
    yield Counter(name, {**labels, label: "503"}, bad, old * scenario.p0)


def _young(scenario: Scenario, target: Target, sibling: str) -> bool:
    return target.born is not None or (scenario.first and not sibling)


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
    old = 0.0 if _young(scenario, target, "") else 51_000.0 * scenario.rps * target.share
    for index, bound in enumerate((*BOUNDS, math.inf)):
        shown = {**labels, "le": "+Inf" if math.isinf(bound) else f"{bound:g}"}
        yield Counter(f"{name}_duration_seconds_bucket", shown, drawn[:, index], old * edges[0, index], requests)


def _below(slow: Array, *, late: float = 0.0) -> Array:
    """The share of requests at or below each bound, when the median is `slow` times the usual one."""
    bounds = np.maximum(np.array(BOUNDS)[None, :] - late, 1e-9)
    return np.asarray(ndtr((np.log(bounds) - np.log(MEDIAN * slow)[:, None]) / SPREAD))
