"""One simulated deploy, judged by the unmodified client and judge as a user's run would be, and by the rivals."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.prometheus import PrometheusClient
from atmos_cli.live.observe import find_source, look, plan
from atmos_cli.verify.model import Limits, Target
from atmos_cli.verify.outcome import Outcome, Reason
from tests.sim.generator import generate, pods
from tests.sim.prometheus_api import URL, Api
from tests.sim.rivals import argo_rollouts, flagger, kayenta
from tests.sim.scenario import NAMESPACE, OBSERVE, WORKLOAD, times

if TYPE_CHECKING:
    from atmos_cli.live.observe_plan import ObservationPlan
    from atmos_cli.ports import Answer, Metrics
    from tests.sim.catalogue import Row
    from tests.sim.rivals import Fired

TARGET = Target("shop", WORKLOAD, "prod", "prod", NAMESPACE, "argocd", WORKLOAD)
LIMITS = Limits()
STEP, LATER = 30.0, 300.0
LONGEST = 3600.0


@dataclass(frozen=True, slots=True)
class Run:
    """`ended`, `warned`, `failed`: seconds from the first second that counts; None when it never said so."""

    outcome: Outcome
    codes: tuple[str, ...]
    ended: float
    warned: float | None
    failed: float | None
    rivals: tuple[Fired, ...] = ()


def connected(api: Api) -> PrometheusClient:
    """The real client, whose requests `api` answers; it does not wait before asking again."""
    return PrometheusClient(URL, inner=api.transport(), pause=lambda _: None)


class Remembered:
    """`ports.Metrics` that asks nothing twice: what happened before a time does not change, and a look asks it again."""

    def __init__(self, inner: Metrics) -> None:
        self._inner = inner
        self._known: dict[tuple[str, float], Answer] = {}

    def query(self, promql: str, *, at: float) -> Answer:
        if (promql, at) not in self._known:
            self._known[promql, at] = self._inner.query(promql, at=at)
        return self._known[promql, at]

    def query_range(self, promql: str, *, start: float, end: float, step: float) -> Answer:
        return self._inner.query_range(promql, start=start, end=end, step=step)


def play(row: Row, seed: int, *, rivals: bool = False) -> Run:
    """The same row and seed give the same run."""
    scenario = row.at(seed)
    world = generate(scenario, seed)
    warnings = ("a store did not answer",) if row.server == "partial" else ()
    broken = row.server == "unavailable"
    api = Api(world, warnings, 503 if broken else 0)
    with connected(api) as client:
        metrics = Remembered(client)
        run = _watch(metrics, _planned(metrics, row, seed), times(scenario).settled)
    assert not api.refused, api.refused[0]
    if not rivals:
        return run
    said = tuple(rule(world, scenario, broken=broken) for rule in (flagger, argo_rollouts, kayenta))
    return Run(run.outcome, run.codes, run.ended, run.warned, run.failed, said)


def _planned(metrics: Metrics, row: Row, seed: int) -> ObservationPlan:
    scenario = row.at(seed)
    moment = times(scenario)
    source = find_source(metrics, TARGET, LIMITS, matchers={}, at=moment.new)
    return plan(
        metrics,
        TARGET,
        LIMITS,
        source=None if isinstance(source, Reason) else source,
        matchers={},
        started=moment.new,
        finished=moment.done,
        new=pods(scenario, new=True),
        old={} if scenario.first else pods(scenario, new=False),
    )


def _watch(metrics: Metrics, planned: ObservationPlan, settled: float) -> Run:
    """Looks every 30 s until an answer is final, or the time to observe is over and more of it would not help.

    Beyond that time every five minutes only, to save ours: a look judges all those before it that nobody made.
    """
    warned = failed = None
    after = 0.0
    while True:
        after += STEP if after < OBSERVE else LATER
        said = look(
            metrics, planned, at=settled + after + 1
        )  # the scrape interval is measured, and may be some ms more
        if said.outcome in (Outcome.WARN, Outcome.FAIL) and warned is None:
            warned = after
        if said.outcome is Outcome.FAIL and failed is None:
            failed = after
        over = after >= OBSERVE and not said.extend
        if said.final or over or after >= LONGEST:
            return Run(said.outcome, tuple(reason.code for reason in said.reasons), after, warned, failed)
