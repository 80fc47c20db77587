"""The simulated HTTP API: shapes, ranges and regexes of Prometheus 3, and a loud no to what it does not know."""

import json

import httpx
import pytest

from tests.sim.prometheus_api import Api, served
from tests.sim.recorded import Recorded, World

REQUESTS = 'requests_total{code=~"5.."}'


def world(*series):
    made = World()
    for name, labels, samples in series:
        at, values = [float(a) for a, _ in samples], [float(v) for _, v in samples]
        made.series.setdefault(name, []).append(Recorded({"__name__": name, **labels}, at, values))
    return made


SAMPLES = world(
    ("requests_total", {"code": "500", "pod": "a"}, [(100, 1), (160, 5), (220, 2)]),
    ("requests_total", {"code": "200", "pod": "a"}, [(100, 10), (160, 20), (220, 30)]),
    ("up", {"pod": "a"}, [(100, 1), (160, 1), (220, 0)]),
)


def ask(query, at=220.0, *, world=SAMPLES):
    status, body = Api(world).answer("/api/v1/query", {"query": query, "time": str(at)})
    assert status == 200, body
    return json.loads(body)["data"]


def refused(query, at=220.0):
    api = Api(SAMPLES)
    status, body = api.answer("/api/v1/query", {"query": query, "time": str(at)})
    assert len(api.refused) == (status != 200)
    return status, json.loads(body)


def test_a_range_is_open_at_its_start_and_closed_at_its_end():
    data = ask(f"{REQUESTS}[120s]")
    assert data["resultType"] == "matrix"
    assert data["result"][0]["values"] == [[160.0, "5"], [220.0, "2"]]


def test_regexes_are_anchored():
    assert ask('requests_total{code=~"5"}[5m]')["result"] == []
    assert len(ask('requests_total{code!~"5"}[5m]')["result"]) == 2
    assert len(ask('requests_total{code!="500"}[5m]')["result"]) == 1
    assert len(ask('requests_total{absent=""}[5m]')["result"]) == 2


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ('count_over_time(up{pod="a"}[5m])', 3),
        ('min_over_time(up{pod="a"}[5m])', 0),
        ("count(last_over_time(requests_total[5m]))", 2),
        ("sum(last_over_time(requests_total[5m]))", 32),
        ('increase(requests_total{code="200"}[120s])', 20),  # over 60 s, and half an interval more at each end
        ('rate(requests_total{code="200"}[120s])', 20 / 120),
        ('irate(requests_total{code="500"}[5m])', 2 / 60),
        ('sum(requests_total{code="200"}) - 2 * sum(requests_total{code="500"})', 26),
        ('sum(requests_total unless requests_total{code="500"})', 30),
        ("(1 + 2) * 3", 9),
    ],
)
def test_values(query, value):
    data = ask(query)
    told = data["result"] if data["resultType"] == "scalar" else data["result"][0]["value"]
    assert float(told[1]) == pytest.approx(value)


def test_no_series_is_an_empty_result_and_zero_by_zero_is_nan():
    assert ask("sum(nothing_total)")["result"] == []
    assert ask("sum(0 * up) / sum(0 * up)")["result"][0]["value"][1] == "NaN"


def test_a_range_query_asks_at_every_step():
    form = {"query": "sum by (code) (increase(requests_total[2m]))", "start": "160", "end": "280", "step": "1m"}
    _, body = Api(SAMPLES).answer("/api/v1/query_range", form)
    result = {row["metric"]["code"]: row["values"] for row in json.loads(body)["data"]["result"]}
    assert [at for at, _ in result["200"]] == [160.0, 220.0]
    assert set(result) == {"200", "500"}


@pytest.mark.parametrize(
    "query",
    [
        "histogram_quantile(0.9, x)",
        "sum(up[5m])",
        "up{pod=a}",
        "up[5x]",
        "rate(up)",
        "up[5m] up",
        "{}",
        "(up",
        "up == 1",
    ],
)
def test_everything_else_is_refused_loudly(query):
    status, body = refused(query)
    assert (status, body["status"], body["errorType"]) == (400, "error", "bad_data")


def test_a_broken_server_and_a_partial_one():
    assert Api(SAMPLES, broken=503).answer("/api/v1/query", {"query": "up", "time": "1"})[0] == 503
    _, body = Api(SAMPLES, ("one store is away",)).answer("/api/v1/query", {"query": "up", "time": "220"})
    assert json.loads(body)["warnings"] == ["one store is away"]


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_it_is_served_over_http_too(method):
    form = {"query": f"{REQUESTS}[5m]", "time": "220"}
    with served(Api(SAMPLES)) as url:
        where = {"params": form} if method == "GET" else {"data": form}
        answer = httpx.request(method, f"{url}/api/v1/query", **where, trust_env=False)
    assert answer.json()["data"]["result"][0]["values"][-1] == [220.0, "2"]
