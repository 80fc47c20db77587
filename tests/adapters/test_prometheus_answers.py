"""What a server with Prometheus' API answers becomes series of floats, or a sentence with the next step."""

import base64
import math
from urllib.parse import parse_qs

import httpx
import pytest

from atmos_cli.adapters import prometheus
from atmos_cli.adapters.prometheus import PrometheusClient
from atmos_cli.adapters.usage_prometheus import usage
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.ports import Answer, Series

VECTOR = {"resultType": "vector", "result": [{"metric": {"code": "200"}, "value": [1700000000.5, "0.25"]}]}


def success(data, **fields):
    return httpx.Response(200, json={"status": "success", "data": data, **fields})


class Script:
    def __init__(self, *answers):
        self.answers = list(answers)
        self.requests = []
        self.pauses = []

    def __call__(self, request):
        self.requests.append(request)
        said = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(said, Exception):
            raise said
        return said

    def server(self, url="https://metrics.test/", **options):
        return PrometheusClient(url, inner=httpx.MockTransport(self), pause=self.pauses.append, **options)


def answered(data, **fields):
    with Script(success(data, **fields)).server() as server:
        return server.query("up", at=1.0)


def refused(script, **options):
    with script.server(**options) as server, pytest.raises(AtmosError) as caught:
        server.query("up", at=1.0)
    (found,) = caught.value.diagnostics
    assert found.code is Code.METRICS_UNREACHABLE  # ATM812
    assert "\n" not in found.message
    assert "\x1b" not in found.message
    return found


@pytest.mark.parametrize(
    ("url", "path"),
    [
        ("http://prometheus.test:9090", "/api/v1/query"),
        ("https://thanos.test/", "/api/v1/query"),
        ("https://mimir.test/prometheus", "/prometheus/api/v1/query"),
        ("https://vm.test/select/0/prometheus/", "/select/0/prometheus/api/v1/query"),
    ],
)
def test_the_path_of_each_server_is_kept_and_the_query_is_a_form(url, path):
    script = Script(success(VECTOR))
    with script.server(url) as server:
        server.query('rate(x{a="b&c"}[5m])', at=1700000000.5)
    (request,) = script.requests
    assert (request.method, request.url.path) == ("POST", path)
    assert parse_qs(request.content.decode()) == {"query": ['rate(x{a="b&c"}[5m])'], "time": ["1700000000.500"]}


def test_a_range_is_asked_for_with_its_step():
    script = Script(success({"resultType": "matrix", "result": []}))
    with script.server() as server:
        assert server.query_range("up", start=1.0, end=61.5, step=30) == Answer(())
    (request,) = script.requests
    assert request.url.path == "/api/v1/query_range"
    assert parse_qs(request.content.decode()) == {
        "query": ["up"],
        "start": ["1.000"],
        "end": ["61.500"],
        "step": ["30.000"],
    }


def test_the_login_and_the_tenant_are_sent():
    for secret, sent in [
        ("t0k3n", "Bearer t0k3n"),
        ("ada:pä", "Basic " + base64.b64encode("ada:pä".encode()).decode()),
    ]:
        script = Script(success(VECTOR))
        with script.server(secret=secret, tenant="team-a") as server:
            server.query("up", at=1.0)
        headers = script.requests[0].headers
        assert (headers["Authorization"], headers["X-Scope-OrgID"]) == (sent, "team-a")


def test_an_instant_value_and_raw_samples_are_series():
    assert answered(VECTOR) == Answer((Series({"code": "200"}, ((1700000000.5, 0.25),)),))
    matrix = {"resultType": "matrix", "result": [{"metric": {}, "values": [[30, "2"], [15, "1e3"]]}]}
    assert answered(matrix) == Answer((Series({}, ((15.0, 1000.0), (30.0, 2.0))),))
    assert answered({"resultType": "scalar", "result": [1, "7"]}) == Answer((Series({}, ((1.0, 7.0),)),))
    assert answered({"resultType": "vector", "result": []}) == Answer(())


def test_what_is_no_number_is_said_as_floats_say_it():
    values = [[1, "NaN"], [2, "+Inf"], [3, "-Inf"]]
    (series,) = answered({"resultType": "matrix", "result": [{"metric": {}, "values": values}]}).series
    (_, nan), (_, most), (_, least) = series.samples
    assert math.isnan(nan)
    assert (most, least) == (math.inf, -math.inf)


def test_native_histograms_are_left_out():
    mixed = [
        {"metric": {"a": "1"}, "histogram": [1, {"count": "3"}]},
        {"metric": {"a": "2"}, "values": [[1, "1"]], "histograms": [[2, {"count": "3"}]]},
    ]
    assert answered({"resultType": "matrix", "result": mixed}) == Answer((Series({"a": "2"}, ((1.0, 1.0),)),))


def test_warnings_tell_of_missing_data_and_remarks_on_the_query_do_not():
    said = ["store \x1b[31mgateway-2 is away", "PromQL info: metric might not be a counter", 7]
    assert answered(VECTOR, warnings=said).warnings == ("store  gateway-2 is away",)
    assert answered(VECTOR, warnings="all").warnings == ()


@pytest.mark.parametrize("code", [400, 422, 503, 200])
def test_a_query_that_is_refused_says_why_in_the_words_of_the_server(code):
    said = {"status": "error", "errorType": "bad_data", "error": 'parse error: unexpected "}"\nmore\x1b[0m'}
    found = refused(Script(httpx.Response(code, json=said)))
    assert 'it refuses the query (bad_data): parse error: unexpected "}"' in found.message


@pytest.mark.parametrize("code", [401, 403])
def test_a_login_that_is_missing_names_the_setting(code):
    assert "`tokenEnv`" in refused(Script(httpx.Response(code, text="no"))).hint


@pytest.mark.parametrize(
    "said",
    [
        httpx.Response(200, text="<html>Grafana</html>"),
        httpx.Response(404, text="404 page not found"),
        httpx.Response(302, headers={"Location": "https://login.test"}),
        httpx.Response(200, json={"status": "success"}),
        httpx.Response(200, json={"status": "success", "data": {"resultType": "vector", "result": {}}}),
        httpx.Response(200, json={"status": "success", "data": []}),
        httpx.Response(200, text="[" * 100_000),
        *(
            success({"resultType": "matrix", "result": result})
            for result in (
                [1],
                [{}],
                [{"metric": []}],
                [{"metric": {}, "values": 5}],
                [{"metric": {}, "values": [5]}],
                [{"metric": {}, "values": [[1]]}],
                [{"metric": {}, "values": [["x", "1"]]}],
                [{"metric": {}, "values": [[1, "much"]]}],
                [{"metric": {}, "values": [[1, 2]]}],
                [{"metric": {}, "value": None}],
            )
        ),
        httpx.Response(
            200, text='{"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[1e999,"1"]}]}}'
        ),
        httpx.Response(200, text='{"status":"success","data":{"resultType":"scalar","result":[NaN,"1"]}}'),
        httpx.Response(200, text='{"status":"success","data":{"resultType":"vector","result":[],"x":-Infinity}}'),
        httpx.Response(
            200, text=f'{{"status":"success","data":{{"resultType":"vector","result":[],"x":{"9" * 400}}}}}'
        ),
    ],
)
def test_what_no_prometheus_says_is_refused(said):
    found = refused(Script(said))
    assert "does not answer as a Prometheus does" in found.message
    assert "`/api/v1/query`" in found.hint


def test_a_server_that_is_busy_is_asked_a_few_times():
    script = Script(httpx.Response(503), httpx.ReadError("reset"), success(VECTOR))
    with script.server() as server:
        assert server.query("up", at=1.0).series
    assert script.pauses == [0.25, 0.5]
    script = Script(httpx.Response(502, text="bad gateway"))
    assert "status 502" in refused(script).message
    assert len(script.requests) == prometheus.ATTEMPTS


def test_a_server_that_is_silent_is_asked_twice():
    script = Script(httpx.ReadTimeout("slow"))
    assert "no answer in time" in refused(script).message
    assert len(script.requests) == 2


def test_one_question_has_one_deadline_however_often_it_is_asked(monkeypatch):
    monkeypatch.setattr(prometheus, "QUESTION_SECONDS", 0.0)
    script = Script(httpx.ReadTimeout("slow"))
    assert "no answer in time" in refused(script).message
    assert (len(script.requests), script.pauses) == (1, [])


def test_a_huge_answer_is_cut(monkeypatch):
    monkeypatch.setattr(prometheus, "MAX_BYTES", 1 << 20)
    assert "more than 1 MiB" in refused(Script(httpx.Response(200, content=b" " * (2 << 20)))).message


@pytest.mark.parametrize("url", ["", "metrics.test", "ftp://metrics.test", "http://[::1", "http://a b/"])
def test_an_address_that_is_none_is_said(url):
    with PrometheusClient(url, pause=lambda _: None) as server, pytest.raises(AtmosError) as caught:
        server.query("up", at=1.0)
    assert caught.value.diagnostics[0].code is Code.METRICS_UNREACHABLE


def test_secrets_do_not_show():
    found = refused(Script(httpx.ConnectError("refused")), url="https://ada:s3cr3t@metrics.test", secret="t0k3n")
    assert "s3cr3t" not in found.message
    assert "t0k3n" not in found.message
    with pytest.raises(AtmosError) as caught:
        PrometheusClient("https://metrics.test", secret="t0k3n\r\nX-Evil")
    assert "t0k3n" not in str(caught.value)


def test_usage_is_exact_and_its_errors_are_those_of_usage(monkeypatch):
    """0.1 cores are 100m, although the float is a little more; a Prometheus that fails is ATM412 here."""
    numbers = {"quantile": "0.1", "max_over_time(container": "104857600", "count": "5000", "OOMKilled": None}

    def answer(request):
        query = parse_qs(request.content.decode())["query"][0]
        text = next(value for key, value in numbers.items() if key in query)
        result = [] if text is None else [{"metric": {}, "value": [1, text]}]
        return success({"resultType": "vector", "result": result})

    def server(url):
        return PrometheusClient(url, inner=httpx.MockTransport(answer), pause=lambda _: None)

    monkeypatch.setattr("atmos_cli.adapters.usage_prometheus.PrometheusClient", server)
    ask = {"namespace": "shop", "workload": "web", "container": "web", "days": 14}
    found = usage("https://metrics.test", **ask)
    assert (str(found.cpu), found.memory.nano, found.points, found.oom) == ("100m", 104857600 * 10**9, 5000, False)
    for wrong in ("NaN", None):
        numbers["quantile"] = wrong
        with pytest.raises(AtmosError, match="no figures of the container `web`") as caught:
            usage("https://metrics.test", **ask)
        assert caught.value.diagnostics[0].code is Code.USAGE_INVALID  # ATM412
