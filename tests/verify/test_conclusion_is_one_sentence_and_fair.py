"""The headline is what a person needs to hear first; and a commit is not blamed for what something else did."""

import pytest

from atmos_cli.verify import conclude as module
from atmos_cli.verify.conclude import conclude
from atmos_cli.verify.measured import Assessment, Count, Measure
from atmos_cli.verify.model import Cause, Evidence, Target
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.seen import Arrival, ClusterSnapshot, Delivery, Rollout, Status

TARGET = Target("shop", "checkout", "prod", "eu", "shop-prod", "argocd", "checkout")
COMMIT = "a1b2c3d" + "0" * 33
ARRIVED = Delivery(Arrival.ARRIVED, "arrived", "it is there", COMMIT)
GOOD = Rollout(Status.CURRENT, "3 of 3 pods ready", wanted=3, ready=3)


def measured(outcome, bad=61, total=5012, before=(241, 30072)):
    old, new = Count(*before, 0, 3600), Count(bad, total, 3700, 4000)
    ratio = (bad / total) / (before[0] / before[1]) if before[0] else None
    return Measure("availability", outcome, "worse", "5xx rose", old, new, ratio=ratio)


def concluded(outcome, *, causes=(), measure=None, delivery=ARRIVED, rollout=GOOD, why="so it is", monkeypatch):
    monkeypatch.setattr(module, "diagnose", lambda _: tuple(causes))
    reasons = (Reason(outcome, "worse", why),)
    assessment = Assessment(outcome, reasons, 9.0, measures=(measure,)) if measure else None
    evidence = Evidence(TARGET, ClusterSnapshot(9.0), delivery, rollout, assessment)
    return conclude(evidence, commit=COMMIT, outcome=outcome, reasons=reasons, began=1.0)


def cause(blames, confidence=0.9):
    return Cause("R2", "the pool is exhausted", "Check the database connection pool.", confidence, blames=blames)


def test_more_errors_are_said_in_numbers_with_what_to_check(monkeypatch):
    found = concluded(Outcome.FAIL, causes=[cause(True)], measure=measured(Outcome.FAIL), monkeypatch=monkeypatch)
    assert found.headline == (
        "Your deployment synced successfully (a1b2c3d, 3/3 pods ready), but caused a 52% increase in 5xx "
        "(0.80% → 1.22%, 61 of 5,012 requests). Check the database connection pool."
    )


def test_a_clean_baseline_has_no_percentage(monkeypatch):
    measure = measured(Outcome.FAIL, before=(0, 36000))
    found = concluded(Outcome.FAIL, measure=measure, why="from none to 61", monkeypatch=monkeypatch)
    assert "from none to 61" in found.headline
    assert "%" not in found.headline


def test_many_times_as_many_is_no_percentage(monkeypatch):
    found = concluded(Outcome.FAIL, measure=measured(Outcome.FAIL, bad=1200), monkeypatch=monkeypatch)
    assert "30 times as many 5xx" in found.headline


@pytest.mark.parametrize(("confidence", "outcome"), [(0.9, Outcome.INCONCLUSIVE), (0.5, Outcome.FAIL)])
def test_what_surely_is_not_this_commits_doing_is_not_held_against_it(confidence, outcome, monkeypatch):
    causes = [cause(False, confidence)]
    found = concluded(Outcome.FAIL, causes=causes, measure=measured(Outcome.FAIL), monkeypatch=monkeypatch)
    assert found.outcome is outcome


def test_pods_that_do_not_start_are_this_commits_doing_whatever_the_cause(monkeypatch):
    broken = Rollout(Status.FAILED, "0 of 3 new pods ready", wanted=3, ready=0, old_ready=3)
    found = concluded(
        Outcome.FAIL, causes=[cause(False)], rollout=broken, why="0 of 3 new pods ready", monkeypatch=monkeypatch
    )
    assert found.outcome is Outcome.FAIL
    assert "3 old pods still serve, so users feel nothing yet" in found.headline


def test_a_failure_without_a_cause_still_names_the_way_back(monkeypatch):
    found = concluded(Outcome.FAIL, measure=measured(Outcome.FAIL), monkeypatch=monkeypatch)
    assert found.next == "atmos rollback checkout --env prod --team shop"


def test_a_commit_that_did_not_arrive_did_not_sync_successfully(monkeypatch):
    refused = Delivery(Arrival.FAILED, "sync-failed", "refused", COMMIT, final=True)
    found = concluded(Outcome.FAIL, delivery=refused, why="field is immutable", monkeypatch=monkeypatch)
    assert found.headline == "Your deployment (a1b2c3d) did not arrive: field is immutable."


def test_a_password_in_a_message_is_masked(monkeypatch):
    found = concluded(Outcome.FAIL, why="postgres://a:hunter2@db refused", monkeypatch=monkeypatch)
    assert "hunter2" not in f"{found.headline}{found.reasons}"


def test_the_pods_that_still_serve_are_said_once(monkeypatch):
    broken = Rollout(Status.FAILED, "Deployment/web: exits; 1 old pod still serves", wanted=1, ready=0, old_ready=1)
    found = concluded(Outcome.FAIL, rollout=broken, why=broken.message, monkeypatch=monkeypatch)
    assert found.headline.endswith("but Deployment/web: exits; 1 old pod still serves, so users feel nothing yet.")


@pytest.mark.parametrize(
    ("code", "why", "command"),
    [
        ("automation-paused", "automated sync is off", "turn it on"),
        ("no-metrics", "3 of 3 pods ready", "add `prometheus: {url: URL}` below `clusters.eu` in atmos-cli.yaml"),
        ("diverged", "another branch", ""),
    ],
)
def test_what_somebody_turned_off_has_a_command_that_turns_it_on(code, why, command):
    reasons = (Reason(Outcome.INCONCLUSIVE, code, why),)
    delivery = Delivery(Arrival.PAUSED, "automation-paused", "automated sync is off", next="turn it on")
    evidence = Evidence(TARGET, ClusterSnapshot(9.0), delivery, GOOD)
    found = conclude(evidence, commit=COMMIT, outcome=Outcome.INCONCLUSIVE, reasons=reasons, began=1.0)
    assert found.next == command
