"""The real Prometheus, given the same samples, answers every form of query with the same series and values."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.sim.generator import generate
from tests.sim.prometheus_api import Api
from tests.sim.recorded import number
from tests.sim.scenario import DEPLOY, NAMESPACE, WORKLOAD, Scenario, Span

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.prometheus import Prometheus
    from tests.sim.recorded import World

pytestmark = pytest.mark.lab

AT = DEPLOY + 700.123  # never on a sample: the start of a range is closed before Prometheus 3, and open since
APP = Scenario(
    source="generic-app", sigma=0.5, before=1800.0, after=900.0, resets=(200.0,), absent=(Span(start=300, end=375),)
)
EDGE = Scenario(
    source="ingress-nginx", p0=0.0, errors_plus=0.05, before=1800.0, after=900.0, down=(Span(start=60, end=180),)
)
REQUESTS = {
    "generic-app": f'http_requests_total{{namespace="{NAMESPACE}",pod=~"{WORKLOAD}-[0-9a-f]{{6,10}}-[0-9a-z]{{5}}"}}',
    "ingress-nginx": f'nginx_ingress_controller_requests{{namespace="{NAMESPACE}",service="{WORKLOAD}"}}',
}
BUCKETS = {
    "generic-app": f'http_request_duration_seconds_bucket{{namespace="{NAMESPACE}",le!~"0[.]0.*"}}',
    "ingress-nginx": f'nginx_ingress_controller_request_duration_seconds_bucket{{service!="{WORKLOAD}x"}}',
}
INSTANT = (
    "REQ[600s]",
    "REQ[1m]",
    "HIST[5m]",
    "REQ",
    "sum(increase(REQ[900s]))",
    "sum by (LABEL) (increase(REQ[5m]))",
    "sum by (le) (increase(HIST[5m]))",
    "count(last_over_time(REQ[3600s]))",
    "count_over_time(up[5m])",
    "max by (instance) (max_over_time(up[10m]))",
    "min(min_over_time(up[15m]))",
    "sum(rate(REQBAD[1m])) / sum(rate(REQ[1m]))",
    "sum(irate(REQBAD[5m])) / sum(irate(REQ[5m]))",
    "sum by (LABEL) (increase(REQ[5m])) + (sum by (LABEL) (min_over_time(REQ[5m]) unless REQ offset 5m) or sum(0 * REQ))",
    "nothing_at_all[5m]",
)
RANGES = ("sum(increase(REQ[60s]))", "sum by (LABEL) (increase(REQ[60s]))", "count(last_over_time(REQ[60s]))")


def _history(world: World) -> str:
    lines = []
    for name, many in world.series.items():
        for one in many:
            labels = ",".join(f"{key}={json.dumps(value)}" for key, value in one.labels.items() if key != "__name__")
            pairs = zip(one.at, one.values, strict=True)
            lines += [f"{name}{{{labels}}} {number(value)} {at:.3f}" for at, value in pairs]
    return "\n".join([*lines, "# EOF\n"])


def _filled(query: str, source: str) -> str:
    label = "status" if source == "ingress-nginx" else "code"
    bad = REQUESTS[source][:-1] + f',{label}=~"5.."}}'
    filled = query.replace("REQBAD", bad).replace("REQ", REQUESTS[source]).replace("HIST", BUCKETS[source])
    return filled.replace("LABEL", label)


def _sorted(result: list[dict[str, Any]]) -> list[tuple[Any, list[tuple[float, float]]]]:
    rows = []
    for row in result:
        samples = row["values"] if "values" in row else [row["value"]]
        rows.append((sorted(row["metric"].items()), [(round(at, 3), float(value)) for at, value in samples]))
    return sorted(rows)


def _same(asked: str, ours: list[dict[str, Any]], theirs: list[dict[str, Any]]) -> None:
    left, right = _sorted(ours), _sorted(theirs)
    assert [labels for labels, _ in left] == [labels for labels, _ in right], asked
    for (_, mine), (_, real) in zip(left, right, strict=True):
        assert [at for at, _ in mine] == [at for at, _ in real], asked
        assert [value for _, value in mine] == pytest.approx([value for _, value in real], rel=1e-7, nan_ok=True), asked


@pytest.mark.parametrize("scenario", [APP, EDGE], ids=lambda scenario: scenario.source)
def test_the_real_one_gives_the_same_answers(new_prometheus: Callable[..., Prometheus], scenario: Scenario) -> None:
    world = generate(scenario, 4)
    api, real = Api(world), new_prometheus(history=_history(world))
    for query in INSTANT:
        asked = _filled(query, scenario.source)
        _same(asked, _ours(api, "query", query=asked, time=AT), real.query(asked, time=AT))
    for query in RANGES:
        asked, start = _filled(query, scenario.source), AT - 1500
        ours = _ours(api, "query_range", query=asked, start=start, end=AT, step=60)
        _same(asked, ours, real.query_range(asked, start=start, end=AT, step=60))


def _ours(api: Api, what: str, **form: object) -> list[dict[str, Any]]:
    status, body = api.answer(f"/api/v1/{what}", {key: str(value) for key, value in form.items()})
    assert status == 200, body
    result: list[dict[str, Any]] = json.loads(body)["data"]["result"]
    return result
