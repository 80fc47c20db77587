"""What the judge says about counts that are known: FAIL, WARN, PASS, and everything that it must not say."""

import math
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atmos_cli.ports import Series
from atmos_cli.verify.judge.assess import assess, combined
from atmos_cli.verify.judge.beta import p_worse
from atmos_cli.verify.judge.concurrent import evidence
from atmos_cli.verify.judge.material import Material
from atmos_cli.verify.judge.sequence import Windows, rejected, spend
from atmos_cli.verify.judge.vetoes import Siblings
from atmos_cli.verify.measured import Count
from atmos_cli.verify.model import Limits
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.traffic.counts import Flow, flows
from atmos_cli.verify.traffic.sources import TrafficSource

SOURCE = TrafficSource("ingress-nginx", "m", (("status", "5(..|xx)"),), "m_bucket", edge=True, siblings="m")
NEW = 1_000_000.0
ZERO = NEW + 120
WINDOWS = Windows(NEW - 3600, NEW, ZERO, 30.0, 20, 120, 30.0)


def flow(status, per_step, *, start=NEW - 3600, end=ZERO + 3600, labels=None):
    """`per_step(time)` requests in every 30 s."""
    steps, at = [], start
    while at + 30 <= end:
        steps.append((at, at + 30, float(per_step(at + 30))))
        at += 30
    return Flow({"status": status, **(labels or {})}, tuple(steps))


def traffic(before, after, *, rate=300, **labels):
    """`before` and `after` are errors per 30 s, numbers or functions of the time; `rate` are requests."""
    rates = rate if callable(rate) else lambda at: rate

    def errors(at):
        given = before if at <= NEW else after
        return given(at) if callable(given) else given

    fine = flow("200", lambda at: max(0, rates(at) - errors(at)), labels=labels)
    return [fine, flow("503", errors, labels=labels)]


def said(made, *, after=600.0, limits=None, **more):
    now = ZERO + after
    kept = {"newest": now, "started": NEW, "limits": limits or Limits(), **more}
    return assess(Material(windows=WINDOWS, source=SOURCE, now=now, flows=made, **kept))


def codes(done):
    return {reason.code for reason in done.reasons}


def test_many_more_errors_are_a_fail_after_two_looks():
    assert said(traffic(1, 60), after=30).outcome is Outcome.FAIL  # a disaster needs one
    bad = traffic(3, 20)
    assert said(bad, after=30).outcome is Outcome.WARN
    done = said(bad, after=60)
    assert (done.outcome, done.final, codes(done)) == (Outcome.FAIL, True, {"errors-up"})


def test_a_run_that_was_away_says_what_one_that_stayed_would_have_said():
    spike = traffic(3, lambda at: 20 if at <= ZERO + 120 else 3)
    assert said(spike, after=90).outcome is Outcome.FAIL
    assert said(spike, after=600).outcome is Outcome.FAIL


def test_half_as_many_errors_again_are_a_warning():
    done = said(traffic(4, 6.5))
    assert (done.outcome, done.final) == (Outcome.WARN, True)
    assert not said(traffic(4, 6.5), after=300).final


def test_no_change_passes_early_and_only_with_requests_enough():
    done = said(traffic(3, 3), after=420)
    assert (done.outcome, done.final, codes(done)) == (Outcome.PASS, True, {"no-worse"})
    assert said(traffic(3, 3), after=390).outcome is Outcome.INCONCLUSIVE
    assert said(traffic(3, 3), after=390).extend


def test_what_leaks_in_slowly_does_not_pass_before_it_is_seen():
    leak = traffic(3, lambda at: 3 + max(0, at - ZERO - 360) * 0.15)
    assert {said(leak, after=after).outcome for after in (300, 420, 450)} <= {Outcome.INCONCLUSIVE, Outcome.WARN}
    assert said(leak).outcome is Outcome.FAIL


def test_a_service_that_nobody_uses_is_not_judged_by_a_handful_of_requests():
    done = said(traffic(0, 0.25, rate=0.3), after=2400)
    assert (done.outcome, codes(done)) == (Outcome.INCONCLUSIVE, {"low-traffic", "errors-up"})


def test_clean_before_and_after_passes():
    assert said(traffic(0, 0)).outcome is Outcome.PASS
    assert "from none in 36,000 requests in the 60 min before to 0 of" in said(traffic(0, 0)).measures[0].says


def test_little_traffic_is_low_power_and_says_how_much_is_missing():
    done = said(traffic(0.3, 0.5, rate=10))
    assert (done.outcome, codes(done), done.final) == (Outcome.INCONCLUSIVE, {"low-power"}, True)
    assert "needs about" in done.reasons[0].message


@pytest.mark.parametrize("made", [[], traffic(0, 0, rate=0), traffic(0, 0, rate=1)], ids=["nothing", "none", "few"])
def test_no_data_is_never_good_and_never_bad(made):
    for after in (30, 300, 600, 1200):
        done = said(made, after=after)
        assert done.outcome is Outcome.INCONCLUSIVE
        assert "low-traffic" in codes(done)
        assert not done.final
        assert done.extend
    last = said(made, after=3600)
    assert last.outcome is (Outcome.PASS if made and made[0].steps[0][2] else Outcome.INCONCLUSIVE)
    assert last.final


def test_metrics_that_stopped_are_no_answer():
    made = [Flow(f.labels, tuple(s for s in f.steps if s[1] <= NEW)) for f in traffic(3, 3)]
    done = said(made, newest=NEW)
    assert (done.outcome, done.reasons[0].code) == (Outcome.INCONCLUSIVE, "metrics-blind")
    assert not done.final
    assert said(made, newest=NEW, after=800).final


def test_the_first_minute_is_not_judged():
    made = traffic(3, lambda at: 200 if at <= ZERO else 3)
    assert said(made, after=-1).outcome is Outcome.INCONCLUSIVE
    assert codes(said(made, after=-1)) == {"settling"}
    done = said(made)
    assert done.outcome is Outcome.PASS
    assert done.transition.bad == 800


class TestTrafficLost:
    made = staticmethod(lambda: traffic(0, 0, rate=lambda at: 300 if at <= NEW else 1))
    busy = Siblings(Count(0, 36000, NEW - 3600, NEW), Count(0, 6000, ZERO, ZERO + 600))
    idle = Siblings(Count(0, 36000, NEW - 3600, NEW), Count(0, 600, ZERO, ZERO + 600))

    def test_is_a_warning_and_then_a_fail_when_the_others_have_theirs(self):
        assert said(self.made(), after=90).outcome is Outcome.WARN
        assert said(self.made(), after=150, siblings=self.busy).outcome is Outcome.WARN
        done = said(self.made(), after=180, siblings=self.busy)
        assert (done.outcome, done.reasons[0].code) == (Outcome.FAIL, "traffic-lost")

    def test_is_never_a_fail_when_nothing_is_known_of_the_others(self):
        assert said(self.made()).outcome is Outcome.WARN

    def test_is_nobodys_fault_when_all_lost_it(self):
        done = said(self.made(), siblings=self.idle)
        assert (done.outcome, done.reasons[0].code) == (Outcome.INCONCLUSIVE, "cluster-wide")


def test_what_became_worse_for_everyone_is_not_this_deploy():
    others = Siblings(Count(360, 36000, NEW - 3600, NEW), Count(360, 6000, ZERO, ZERO + 600))
    done = said(traffic(3, 20), siblings=others)
    assert (done.outcome, done.reasons[0].code) == (Outcome.INCONCLUSIVE, "cluster-wide")
    calm = Siblings(Count(360, 36000, NEW - 3600, NEW), Count(62, 6000, ZERO, ZERO + 600))
    assert said(traffic(3, 20), siblings=calm).outcome is Outcome.FAIL


def test_what_yesterday_did_too_is_not_this_deploy():
    def yesterday(worse):
        rate = lambda at: 15 if worse and at > NEW - 86400 else 3  # noqa: E731
        return [
            flow("200", lambda at: 300, start=NEW - 90600, end=NEW),
            flow("503", rate, start=NEW - 90600, end=NEW - 80000),
        ]

    assert said(traffic(3, 15), history=yesterday(worse=False)).outcome is Outcome.FAIL
    assert said(traffic(3, 15), history=yesterday(worse=True)).outcome is Outcome.PASS


def test_as_bad_a_time_without_a_deploy_makes_a_fail_a_warning():
    def history(size):
        burst = lambda at: size if NEW - 40200 < at <= NEW - 39900 else 3  # noqa: E731
        return [flow("200", lambda at: 300, start=NEW - 90600, end=NEW), flow("503", burst, start=NEW - 90600, end=NEW)]

    done = said(traffic(3, 20), history=history(60))
    assert (done.outcome, codes(done)) == (Outcome.WARN, {"seen-before"})
    assert said(traffic(3, 20), history=history(5)).outcome is Outcome.FAIL


def test_a_broken_baseline_fails_no_repair_but_what_surely_doubles_its_errors():
    done = said(traffic(30, 55))
    assert (done.outcome, codes(done)) == (Outcome.WARN, {"broken-baseline"})
    assert said(traffic(30, 3)).outcome is Outcome.PASS
    for worse in (said(traffic(30, 150)), said(traffic(3, 20), troubled=True)):
        assert (worse.outcome, codes(worse)) == (Outcome.FAIL, {"broken-baseline"})


def test_an_incident_that_ended_before_does_not_leave_the_deploy_in_doubt():
    done = said(traffic(lambda at: 60 if at <= NEW - 1500 and at > NEW - 2700 else 3, 3))
    assert done.measures[0].phi > 20
    assert (done.outcome, codes(done)) == (Outcome.PASS, {"no-worse"})


def test_partial_data_proves_no_failure():
    done = said(traffic(3, 20), warnings=("store \x1b[31m down",))
    assert (done.outcome, codes(done)) == (Outcome.WARN, {"errors-up", "partial-data"})
    assert "\x1b" not in " ".join(r.message for r in done.reasons)


def test_a_first_deploy_is_held_to_the_objective_only():
    def first(errors, rate=300):
        return [Flow(f.labels, tuple(s for s in f.steps if s[0] >= NEW)) for f in traffic(0, errors, rate=rate)]

    assert said(first(60), after=30).outcome is Outcome.FAIL
    assert said(first(6)).outcome is Outcome.WARN
    assert said(first(0)).outcome is Outcome.PASS
    assert codes(said(first(0))) == {"first-deploy"}
    assert said(first(0), after=300).outcome is Outcome.INCONCLUSIVE


def test_a_burst_every_few_minutes_is_not_a_regression():
    rng = random.Random(1)
    busy = {int(at): 40 if rng.random() < 0.1 else 0 for at in range(int(NEW - 3600), int(ZERO + 3600), 30)}
    made = traffic(lambda at: busy.get(int(at) - 30, 0), lambda at: 40 if (at - ZERO) % 300 == 120 else 0)
    done = said(made)
    assert done.measures[0].phi > 5
    assert done.outcome is not Outcome.FAIL


def test_more_errors_because_of_more_requests_are_said_to_be_that():
    done = said(traffic(3, 9, rate=lambda at: 300 if at <= NEW else 900))
    assert done.outcome is Outcome.PASS
    assert "not a regression" in done.measures[0].says


class TestLatency:
    @staticmethod
    def histogram(near, far):
        """Shares slower than 0.25 and 1 s, as functions of the time."""
        parts = (
            ("0.25", lambda at: 300 * (1 - near(at))),
            ("1.0", lambda at: 300 * (1 - far(at))),
            ("+Inf", lambda at: 300),
        )
        return [flow("200", count, labels={"le": le}) for le, count in parts]

    def test_twice_as_many_slow_requests_fail(self):
        slow = self.histogram(lambda at: 0.05 if at <= NEW else 0.15, lambda at: 0.005)
        done = said(traffic(3, 3), slow=slow)
        assert (done.outcome, codes(done) - {"no-worse", "observing"}) == (Outcome.FAIL, {"latency-up"})
        assert [m.name for m in done.measures] == ["availability", "latency-near", "latency-far"]
        assert "slower than 250 ms" in done.measures[1].says

    def test_a_stall_of_few_is_seen_at_the_far_bound(self):
        slow = self.histogram(lambda at: 0.05 if at <= NEW else 0.06, lambda at: 0.005 if at <= NEW else 0.02)
        assert said(traffic(3, 3), slow=slow).outcome is Outcome.FAIL

    def test_no_change_passes_and_says_quantiles(self):
        done = said(traffic(3, 3), slow=self.histogram(lambda at: 0.05, lambda at: 0.005))
        assert done.outcome is Outcome.PASS
        assert done.quantiles["p95"] == (pytest.approx(0.25), pytest.approx(0.25))

    def test_other_buckets_since_the_deploy_are_not_compared(self):
        old = [
            Flow(f.labels, tuple(s for s in f.steps if s[1] <= NEW))
            for f in self.histogram(lambda at: 0.05, lambda at: 0.005)
        ]
        now = [flow("200", lambda at: 300, labels={"le": le}, start=NEW) for le in ("7", "+Inf")]
        assert [m.name for m in said(traffic(3, 3), slow=[*old, *now]).measures] == ["availability"]

    @pytest.mark.parametrize(
        ("most", "slow", "outcome", "code"),
        [
            (0.25, 0.05, Outcome.PASS, ""),  # just at the quantile, as before
            (0.25, 0.09, Outcome.FAIL, "too-slow"),
            (0.3, 0.09, Outcome.PASS, ""),  # these may be faster than 300 ms: the next bound is 1 s
            (2.0, 0.09, Outcome.PASS, ""),
        ],
    )
    def test_a_hard_limit_fails_what_was_as_slow_before(self, most, slow, outcome, code):
        made = self.histogram(lambda at: slow, lambda at: 0.005)
        done = said(traffic(3, 3), slow=made, limits=Limits(latency_most=most))
        assert done.outcome is outcome
        assert (code in codes(done)) is bool(code)

    def test_a_hard_limit_that_cannot_be_seen_is_open(self):
        beyond = self.histogram(lambda at: 0.2, lambda at: 0.2)
        for limits, made, code in (
            (Limits(latency_most=2.0), beyond, "latency-unknown"),
            (Limits(latency_most=0.2), [], "no-latency"),
        ):
            done = said(traffic(3, 3), slow=made, limits=limits)
            assert (done.outcome, code in codes(done)) == (Outcome.INCONCLUSIVE, True)


class TestNewAgainstOldPods:
    old, new = "web-aaaaaaaaaa-11111", "web-bbbbbbbbbb-22222"

    def both(self, bad_new, bad_old):
        return [*traffic(3, bad_old, pod=self.old), *traffic(0, bad_new, pod=self.new)]

    def test_a_bad_new_pod_fails_even_while_the_rollout_goes_on(self):
        made = [
            Flow(f.labels, tuple(s for s in f.steps if f.labels["pod"] == self.old or s[0] >= NEW))
            for f in self.both(60, 3)
        ]
        pods = {"new": {self.new: NEW}, "old": {self.old: NEW - 9000}}
        done = said(made, after=-1, started=NEW - 600, **{**pods, "new": {self.new: NEW - 700}})
        assert done.outcome is Outcome.FAIL
        assert "worse-than-old-pods" in codes(done)

    def test_trouble_of_both_says_nothing_about_the_new_one(self):
        done = said(self.both(20, 20), started=NEW, new={self.new: NEW - 100}, old={self.old: 0.0})
        assert "worse-than-old-pods" not in codes(done)
        assert done.measures[-1].name == "concurrent"


def test_an_e_value_does_not_grow_by_chance():
    reached = 0
    for seed in range(400):
        rng = random.Random(seed)
        blocks = []
        for _ in range(40):
            share = min(0.5, 0.01 * math.exp(rng.gauss(0, 1)))
            counts = [sum(rng.random() < share for _ in range(n)) for n in (60, 20)]
            blocks.append((Count(counts[0], 60, 0, 1), Count(counts[1], 20, 0, 1)))
        reached += evidence(blocks, 1.0) >= 20
    assert reached <= 400 * 0.05 + 2 * math.sqrt(400 * 0.05)


def test_alpha_is_spent_once():
    assert sum(spend(0.01, k, WINDOWS) for k in range(1, 21)) == pytest.approx(0.01)
    assert sum(spend(0.01, k, WINDOWS) for k in range(1, 121)) == pytest.approx(0.02)


def test_holm_is_never_laxer_than_the_whole_and_never_stricter_than_its_parts():
    assert rejected({"a": 0.003, "b": 0.02, "c": 0.9}, 0.01) == {"a"}
    assert rejected({"a": 0.003, "b": 0.005, "c": 0.9}, 0.01) == {"a", "b"}
    assert rejected({"a": 0.004}, 0.01) == {"a"}
    assert rejected({"a": 0.004, "b": 0.9, "c": 0.9}, 0.01) == frozenset()


def test_the_lattice():
    def reasons(*outcomes):
        return [Reason(o, "x", "") for o in outcomes]

    assert combined(reasons(Outcome.PASS, Outcome.FAIL, Outcome.WARN)) is Outcome.FAIL
    assert combined(reasons(Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.WARN)) is Outcome.WARN
    assert combined(reasons(Outcome.PASS, Outcome.INCONCLUSIVE)) is Outcome.INCONCLUSIVE
    assert combined([]) is Outcome.INCONCLUSIVE


counts = st.integers(0, 200)


@given(counts, st.integers(1000, 40000), counts, counts, st.integers(500, 9000), st.floats(1, 8))
def test_more_errors_never_make_p_larger(bad_before, before, bad, more, total, phi):
    one, other = (p_worse(bad_before, before, x, total, phi=phi, margin=1.25) for x in (bad, bad + more))
    assert other <= one + 1e-12


@given(counts, st.integers(1000, 40000), counts, st.integers(500, 9000), st.integers(2, 9))
def test_counting_every_request_k_times_is_an_overdispersion_of_k(bad_before, before, bad, total, k):
    one = p_worse(bad_before, before, bad, total, phi=1.0, margin=1.0)
    assert p_worse(bad_before * k, before * k, bad * k, total * k, phi=float(k), margin=1.0) == pytest.approx(
        one, rel=1e-6, abs=1e-12
    )


@settings(max_examples=settings().max_examples // 4)
@given(st.lists(st.integers(0, 30), min_size=20, max_size=20), st.integers(1, 30))
def test_a_verdict_only_gets_worse_with_more_errors(errors, more):
    weight = {Outcome.INCONCLUSIVE: 0, Outcome.PASS: 0, Outcome.WARN: 1, Outcome.FAIL: 2}
    index = lambda at: min(19, max(0, int((at - ZERO) // 30) - 1))  # noqa: E731
    fewer = said(traffic(3, lambda at: errors[index(at)])).outcome
    greater = said(traffic(3, lambda at: errors[index(at)] + more * 3)).outcome
    assert weight[greater] >= weight[fewer]


@settings(max_examples=settings().max_examples // 10)
@given(st.randoms())
def test_the_order_of_series_does_not_matter(rng):
    made = traffic(3, 8) + traffic(1, 4, path="/x")
    mixed = rng.sample(made, len(made))
    assert said(made) == said(mixed)


def test_hostile_labels_break_nothing():
    labels = {"status": "5" * 5000, "le": "1e999", "pod": "\x1b[31m", "path": "\ud800"}
    series = [Series(labels, tuple((NEW + 30.0 * i, 1e308 * (i % 2)) for i in range(-50, 50)))]
    done = said(flows(series, scrape=30, starts={}))
    assert done.outcome in (Outcome.INCONCLUSIVE, Outcome.WARN)
