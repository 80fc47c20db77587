"""The steps of a run: every ending has its cause, no state waits for ever, and a killed run goes on as if it had not been."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.verify.machine import (
    LONGEST_SECONDS,
    SETTLE_SECONDS,
    SYNC_SECONDS,
    Now,
    Phase,
    Progress,
    begin,
    step,
)
from atmos_cli.verify.measured import Assessment
from atmos_cli.verify.model import Limits
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.seen import Arrival, Delivery, Rollout, Status

LIMITS = Limits(observe=300.0)
DEADLINE = 330.0


def delivery(arrival, *, final=False):
    return Delivery(arrival, arrival.value, f"it is {arrival.value}", "a" * 40, final=final)


def rollout(status, *, restarts=0):
    return Rollout(status, f"pods are {status.value}", wanted=3, ready=3, restarts=restarts)


def assessment(outcome, *, final=False, extend=False, code="measured"):
    return Assessment(outcome, (Reason(outcome, code, "so it is"),), at=0.0, final=final, extend=extend)


def now(at, arrival=Arrival.ARRIVED, status=Status.CURRENT, *, found=None, restarts=0, metrics=True, final=False):
    return Now(at, delivery(arrival, final=final), rollout(status, restarts=restarts), found, metrics)


def run(*looks, progress=None):
    """The last step of a run over `looks`; it stops where the run ends."""
    progress = progress or begin(looks[0].at)
    for each in looks:
        done = step(progress, each, limits=LIMITS, deadline=DEADLINE)
        progress = done.progress
        if done.outcome:
            return done
    return done


def settled(at=100.0):
    return replace(begin(0.0), phase=Phase.OBSERVE, since=at, settled=at)


def test_a_good_run_passes_only_after_the_metrics_said_so():
    steps = [now(0), now(50), now(95), now(130, found=assessment(Outcome.PASS, final=True))]
    done = run(*steps)
    assert (done.outcome, done.progress.phase) == (Outcome.PASS, Phase.DONE)
    assert run(*steps[:3]).outcome is None


@pytest.mark.parametrize(
    ("arrival", "final", "outcome"),
    [
        (Arrival.PAUSED, False, Outcome.INCONCLUSIVE),
        (Arrival.FAILED, True, Outcome.FAIL),
        (Arrival.FAILED, False, None),
        (Arrival.DIVERGED, True, Outcome.INCONCLUSIVE),
        (Arrival.SUPERSEDED, False, Outcome.SUPERSEDED),
        (Arrival.PENDING, False, None),
    ],
)
def test_what_the_engine_says_decides_before_anything_is_running(arrival, final, outcome):
    assert run(now(5, arrival, final=final)).outcome is outcome


def test_a_commit_that_does_not_arrive_is_open_and_one_that_keeps_failing_has_failed():
    late = SYNC_SECONDS + 1
    open_ = run(now(0, Arrival.PENDING), now(late, Arrival.PENDING))
    assert (open_.outcome, open_.reasons[0].code) == (Outcome.INCONCLUSIVE, "not-synced")
    assert run(now(0, Arrival.FAILED), now(late, Arrival.FAILED)).outcome is Outcome.FAIL


def test_pods_that_are_doomed_fail_at_once_and_slow_ones_at_their_deadline():
    assert run(now(0, status=Status.FAILED)).outcome is Outcome.FAIL
    slow = run(now(0, status=Status.IN_PROGRESS), now(DEADLINE, status=Status.IN_PROGRESS))
    assert (slow.outcome, slow.reasons[0].code) == (Outcome.FAIL, "rollout-timeout")
    assert run(now(0, status=Status.IN_PROGRESS), now(DEADLINE - 1, status=Status.IN_PROGRESS)).outcome is None


def test_a_newer_commit_ends_every_phase():
    for phase in (Phase.SYNC, Phase.ROLLOUT, Phase.SETTLE, Phase.OBSERVE):
        progress = replace(settled(), phase=phase)
        assert run(now(101, Arrival.SUPERSEDED), progress=progress).outcome is Outcome.SUPERSEDED


def test_without_metrics_a_good_rollout_is_open_and_never_a_pass():
    done = run(now(0, metrics=False), now(SETTLE_SECONDS + 31, metrics=False))
    assert (done.outcome, done.reasons[0].code) == (Outcome.INCONCLUSIVE, "no-metrics")
    assert "pods are current" in done.reasons[0].message


def test_a_restart_while_settling_sends_it_back_twice_and_then_fails():
    looks = [now(0), now(10, restarts=1), now(20, restarts=2), now(30, restarts=3)]
    assert run(*looks[:3]).outcome is None
    assert run(*looks).reasons[0].code == "unstable"


def test_metrics_that_are_down_for_long_leave_the_rollout_standing_and_the_verdict_open():
    down = assessment(Outcome.INCONCLUSIVE, code="metrics-unavailable")
    progress = settled()
    assert run(now(101, found=down), now(160, found=down), progress=progress).outcome is None
    done = run(now(101, found=down), now(230, found=down), progress=progress)
    assert (done.outcome, done.reasons[0].code) == (Outcome.INCONCLUSIVE, "metrics-unavailable")


def test_an_outage_of_the_metrics_that_ends_is_forgotten():
    down, good = assessment(Outcome.INCONCLUSIVE, code="metrics-unavailable"), assessment(Outcome.PASS)
    looks = [now(101, found=down), now(160, found=good), now(230, found=down), now(300, found=down)]
    assert run(*looks, progress=settled()).outcome is None


def test_pods_that_die_while_users_are_watched_fail_whatever_the_metrics_say():
    assert (
        run(now(200, status=Status.FAILED, found=assessment(Outcome.PASS)), progress=settled()).outcome is Outcome.FAIL
    )


def test_low_traffic_is_given_more_time_but_not_for_ever():
    waits = assessment(Outcome.INCONCLUSIVE, extend=True, code="low-traffic")
    assert run(now(100 + 2 * LIMITS.observe, found=waits), progress=settled()).outcome is None
    assert run(now(101 + LONGEST_SECONDS, found=waits), progress=settled()).outcome is Outcome.INCONCLUSIVE


def test_smoke_probes_decide_only_where_users_are_too_few():
    said = Reason(Outcome.PASS, "smoke", "2 smoke probes answer as expected")
    waits = assessment(Outcome.INCONCLUSIVE, extend=True, code="low-traffic")
    probed = replace(now(101 + LIMITS.observe, found=waits), smoke=said)
    assert run(probed, progress=settled()).outcome is Outcome.PASS
    early = replace(now(150, found=waits), smoke=said)
    assert run(early, progress=settled()).outcome is None
    failed = replace(now(101 + LIMITS.observe, found=assessment(Outcome.FAIL, final=True)), smoke=said)
    assert run(failed, progress=settled()).outcome is Outcome.FAIL
    blind = replace(now(SETTLE_SECONDS + 31, metrics=False), smoke=said)
    assert run(now(0, metrics=False), blind).outcome is Outcome.PASS


looks = st.lists(
    st.builds(
        lambda arrival, status, outcome, extend, restarts, metrics: (
            arrival,
            status,
            outcome,
            extend,
            restarts,
            metrics,
        ),
        st.sampled_from(Arrival),
        st.sampled_from(Status),
        st.sampled_from([None, *Outcome]),
        st.booleans(),
        st.integers(0, 5),
        st.booleans(),
    ),
    min_size=1,
    max_size=40,
)


def made(each, at):
    arrival, status, outcome, extend, restarts, metrics = each
    found = assessment(outcome, extend=extend) if outcome else None
    return now(at, arrival, status, found=found, restarts=restarts, metrics=metrics)


@given(looks)
def test_a_pass_needs_an_arrival_good_pods_and_metrics_that_said_pass(seen):
    progress = begin(0.0)
    for number, each in enumerate(seen):
        done = step(progress, made(each, number * 60.0), limits=LIMITS, deadline=DEADLINE)
        progress = done.progress
        if done.outcome is Outcome.PASS:
            assert each[2] is Outcome.PASS
            assert progress.settled > 0 or number == 0
            assert any(before[0] is Arrival.ARRIVED for before in seen[: number + 1])
            assert any(before[1] is Status.CURRENT for before in seen[: number + 1])
        if done.outcome:
            return


@given(looks, st.sampled_from(Arrival), st.sampled_from(Status))
def test_every_run_ends(seen, arrival, status):
    """Whatever was seen before, a state that stays as it is leads to a verdict within two hours and a rollout."""
    progress, at = begin(0.0), 0.0
    for each in seen:
        done = step(progress, made(each, at), limits=LIMITS, deadline=DEADLINE)
        progress, at = done.progress, at + 30.0
        if done.outcome:
            return
    found = assessment(Outcome.INCONCLUSIVE, extend=True)
    for _ in range(1000):
        done = step(progress, now(at, arrival, status, found=found), limits=LIMITS, deadline=DEADLINE)
        progress, at = done.progress, at + 30.0
        if done.outcome:
            return
    raise AssertionError(progress)


def test_progress_is_all_that_a_killed_run_needs():
    seen = [now(0, status=Status.IN_PROGRESS), now(30), now(130), now(160, found=assessment(Outcome.WARN, final=True))]
    progress = begin(0.0)
    for each in seen:
        again = Progress(**{name: getattr(progress, name) for name in Progress.__slots__})
        done = step(again, each, limits=LIMITS, deadline=DEADLINE)
        progress = done.progress
    assert done.outcome is Outcome.WARN
