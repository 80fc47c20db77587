"""The metrics side of a verification against a server's HTTP API: which source, which queries, what is said when it fails."""

import re
from dataclasses import replace

import pytest

from atmos_cli.adapters.prometheus import PrometheusClient
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.live import observe, observe_backtest, observe_fetch, observe_gauges
from atmos_cli.live.observe import find_source, look, plan
from atmos_cli.live.observe_plan import ObservationPlan
from atmos_cli.ports import Answer, Series
from atmos_cli.verify.model import Limits, Target
from atmos_cli.verify.outcome import Outcome, Reason
from tests.sim.generator import generate, pods
from tests.sim.prometheus_api import URL, Api
from tests.sim.scenario import DEPLOY, NAMESPACE, WORKLOAD, Scenario, times

TARGET = Target("shop", WORKLOAD, "prod", "prod", NAMESPACE, "argocd", WORKLOAD)
LIMITS = Limits()
DAY = 25 * 3600.0


class Scripted:
    """Answers by the first pattern that a query matches; an exception is raised. Remembers what was asked."""

    def __init__(self, *answers):
        self.answers, self.asked = answers, []

    def query(self, promql, *, at):
        self.asked.append(promql)
        for pattern, answer in self.answers:
            if re.search(pattern, promql):
                if isinstance(answer, Exception):
                    raise answer
                return answer
        return Answer(())

    def query_range(self, promql, *, start, end, step):
        assert (end - start) / step <= 11_000
        return self.query(promql, at=end)


def one(value):
    return Answer((Series({}, ((DEPLOY, value),)),))


DOWN = fail(Code.METRICS_UNREACHABLE, "http://prom answered 503")


def found(metrics, limits=LIMITS, **matchers):
    return find_source(metrics, TARGET, limits, matchers=matchers, at=DEPLOY)


def watched(scenario, seed=3, *, api=None, limits=LIMITS):
    """A metrics client over generated samples, and a plan for it."""
    api = api or Api(generate(scenario, seed))
    metrics = PrometheusClient(URL, inner=api.transport(), pause=lambda _: None)
    moment = times(scenario)
    source = find_source(metrics, TARGET, limits, matchers={}, at=moment.new)
    settled = plan(
        metrics,
        TARGET,
        limits,
        source=None if isinstance(source, Reason) else source,
        matchers={},
        started=moment.new,
        finished=moment.done,
        new=pods(scenario, new=True),
        old=pods(scenario, new=False),
    )
    return metrics, settled, moment.settled, api


class TestSource:
    def test_the_first_busy_one_wins_and_no_other_is_asked(self):
        metrics = Scripted(("istio_requests_total", one(900.0)), ("http_requests", one(9000.0)))
        assert found(metrics).name == "istio-client"
        assert len(metrics.asked) == 2

    def test_else_the_busiest_that_exists(self):
        metrics = Scripted(("istio", one(2.0)), ("http_requests_total", one(40.0)), ("grpc", one(float("nan"))))
        assert found(metrics).name == "generic-app"

    def test_none_is_a_reason_with_a_next_step(self):
        said = found(Scripted())
        assert (said.outcome, said.code) == (Outcome.INCONCLUSIVE, "no-metrics")
        assert said.hint

    def test_a_server_that_is_down_is_another_reason(self):
        assert found(Scripted((".", DOWN))).code == "metrics-unavailable"

    def test_a_named_source_is_the_only_one_asked(self):
        metrics = Scripted()
        found(metrics, replace(LIMITS, source="linkerd"))
        assert len(metrics.asked) == 1
        said = found(metrics, replace(LIMITS, source="prom"))
        assert said.code == "no-metrics"
        assert "ingress-nginx" in said.hint

    def test_the_matchers_of_the_cluster_are_in_every_query(self):
        api = Api(generate(Scenario(errors_plus=0.3), 1))
        metrics = PrometheusClient(URL, inner=api.transport(), pause=lambda _: None)
        source = find_source(metrics, TARGET, LIMITS, matchers={}, at=DEPLOY)
        assert not isinstance(source, Reason)
        asked = Scripted(("count", one(5.0)), ("sum.increase", one(900.0)))
        source = find_source(asked, TARGET, LIMITS, matchers={"cluster": "eu"}, at=DEPLOY)
        settled = plan(
            asked, TARGET, LIMITS, source=source, matchers={"cluster": "eu"}, started=DEPLOY, finished=DEPLOY
        )
        look(asked, settled, at=DEPLOY + 3000)
        observe_gauges.gauges(asked, TARGET, matchers={"cluster": "eu"}, start=DEPLOY, end=DEPLOY + 60)
        for promql in asked.asked:
            selectors = re.sub(r'"[^"]*"', "", promql).count("{")
            assert selectors == promql.count('cluster="eu"') > 0, promql


class TestPlan:
    def test_measures_the_scrape_interval(self):
        assert watched(Scenario(scrape=15.0))[1].scrape == 15
        assert watched(Scenario(scrape=60.0))[1].scrape == 60

    def test_stands_when_the_server_is_down(self):
        source = watched(Scenario())[1].source
        made = plan(
            Scripted((".", DOWN)), TARGET, LIMITS, source=source, matchers={}, started=DEPLOY, finished=DEPLOY + 9
        )
        assert made == ObservationPlan(TARGET, LIMITS, source, {}, DEPLOY, DEPLOY + 9)

    def test_the_baseline_does_not_reach_behind_the_previous_deploy(self):
        settled = replace(watched(Scenario())[1], previous=DEPLOY - 600)
        assert observe_fetch.windows_of(settled).start == DEPLOY - 540
        assert observe_fetch.windows_of(replace(settled, previous=DEPLOY - 9)).start == DEPLOY
        assert observe_fetch.windows_of(replace(settled, previous=DEPLOY + 99)).start == DEPLOY - 3600

    def test_the_time_to_observe_is_divided_into_looks_of_a_scrape_or_more(self):
        windows = observe_fetch.windows_of(replace(watched(Scenario())[1], scrape=60.0))
        assert (windows.step, windows.looks, windows.most) == (60, 10, 60)


class TestLook:
    def test_the_same_time_gives_the_same_answer(self):
        metrics, settled, zero, _ = watched(Scenario(errors_times=3.0))
        first = look(metrics, settled, at=zero + 300)
        look(metrics, settled, at=zero + 600)
        assert look(metrics, settled, at=zero + 300) == first

    @pytest.mark.slow
    def test_a_run_that_was_killed_says_the_same_as_one_that_was_not(self):
        scenario = Scenario(errors_plus=0.05)
        metrics, settled, zero, _ = watched(scenario)
        seen = [look(metrics, settled, at=zero + 30 * k).outcome for k in range(1, 21)]
        failed = seen.index(Outcome.FAIL)
        assert set(seen[failed:]) == {Outcome.FAIL}

    def test_errors_are_told_by_code_and_by_route(self):
        metrics, settled, zero, _ = watched(Scenario(errors_plus=0.5, routes=True))
        done = look(metrics, settled, at=zero + 300)
        assert done.outcome is Outcome.FAIL
        before, after = done.codes["503"]
        assert after.bad == after.total > 100
        assert before.total > 0
        assert done.burn > 14.4
        assert len(done.routes) == 5
        assert done.quantiles["p95"][0] > 0

    def test_a_source_that_appears_only_with_the_deploy_is_found_later(self):
        metrics, settled, zero, _ = watched(Scenario(first=True, p0=0.0))
        assert settled.source is None
        done = look(metrics, settled, at=zero + 600)
        assert (done.outcome, done.source) == (Outcome.PASS, "ingress-nginx")
        assert done.reasons[0].code == "first-deploy"

    @pytest.mark.slow
    @pytest.mark.parametrize("source", ["ingress-nginx", "generic-app"])
    def test_very_many_series_are_counted_by_minutes_with_the_same_verdict(self, monkeypatch, source):
        for scenario, outcome in (
            (Scenario(errors_plus=0.1, source=source), Outcome.FAIL),
            (Scenario(p0=0.0, source=source), Outcome.PASS),
        ):
            metrics, settled, zero, _ = watched(scenario)
            exact = look(metrics, settled, at=zero + 600)
            monkeypatch.setattr(observe, "MOST_SERIES", 1)
            metrics, settled, _, api = watched(scenario)
            monkeypatch.undo()
            assert settled.coarse
            assert settled.coarse_latency
            coarse = look(metrics, settled, at=zero + 700)
            assert (exact.outcome, coarse.outcome) == (outcome, outcome)
            assert not any(re.search(r"_requests(_total)?\{.*\}\[\d{4}s\]$", q) for q in api.asked)

    def test_the_server_down_is_never_a_pass_and_final_at_the_end_only(self):
        _, settled, zero, _ = watched(Scenario())
        early, late = (look(Scripted((".", DOWN)), settled, at=zero + after) for after in (60, 700))
        assert {early.outcome, late.outcome} == {Outcome.INCONCLUSIVE}
        assert (early.reasons[0].code, early.final, late.final) == ("metrics-unavailable", False, True)

    def test_an_empty_server_is_never_a_pass(self):
        _, settled, zero, _ = watched(Scenario())
        for after in (60, 600, 3700):
            assert look(Scripted(), settled, at=zero + after).outcome is Outcome.INCONCLUSIVE

    def test_history_that_is_refused_keeps_a_fail_a_warning(self):
        metrics, settled, zero, _ = watched(Scenario(errors_plus=0.3))

        class NoHistory:
            query = metrics.query

            def query_range(self, promql, *, start, end, step):
                raise fail(Code.METRICS_UNREACHABLE, "query time range exceeds limit")

        assert look(metrics, settled, at=zero + 300).outcome is Outcome.FAIL
        done = look(NoHistory(), settled, at=zero + 300)
        assert done.outcome is Outcome.WARN
        assert {r.code for r in done.reasons} >= {"errors-up", "partial-data"}

    def test_full_memory_makes_a_pass_a_warning_and_says_so(self):
        metrics, settled, zero, _ = watched(Scenario(p0=0.0))

        class Full:
            query = metrics.query

            def query_range(self, promql, *, start, end, step):
                if "working_set" not in promql:
                    raise DOWN
                times = [start + 60.0 * i for i in range(int((end - start) / 60) + 1)]
                return Answer((Series({}, tuple((at, 0.95 if at > DEPLOY else 0.4) for at in times)),))

        assert look(metrics, settled, at=zero + 600).outcome is Outcome.PASS
        done = look(Full(), settled, at=zero + 600)
        assert (done.outcome, done.reasons[0].code) == (Outcome.WARN, "memory")
        assert [(s.name, s.before, s.after) for s in done.saturation] == [("memory", 0.4, 0.95)]


class TestBacktest:
    def test_a_steady_service_would_not_have_alarmed(self):
        api = Api(generate(Scenario(before=DAY, after=10.0, scrape=30.0), 5))
        metrics = PrometheusClient(URL, inner=api.transport(), pause=lambda _: None)
        done = observe_backtest.backtest(metrics, TARGET, LIMITS, matchers={}, at=DEPLOY, hours=6)
        assert done.tried >= 33
        assert not [alarm for alarm in done.alarms if alarm.outcome is Outcome.FAIL]
        assert len(done.alarms) <= 3

    def test_an_outage_without_a_deploy_would_have(self):
        from tests.sim.scenario import Span

        outage = Span(start=-7200, end=-6000, factor=60)
        api = Api(generate(Scenario(before=4 * 3600.0, after=10.0, scrape=30.0, incidents=(outage,)), 5))
        metrics = PrometheusClient(URL, inner=api.transport(), pause=lambda _: None)
        done = observe_backtest.backtest(metrics, TARGET, LIMITS, matchers={}, at=DEPLOY, hours=2.9)
        assert [alarm for alarm in done.alarms if alarm.outcome is Outcome.FAIL]
        assert all(-9600 < alarm.at - DEPLOY < -5400 for alarm in done.alarms if alarm.outcome is Outcome.FAIL)

    def test_without_metrics_it_says_so_and_without_a_server_it_raises_atm812(self):
        done = observe_backtest.backtest(Scripted(), TARGET, LIMITS, matchers={}, at=DEPLOY, hours=24)
        assert (done.tried, done.source) == (0, "")
        assert "no metric" in done.note
        with pytest.raises(AtmosError) as caught:
            observe_backtest.backtest(Scripted((".", DOWN)), TARGET, LIMITS, matchers={}, at=DEPLOY, hours=24)
        assert caught.value.diagnostics[0].code == "ATM812"

    def test_a_month_asks_for_no_more_points_than_a_server_gives(self):
        metrics = Scripted(("sum.increase", one(900.0)))
        observe_backtest.backtest(metrics, TARGET, LIMITS, matchers={}, at=DEPLOY, hours=24 * 30)
        assert len(metrics.asked) == 4


@pytest.mark.lab
def test_a_real_prometheus_reads_every_query(tmp_path):
    from tests.lab.prometheus import start_prometheus

    hostile = replace(TARGET, namespace='n"\\', service="s{}[1m]$(", workload='w"+.*\n')
    server = start_prometheus(tmp_path / "prometheus")
    try:
        with PrometheusClient(server.url, pause=lambda _: None) as metrics:
            at = 1_700_000_000.0
            for target in (TARGET, hostile):
                for coarse in (False, True):
                    for source in observe.candidates(target, "auto", {"cluster": 'e"u'}):
                        settled = ObservationPlan(
                            target, LIMITS, source, {}, at, at + 60, coarse=coarse, coarse_latency=coarse
                        )
                        known = observe_fetch.material(metrics, settled, source, at=at + 600)
                        known = observe_fetch.with_history(metrics, known, at=at + 600, latency=True)
                        assert known.history == ()
                        assert known.warnings == ()
                        plan(metrics, target, LIMITS, source=source, matchers={}, started=at, finished=at)
                for promql in observe_gauges.queries(target, {}).values():
                    assert metrics.query_range(promql, start=at, end=at + 60, step=60).series == ()
    finally:
        server.end()
