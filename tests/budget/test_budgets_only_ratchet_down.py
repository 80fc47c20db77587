"""An approval is needed where a change makes it worse and the limit is passed (reference/budget.md §3.1, row by row)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.budget.claim import added
from atmos_cli.budget.evaluate import Sums, evaluate
from atmos_cli.budget.findings import budget_diagnostics
from atmos_cli.budget.model import Budget
from atmos_cli.diagnostics import Code, Severity
from atmos_cli.kube.quantity import parse


def budget(limits=None, teams=None, environment="staging"):
    fields = {
        "environment": environment,
        "limits": limits or {"requests.cpu": {"limit": "10", "warn": "80%", "ceiling": "20"}},
    }
    return Budget.model_validate({**fields, "teams": teams or {}})


def totals(cpu):
    return {"requests.cpu": parse(cpu)}


def sums(teams):
    return Sums(environment=added(teams.values()), teams=teams, services={})


def row(before, after, **more):
    (found,) = evaluate(budget(**more), before=sums({"shop": totals(before)}), after=sums({"shop": totals(after)}))
    return found


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ("0", "0", "ok"),
        ("0", "8", "ok"),  # a <= warn
        ("9", "8", "ok"),
        ("0", "8001m", "warning"),  # warn < a <= limit
        ("0", "10", "warning"),
        ("10", "10", "warning"),
        ("12", "12", "warning"),  # a > limit and a <= b: already over, not worse
        ("15", "12", "warning"),
        ("30", "25", "warning"),  # above the ceiling, but less than before
        ("25", "25", "warning"),
        ("0", "10001m", "over"),  # a > limit and a > b
        ("10", "10.000000001", "over"),
        ("12", "13", "over"),
        ("0", "20", "over"),
        ("0", "20001m", "denied"),  # a > ceiling and a > b
        ("21", "22", "denied"),
        ("20", "20.000000001", "denied"),
    ],
)
def test_row_by_row(before, after, outcome):
    assert row(before, after).outcome == outcome


def test_without_a_ceiling_everything_can_be_approved():
    assert row("0", "1000000", limits={"requests.cpu": {"limit": "10"}}).outcome == "over"


def test_a_limit_of_zero_means_none_at_all():
    limits = {"requests.cpu": {"limit": 0}}
    assert row("0", "0", limits=limits).outcome == "ok"
    assert row("0", "1n", limits=limits).outcome == "over"


@given(st.integers(0, 30_000), st.integers(0, 30_000), st.integers(0, 30_000))
def test_removing_is_never_refused_and_more_is_never_better(before, after, more):
    severity = ["ok", "warning", "over", "denied"]
    found = row(f"{before}m", f"{after}m").outcome
    if after <= before:
        assert found in ("ok", "warning")
    assert severity.index(row(f"{before}m", f"{after + more}m").outcome) >= severity.index(found)


def test_all_teams_share_the_environment_and_each_has_its_own():
    both = budget(teams={"shop": {"requests.cpu": {"limit": "5"}}, "idle": {"requests.cpu": {"limit": "1"}}})
    rows = evaluate(both, before=sums({"pay": totals("6")}), after=sums({"pay": totals("6"), "shop": totals("4500m")}))
    assert [(r.scope, str(r.before), str(r.after), r.outcome) for r in rows] == [
        ("environment", "6", "10500m", "over"),
        ("team shop", "0", "4500m", "warning"),
        ("team idle", "0", "0", "ok"),
    ]
    assert str(rows[0].over_by) == "500m"
    assert str(rows[1].over_by) == "0"


def test_what_is_asked_for_and_not_limited_is_no_row():
    rows = evaluate(budget(), before=Sums(), after=sums({"shop": {"requests.memory": parse("1Ti")}}))
    assert [(r.dimension, r.outcome) for r in rows] == [("requests.cpu", "ok")]


def test_the_sentence():
    (found,) = budget_diagnostics([row("0", "12")], ask="`atmos ask`")
    assert found.message == "This deployment exceeds the budget for the 'staging' environment. Approval required."
    assert (found.code, found.severity, found.environment) == (Code.BUDGET_EXCEEDED, Severity.ERROR, "staging")
    assert found.where.path == "platform/budgets/staging.yaml"
    assert "requests.cpu 12 of 10, over by 2" in found.hint
    assert "ask for approval: `atmos ask`" in found.hint


def test_the_ceiling_cannot_be_approved():
    (found,) = budget_diagnostics([row("0", "21")], ask="`atmos ask`")
    assert found.code is Code.BUDGET_CEILING
    assert "nobody can approve" in found.message
    assert "atmos ask" not in found.hint


def test_one_error_for_an_environment_however_much_is_over():
    limits = {"requests.cpu": {"limit": "1"}, "pods": {"limit": 1}, "requests.memory": {"limit": "10Gi", "warn": "50%"}}
    after = {"requests.cpu": parse("2"), "pods": parse(3), "requests.memory": parse("6Gi")}
    rows = evaluate(budget(limits), before=Sums(), after=sums({"shop": after}))
    errors = [d for d in budget_diagnostics(rows, ask="`atmos ask`") if d.severity is Severity.ERROR]
    assert len(errors) == 1
    assert "requests.cpu 2 of 1" in errors[0].hint
    assert "pods 3 of 1" in errors[0].hint
    warnings = [d.message for d in budget_diagnostics(rows, ask="`atmos ask`") if d.severity is Severity.WARNING]
    assert warnings == ["'staging' is at 60% of its requests.memory budget (6Gi of 10Gi)"]


def test_already_over_is_a_warning_that_says_so():
    (found,) = budget_diagnostics([row("12", "12")], ask="`atmos ask`")
    assert (found.code, found.severity) == (Code.BUDGET_WARNING, Severity.WARNING)
    assert (
        found.message == "'staging' is already over its requests.cpu budget (12 of 10); this change does not add to it"
    )
