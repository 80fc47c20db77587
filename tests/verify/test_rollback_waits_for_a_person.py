"""A rollback without a person happens only when every precondition holds; each one alone stops it."""

import dataclasses

import pytest

from atmos_cli.verify.measured import BROKEN_BASELINE, Assessment, Count, Measure
from atmos_cli.verify.model import Cause, Limits, Target, Verdict
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.rollback import DAY, HOUR, History, Past, RestorePlan, automatic, recovered
from atmos_cli.verify.seen import Rollout, Status

NOW = 1_800_000_000.0
TARGET = Target("shop", "checkout", "prod", "prod", "shop-prod", "argocd", "checkout")
FAILED = Verdict(
    TARGET,
    "c" * 40,
    Outcome.FAIL,
    "worse",
    (),
    rollout=Rollout(Status.CURRENT, "3 of 3", wanted=3, ready=3),
    assessment=Assessment(Outcome.FAIL, (), NOW, final=True),
)
PLAN = RestorePlan("c" * 40, "1" * 40, "verified", {"o": b"1"}, exact=True)
AUTO = Limits(rollback="auto")
NEVER = History(NOW)
STUCK = Rollout(Status.FAILED, "0 of 3", wanted=3, ready=0, old_ready=3)


def asked(verdict=FAILED, plan=PLAN, history=NEVER, limits=AUTO):
    found = automatic(verdict, plan, history, limits)
    return found and found.code


def past(age, *, run="run-1"):
    return Past("d" * 40, NOW - age, "e" * 40, "f" * 40, run)


def verdict(**more):
    return dataclasses.replace(FAILED, **more)


def test_a_clear_failure_with_a_verified_state_is_taken_back():
    assert asked() is None


@pytest.mark.parametrize("outcome", [each for each in Outcome if each is not Outcome.FAIL])
def test_only_a_failure_counts(outcome):
    assert asked(verdict(outcome=outcome)) == "verdict"


@pytest.mark.parametrize("mode", ["off", "suggest", "branch"])
def test_only_where_the_spec_says_auto(mode):
    assert asked(limits=Limits(rollback=mode)) == "not-wanted"


def test_a_state_that_was_never_verified_needs_a_person():
    assert asked(plan=dataclasses.replace(PLAN, chosen="previous")) == "never-verified"


@pytest.mark.parametrize(
    "code", ["newer-commit", "migration", "data-loss", "is-rollback", "quarantined", "shared-files"]
)
def test_every_reason_against_the_plan_stops_it(code):
    reason = Reason(Outcome.FAIL, code, "no")
    assert asked(plan=dataclasses.replace(PLAN, reasons=(reason,))) == code


def test_nothing_and_inexact_plans_stop_it():
    assert asked(plan=dataclasses.replace(PLAN, nothing=True)) == "nothing"
    assert asked(plan=dataclasses.replace(PLAN, exact=False)) == "inexact"


def test_old_pods_that_still_serve_everyone_leave_time_for_a_person():
    no_metrics = verdict(rollout=STUCK, assessment=None)
    assert asked(no_metrics) == "no-impact"
    assert asked(dataclasses.replace(no_metrics, rollout=dataclasses.replace(STUCK, old_ready=2))) is None
    assert asked(verdict(rollout=STUCK)) is None  # users are worse off all the same


def test_it_takes_facts():
    assert asked(verdict(rollout=None, assessment=None)) == "weak-evidence"
    assert asked(verdict(assessment=Assessment(Outcome.INCONCLUSIVE, (), NOW))) == "weak-evidence"


def test_a_state_that_was_in_trouble_itself_is_none_to_go_back_to():
    measure = measured(before=30, after=90, code=BROKEN_BASELINE)
    assert asked(verdict(assessment=Assessment(Outcome.FAIL, (), 9.0, measures=(measure,)))) == "broken-baseline"


def measured(*, before, after, code="worse", outcome=Outcome.FAIL):
    """Errors of 1000 requests each."""
    return Measure("availability", outcome, code, "", Count(before, 1000, 0, 1), Count(after, 1000, 1, 2))


@pytest.mark.parametrize(("now", "helped"), [(3, True), (20, True), (90, False), (60, False)])
def test_it_helped_when_users_are_closer_to_what_was_before_than_to_what_was_bad(now, helped):
    failed = verdict(assessment=Assessment(Outcome.FAIL, (), 9.0, measures=(measured(before=3, after=90),)))
    good = Rollout(Status.CURRENT, "3 of 3 pods ready", wanted=3, ready=3)
    again = measured(before=90, after=now, outcome=Outcome.PASS)
    after = verdict(outcome=Outcome.PASS, rollout=good, assessment=Assessment(Outcome.PASS, (), 9.0, measures=(again,)))
    assert recovered(failed, after) is helped


def test_pods_that_are_good_again_are_all_that_a_failed_rollout_asks_for():
    failed = verdict(rollout=Rollout(Status.FAILED, "0 of 3"), assessment=None)
    good = Rollout(Status.CURRENT, "3 of 3 pods ready", wanted=3, ready=3)
    assert recovered(failed, verdict(outcome=Outcome.INCONCLUSIVE, rollout=good, assessment=None)) is True
    assert recovered(failed, verdict(outcome=Outcome.FAIL)) is False
    assert recovered(failed, verdict(outcome=Outcome.INCONCLUSIVE, rollout=None, assessment=None)) is None


def test_another_cause_stops_it():
    other = Cause("R9", "the database is down", "", 0.9, blames=False)
    assert asked(verdict(causes=(other,))) == "other-cause"
    assert asked(verdict(causes=(dataclasses.replace(other, blames=None),))) is None


@pytest.mark.parametrize(
    ("ages", "answer"),
    [
        ([HOUR - 1], "too-often"),
        ([HOUR + 1], None),
        ([HOUR + 1, 2 * HOUR, 3 * HOUR], "too-often"),
        ([HOUR + 1, 2 * HOUR, DAY + 1], None),
    ],
)
def test_once_in_an_hour_and_three_times_a_day_at_most(ages, answer):
    assert asked(history=History(NOW, tuple(map(past, ages)))) == answer
    by_people = tuple(past(age, run="") for age in ages)
    assert asked(history=History(NOW, by_people)) is None
