"""Every scope must agree, what is over may only shrink, and nothing counts as unlimited."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.budget.evaluate import Sums, evaluate, oversubscription
from atmos_cli.budget.findings import budget_diagnostics
from atmos_cli.budget.model import Tier, read_budget, require_known_teams
from atmos_cli.budget.terms import seconds
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.kube.quantity import parse
from atmos_cli.yamlio.emit import emit
from tests.budget.shapes import budget


def sums(cpu, team="shop", service="app", unknown=()):
    totals = {"requests.cpu": parse(cpu)}
    return Sums(totals, {team: totals}, {(team, service): totals}, {(team, service): tuple(unknown)} if unknown else {})


def outcomes(by, before, after, **more):
    return {(row.scope, row.dimension): row.outcome for row in evaluate(by, before=before, after=after, **more)}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("0", "3.2", "ok"),
        ("0", "3.3", "warning"),
        ("0", "4", "warning"),
        ("0", "4.001", "over"),
        ("5", "4.5", "warning"),
        ("5", "5", "warning"),
        ("5", "5.001", "over"),
        ("0", "8", "over"),
        ("0", "8.1", "denied"),
        ("9", "8.5", "warning"),
    ],
)
def test_the_decision_table(before, after, expected):
    by = budget(limits={"requests.cpu": {"limit": "4", "ceiling": "8"}})
    assert outcomes(by, sums(before), sums(after))["environment", "requests.cpu"] == expected


def test_headroom_is_kept_free_of_what_moves():
    by = budget(headroom="10%", limits={"requests.cpu": {"limit": "4"}, "requests.storage": {"limit": "10"}})
    assert outcomes(by, sums("0"), sums("3.7"))["environment", "requests.cpu"] == "over"
    assert str(by.effective("requests.storage", by.limits["requests.storage"])) == "10"


def test_all_scopes_count():
    by = budget(
        teams={"shop": {"requests.cpu": {"limit": 3}}},
        serviceDefault={"requests.cpu": {"limit": 1}},
        services={"shop/big": {"requests.cpu": {"limit": 2}}},
    )
    found = outcomes(by, sums("0"), sums("3.5"))
    assert found["environment", "requests.cpu"] == "warning"
    assert found["team shop", "requests.cpu"] == "over"
    assert found["service shop/app", "requests.cpu"] == "over"
    assert (
        outcomes(by, sums("0", service="big"), sums("1.5", service="big"))["service shop/big", "requests.cpu"] == "ok"
    )


def test_many_small_changes_of_a_team_are_one():
    by = budget(perChange={"requests.cpu": {"limit": "+1", "window": "7d"}})
    week_ago, now = sums("1"), sums("1.9")
    assert (
        outcomes(by, now, sums("2"), earlier={"7d": week_ago})["growth of team shop within 7d", "requests.cpu"] == "ok"
    )
    found = outcomes(by, now, sums("2.1", service="another"), earlier={"7d": week_ago})
    assert found["growth of team shop within 7d", "requests.cpu"] == "over"
    assert not [scope for scope, _ in outcomes(by, sums("9"), sums("8"), earlier={"7d": week_ago}) if "growth" in scope]


def test_growth_in_percent_of_the_environment():
    by = budget(perChange={"requests.cpu": {"limitPercent": "+25%"}})
    assert outcomes(by, sums("2"), sums("2.5"))["growth of team shop by this change", "requests.cpu"] == "ok"
    assert outcomes(by, sums("2"), sums("2.501"))["growth of team shop by this change", "requests.cpu"] == "over"


@pytest.mark.parametrize(("policy", "expected"), [("approval", "over"), ("deny", "denied"), ("warn", "warning")])
def test_the_unknown_needs_a_decision(policy, expected):
    by = budget(indeterminate=policy)
    note = ("HelmRelease/x: its chart", "mark1")
    assert outcomes(by, sums("1"), sums("1", unknown=[note]))["service shop/app", "unknown"] == expected
    assert (
        outcomes(by, sums("1", unknown=[note]), sums("1", unknown=[note]))["service shop/app", "unknown"] == "warning"
    )
    changed = (note[0], "mark2")
    assert (
        outcomes(by, sums("1", unknown=[note]), sums("1", unknown=[changed]))["service shop/app", "unknown"] == expected
    )


def test_the_messages_say_what_and_by_how_much():
    by = budget(limits={"requests.cpu": {"limit": "4", "ceiling": "8"}})
    (over,) = budget_diagnostics(
        evaluate(by, before=sums("0"), after=sums("5.5")), ask="`atmos ask`", fits="2 replicas fit"
    )
    assert over.code is Code.BUDGET_EXCEEDED
    assert over.message == "This deployment exceeds the budget for the 'dev' environment. Approval required."
    assert "5.5 of 4, over by 1.5" in over.hint
    assert "2 replicas fit" in over.hint
    (denied,) = budget_diagnostics(evaluate(by, before=sums("0"), after=sums("9")), ask="`atmos ask`")
    assert denied.code is Code.BUDGET_CEILING
    (near,) = budget_diagnostics(evaluate(by, before=sums("0"), after=sums("3.6")), ask="`atmos ask`")
    assert near.message == "'dev' is at 90% of its requests.cpu budget (3.6 of 4)"
    (already,) = budget_diagnostics(evaluate(by, before=sums("5"), after=sums("5")), ask="`atmos ask`")
    assert "this change does not add to it" in already.message


def test_teams_may_be_promised_more_than_there_is():
    by = budget(teams={"a": {"requests.cpu": {"limit": 3}}, "b": {"requests.cpu": {"limit": 2}}})
    assert {name: tuple(map(str, pair)) for name, pair in oversubscription(by).items()} == {"requests.cpu": ("5", "4")}


BAD = {
    "an unknown dimension": {"limits": {"request.cpu": {"limit": 1}}},
    "no amount": {"limits": {"requests.cpu": {"limit": "lots"}}},
    "absurd": {"limits": {"requests.cpu": {"limit": "1e99999"}}},
    "more than there can be": {"limits": {"requests.cpu": {"limit": "1e30"}}},
    "negative": {"limits": {"requests.cpu": {"limit": "-1"}}},
    "a ceiling below": {"limits": {"requests.cpu": {"limit": "4", "ceiling": "2"}}},
    "money without a currency": {"limits": {"money": {"limit": "4"}}},
    "a currency without money": {"limits": {"pods": {"limit": "4", "currency": "EUR"}}},
    "a change without a limit": {"perChange": {"requests.cpu": {"window": "7d"}}},
    "a span": {"perChange": {"requests.cpu": {"limit": 1, "window": "a week"}}},
    "nodes": {"assume": {"maxNodes": 3}},
    "half an assumption": {"missingRequests": {"cpu": "50m"}},
    "a tier without roles": {"approvals": {"tiers": [{"roles": []}]}},
    "over by": {"approvals": {"tiers": [{"overBy": "20", "roles": ["lead"]}]}},
    "nothing limited": {"limits": {}},
}


@pytest.mark.parametrize("name", BAD)
def test_a_budget_that_cannot_be_used_is_located(name):
    with pytest.raises(AtmosError) as caught:
        budget(**BAD[name])
    for each in caught.value.diagnostics:
        assert each.code is Code.BUDGET_INVALID
        assert each.where.line > 0


def test_twice_the_same_limit_and_a_team_that_is_none():
    with pytest.raises(AtmosError) as caught:
        read_budget(b"environment: dev\nlimits:\n  pods: {limit: 1}\n  pods: {limit: 9}\n", environment="dev")
    assert caught.value.diagnostics[0].code is Code.YAML_DUPLICATE_KEY
    data = emit(
        {
            "environment": "dev",
            "limits": {"pods": {"limit": "1"}},
            "teams": {"payment": {"pods": {"limit": "1"}}},
            "services": {"ghost/app": {"pods": {"limit": "1"}}},
        }
    ).encode()
    with pytest.raises(AtmosError) as caught:
        require_known_teams(read_budget(data, environment="dev"), data, teams=("payments",))
    assert [each.where.line for each in caught.value.diagnostics] == [6, 10]


def test_tiers_cover_exactly():
    tier = Tier.model_validate({"overBy": "<=20%", "roles": ["lead"]}, by_alias=True, by_name=False)
    assert tier.covers("pods", over=parse("0.2"), limit=parse("1"))
    assert not tier.covers("pods", over=parse("0.200000001"), limit=parse("1"))
    assert not tier.covers("pods", over=parse("1"), limit=parse("0"))
    assert seconds("14d") == 14 * 86400


amounts = st.integers(0, 10**6).map(lambda nano: parse(f"{nano}m"))


@given(amounts, amounts, amounts)
def test_an_approval_is_needed_exactly_when_it_grows_over_the_limit(limit, old, new):
    by = budget(limits={"requests.cpu": {"limit": str(limit)}})
    row = evaluate(by, before=Sums({"requests.cpu": old}), after=Sums({"requests.cpu": new}))[0]
    assert (row.outcome == "over") == (new > limit and new > old)
