"""What can happen to a service around a deploy, as values: the truth that a simulated history is drawn from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["ingress-nginx", "generic-app"]
NAMESPACE, WORKLOAD = "shop-prod", "web"
DEPLOY = 1_800_000_000.0  # a frozen time: nothing here looks at a clock
ROLLOUT = 40.0  # seconds from the first new pod until all are current
SETTLE = 60.0
OBSERVE = 600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """`factor` holds from `start` to `end`, seconds after the settled time (negative: before it)."""

    start: float
    end: float
    factor: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """One service, its traffic, and what the deploy at `DEPLOY` did to it.

    Errors: share `p0`, times a log-normal AR(1) of size `sigma` and correlation `rho` per 30 s; after the deploy times
    `errors_times`, plus `errors_plus` (on `bad_pods` pods or one of five `routes` only), plus `leak` per second from
    second `leak_from`. Latency: log-normal around 80 ms with a wobble, times `slower`; `stalled` of the requests wait
    one second more. `traffic` scales the requests after the deploy. Times are seconds after the settled time.
    """

    rps: float = 10.0
    p0: float = 0.01
    sigma: float = 0.0
    rho: float = 0.9
    source: Source = "ingress-nginx"
    pods: int = 3
    scrape: float = 15.0
    before: float = 4200.0
    after: float = 4000.0
    yesterday: bool = False

    errors_times: float = 1.0
    errors_plus: float = 0.0
    bad_pods: int = 0
    routes: bool = False
    leak: float = 0.0
    leak_from: float = 0.0
    slower: float = 1.0
    stalled: float = 0.0
    wobble: float = 0.1
    traffic: float = 1.0

    ramp: float = 1.0  # traffic grows by this factor over the whole of both days
    drift: float = 1.0  # errors grow by this factor after the deploy's time of day, on both days
    blip: float = 0.0  # seconds after the rollout in which draining pods fail requests
    incidents: tuple[Span, ...] = ()  # of this service alone: times the errors
    gateway_incidents: tuple[Span, ...] = ()  # of everything behind the gateway
    bots: Span | None = None  # `factor` times the traffic more, all of it 404
    down: tuple[Span, ...] = ()  # every scrape fails: up is 0
    absent: tuple[Span, ...] = ()  # Prometheus itself is away: nothing is recorded
    resets: tuple[float, ...] = ()  # every counter starts again at 0

    blind: Literal["", "gone", "down"] = ""  # after the deploy: the new targets are not there, or cannot be scraped
    first: bool = False  # there was no service before
    silent: bool = False  # the metric never existed
    nan: bool = False  # the exporter says NaN


@dataclass(frozen=True, slots=True)
class Times:
    """Of one scenario: first new pod, all pods current, and the first second that counts."""

    new: float
    done: float
    settled: float


def times(scenario: Scenario) -> Times:
    done = DEPLOY + ROLLOUT
    return Times(DEPLOY, done, done + SETTLE + scenario.scrape)
