"""Money is exact, never guessed, and prices far from any list are questioned."""

import pytest

from atmos_cli.budget.claim import claim
from atmos_cli.budget.digest import budget_digest, claim_digest
from atmos_cli.budget.dimensions import amount_text
from atmos_cli.budget.prices import PATH, read_prices, require_prices
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.kube.quantity import parse
from tests.budget.shapes import budget, container, workload

SHEET = """
name: default
currency: USD
asOf: 2026-10-01
per: hour
items:
  cpu: {price: "0.031611", unit: core}
  memory: {price: "0.004237", unit: GiB}
  storage: {price: "0.00005479452", unit: GiB}
  loadBalancer: {price: "0.025", unit: each}
"""


def sheet(text=SHEET):
    return read_prices(text.encode())


def test_the_worked_example():
    totals = {"requests.cpu": parse("2.2"), "requests.memory": parse("1280Mi"), "services.loadbalancers": parse("1")}
    assert amount_text("money", sheet().cost(totals), currency="USD") == "USD 72.88"
    totals = {"requests.cpu": parse("11"), "requests.memory": parse("6400Mi"), "services.loadbalancers": parse("1")}
    assert amount_text("money", sheet().cost(totals)) == "291.42"


def test_units_and_periods():
    totals = {"requests.memory": parse("1Gi")}
    in_gb = SHEET.replace('"0.004237", unit: GiB', '"0.004237", unit: GB')
    assert sheet(in_gb).cost(totals) > sheet().cost(totals)
    monthly = SHEET.replace("per: hour", "per: month").replace("0.031611", "23.07603").replace("0.004237", "3.09301")
    assert sheet(monthly).cost(totals) == sheet().cost(totals)
    assert sheet(SHEET + "discount: 50%\n").cost(totals).nano * 2 == pytest.approx(sheet().cost(totals).nano, abs=2)


def test_storage_by_class_is_not_counted_twice():
    fast = SHEET + '  storage/fast: {price: "0.0005", unit: GiB}\n'
    totals = {"requests.storage": parse("3Gi"), "requests.storage/fast": parse("1Gi")}
    assert amount_text("money", sheet(fast).cost(totals)) == "0.45"  # two at 0.04 and one at 0.365


def test_what_has_no_price_is_named():
    assert sheet().unpriced({"requests.nvidia.com/gpu": parse("1"), "requests.ephemeral-storage": parse("1Gi")}) == (
        "nvidia.com/gpu",
    )


@pytest.mark.parametrize(
    "change",
    [
        ("per: hour\n", ""),
        ("unit: core", "unit: GiB"),
        (", unit: core", ""),
        ("currency: USD\n", ""),
        ("0.031611", "23.07"),
        ('"0.031611"', "0.031611"),
        ('"0.031611"', '"1e3"'),
        ("0.031611", "0.0000433"),
        ("  cpu:", "  cpus:"),
        ("asOf: 2026-10-01\n", ""),
    ],
)
def test_a_sheet_that_leaves_room_for_doubt_is_refused(change):
    with pytest.raises(AtmosError) as caught:
        sheet(SHEET.replace(*change))
    assert {each.code for each in caught.value.diagnostics} == {Code.PRICES_INVALID}
    assert all(each.where.path == PATH and each.where.line for each in caught.value.diagnostics)


def test_unusual_prices_can_be_meant():
    assert sheet(SHEET.replace("0.031611", "3.5") + "unusual: true\n")


def test_a_limit_on_money_needs_prices_in_its_currency():
    by = budget(limits={"money": {"limit": "100", "currency": "EUR"}})
    for prices in (None, sheet()):
        with pytest.raises(AtmosError) as caught:
            require_prices(by, prices, path="platform/budgets/dev.yaml", data=b"limits:\n  money: {limit: 100}\n")
        assert caught.value.diagnostics[0].code is Code.PRICES_INVALID
        assert caught.value.diagnostics[0].where.line == 2


def digest(**pod):
    template = {"containers": [container(**pod)]}
    return claim_digest(claim([workload(pod=template)]), environment="dev", cluster="c", team="shop", service="app")


def test_a_digest_is_of_what_is_asked_for_only():
    assert digest(image="a:1") == digest(image="a:2", env=[{"name": "X", "value": "y"}])
    assert digest(cpu="0.1") == digest(cpu="100m")
    assert digest(cpu="101m") != digest(cpu="100m")
    here = claim([workload()])
    there = {
        environment: claim_digest(here, environment=environment, cluster="c", team="shop", service="app")
        for environment in ("dev", "prod")
    }
    assert len(set(there.values())) == 2


def test_a_budget_is_the_same_with_other_comments():
    assert budget_digest(b"a: 1 # one\nb: 2\n") == budget_digest(b"b: 2\na: 1\n")
    assert budget_digest(b"a: 1\n") != budget_digest(b"a: 2\n")
