"""What others' rules say about the same data: Flagger, Argo Rollouts and Kayenta, each as its stock examples set it.

Read at fluxcd/flagger `pkg/controller/scheduler_metrics.go` and `pkg/metrics/observers/nginx.go`; argoproj/argo-rollouts
`docs/features/analysis.md` and `analysis/analysis.go`; spinnaker/kayenta `MannWhitneyClassifier` and `MannWhitney`.
Each is asked once a minute, for ten minutes from the first second that counts, as atmos is.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy.optimize import brentq
from scipy.stats import norm, rankdata

from tests.sim.promql import evaluate
from tests.sim.promql_tree import parse
from tests.sim.scenario import DEPLOY, NAMESPACE, WORKLOAD, times
from tests.sim.traffic import BOUNDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.sim.recorded import World
    from tests.sim.scenario import Scenario

MINUTES = 10
Label = Literal["pass", "high", "low", "nodata"]


@dataclass(frozen=True, slots=True)
class Fired:
    """`after` is seconds from the first second that counts, None when the rule let the deploy through."""

    after: float | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Source:
    requests: str
    label: str
    histogram: str


def _source(scenario: Scenario) -> _Source:
    if scenario.source == "ingress-nginx":
        who = f'namespace="{NAMESPACE}",ingress="{WORKLOAD}"'
        name = "nginx_ingress_controller_request"
        return _Source(f"{name}s{{{who}%s}}", "status", f"{name}_duration_seconds_bucket{{{who}%s}}")
    who = f'namespace="{NAMESPACE}",pod=~"{WORKLOAD}-.*"'
    return _Source(f"http_requests_total{{{who}%s}}", "code", f"http_request_duration_seconds_bucket{{{who}%s}}")


def _ask(world: World, query: str, at: float) -> float | None:
    """The first value of the result, None when there is none; may be NaN."""
    found = evaluate(world, parse(query), at)
    return found if isinstance(found, float) else next(iter(found.values()), None)


def _success(source: _Source, function: str, span: str) -> str:
    good = source.requests % f',{source.label}!~"5.*"'
    every = source.requests % ""
    return f"sum({function}({good}[{span}])) / sum({function}({every}[{span}]))"


def flagger(world: World, scenario: Scenario, *, broken: bool = False) -> Fired:
    """Success rate at least 99 % and mean duration at most 500 ms, over one minute; five failed checks roll back.

    The built-in checks of ingress-nginx. No values, or NaN, are a failed check; a good check forgives nothing.
    """
    source, failed = _source(scenario), 0
    for minute in range(1, MINUTES + 1):
        at = times(scenario).settled + 60 * minute
        share = None if broken else _ask(world, _success(source, "rate", "1m"), at)
        mean = None if broken else _mean(world, source, at)
        bad = share is None or math.isnan(share) or share < 0.99 or mean is None or math.isnan(mean) or mean > 0.5
        failed += bad
        if failed >= 5:
            return Fired(60.0 * minute, "no values" if share is None or math.isnan(share) else "threshold")
    return Fired(None)


def _mean(world: World, source: _Source, at: float) -> float | None:
    """The mean that a histogram with these bounds allows: the middle of each bucket stands for it."""
    found = evaluate(world, parse(f"sum by (le) (rate({source.histogram % ''}[1m]))"), at)
    assert isinstance(found, dict)
    counts = {dict(labels)["le"]: value for labels, value in found.items()}
    total = counts.get("+Inf")
    if total is None:
        return None
    if not total:
        return math.nan
    below = [counts.get(f"{bound:g}", 0.0) for bound in BOUNDS] + [total]
    edges = (0.0, *BOUNDS, 2 * BOUNDS[-1])
    middles = [(low + high) / 2 for low, high in pairwise(edges)]
    return math.fsum(m * (b - a) for m, a, b in zip(middles, [0.0, *below], below, strict=False)) / total


def argo_rollouts(world: World, scenario: Scenario, *, broken: bool = False) -> Fired:
    """`successCondition: result[0] >= 0.95`, `failureLimit: 3`, `irate` over five minutes: the documentation's template.

    Its `interval: 5m` could not fail within ten minutes; it is given a minute. The fourth failed measurement aborts, and
    so does the fifth error in a row, such as an empty result without a first element.
    """
    source, failed, errors = _source(scenario), 0, 0
    for minute in range(1, MINUTES + 1):
        share = None if broken else _ask(world, _success(source, "irate", "5m"), times(scenario).settled + 60 * minute)
        errors = errors + 1 if share is None else 0
        failed += share is not None and not share >= 0.95
        if failed > 3 or errors > 4:
            return Fired(60.0 * minute, "errors" if errors > 4 else "threshold")
    return Fired(None)


def kayenta(world: World, scenario: Scenario, *, broken: bool = False) -> Fired:
    """Ten minutes before against ten after, one value a minute, of the error ratio and of p95; both critical.

    Tolerance 0.25, confidence 0.98, allowed increase 1.5, NaN removed. No data in half of the metrics fails.
    """
    source, settled = _source(scenario), times(scenario).settled
    verdicts = []
    for values in (_error_ratio, _p95):
        control = [values(world, source, DEPLOY - 60 * minute) for minute in range(MINUTES)]
        experiment = [values(world, source, settled + 60 * (minute + 1)) for minute in range(MINUTES)]
        if broken:
            control = experiment = []
        verdicts.append(mann_whitney(_known(control), _known(experiment), increase=1.5))
    if "high" in verdicts or verdicts.count("nodata") * 2 >= len(verdicts):
        return Fired(60.0 * MINUTES, "high" if "high" in verdicts else "nodata")
    return Fired(None)


def _known(values: Sequence[float | None]) -> list[float]:
    return [value for value in values if value is not None and not math.isnan(value)]


def _error_ratio(world: World, source: _Source, at: float) -> float | None:
    share = _ask(world, _success(source, "rate", "1m"), at)
    return None if share is None else 1 - share


def _p95(world: World, source: _Source, at: float) -> float | None:
    """`histogram_quantile(0.95, …)`: linear within the bucket."""
    found = evaluate(world, parse(f"sum by (le) (rate({source.histogram % ''}[1m]))"), at)
    assert isinstance(found, dict)
    counts = {dict(labels)["le"]: value for labels, value in found.items()}
    total = counts.get("+Inf", 0.0)
    if not total:
        return None
    low = below = 0.0
    for bound in BOUNDS:
        upto = counts.get(f"{bound:g}", 0.0)
        if upto >= 0.95 * total:
            return low + (bound - low) * ((0.95 * total - below) / (upto - below) if upto > below else 1)
        low, below = bound, upto
    return BOUNDS[-1]


def mann_whitney(
    control: Sequence[float],
    experiment: Sequence[float],
    *,
    tolerance: float = 0.25,
    confidence: float = 0.98,
    increase: float = 1.0,
) -> Label:
    """Kayenta's classification of one metric, direction increase: R's asymptotic interval of the shift.

    High when the interval's lower end is above `tolerance` of the estimated shift, and the ratio of the means reaches
    `increase`; a mean of zero has no ratio, and then only the interval decides.
    """
    if not control or not experiment:
        return "nodata"
    if sorted(control) == sorted(experiment) or len({*control, *experiment}) == 1:
        return "pass"
    if len(set(control)) == 1 and len(set(experiment)) == 1:
        noise = np.random.default_rng(1)  # Kayenta adds noise to two constants, or no rank could be told apart
        control = list(np.array(control) + noise.normal(0, abs(control[0]) * 1e-5, len(control)))
        experiment = list(np.array(experiment) + noise.normal(0, abs(experiment[0]) * 1e-5, len(experiment)))
    low, estimate = _shift(np.array(control), np.array(experiment), confidence)
    before, after = float(np.mean(control)), float(np.mean(experiment))
    enough = not before or not after or after / before >= increase
    return "high" if low > tolerance * abs(estimate) and enough else "pass"


def _shift(control: np.ndarray, experiment: np.ndarray, confidence: float) -> tuple[float, float]:
    """The lower end of the interval and the estimate of how far `experiment` lies above `control`."""
    m, n = len(experiment), len(control)

    def surplus(shift: float, quantile: float) -> float:
        ranks = rankdata(np.concatenate([experiment - shift, control]))
        excess = float(ranks[:m].sum()) - m * (m + 1) / 2 - m * n / 2
        ties = np.unique(ranks, return_counts=True)[1].astype(float)
        spread = math.sqrt(m * n / 12 * (m + n + 1 - float((ties**3 - ties).sum()) / ((m + n) * (m + n - 1))))
        if not spread:
            return -quantile
        return (excess - 0.5 * np.sign(excess)) / spread - quantile

    least, most = float(experiment.min() - control.max()), float(experiment.max() - control.min())

    def root(quantile: float) -> float:
        if surplus(least, quantile) <= 0:
            return least
        if surplus(most, quantile) >= 0:
            return most
        return float(brentq(surplus, least, most, args=(quantile,), xtol=1e-4))

    return root(float(norm.ppf(1 - (1 - confidence) / 2))), root(0.0)
