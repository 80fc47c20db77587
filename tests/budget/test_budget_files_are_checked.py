"""A budget that cannot be read is never "unlimited": it is an error with a place."""

from __future__ import annotations

import pytest

from atmos_cli.budget.model import read_budget
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.layout.skeleton import default_budget, quota
from atmos_cli.yamlio.emit import emit

GOOD = """\
version: 1
environment: staging
count: peak
limits:
  requests.cpu: {limit: 4, warn: 70%, ceiling: 8}
  requests.memory: {limit: 16Gi}
teams:
  shop:
    pods: {limit: 12}
"""


def problems(text, environment="staging"):
    with pytest.raises(AtmosError) as raised:
        read_budget(text.encode() if text is not None else None, environment=environment)
    return raised.value.diagnostics


def test_good():
    found = read_budget(GOOD.encode(), environment="staging")
    assert str(found.limits["requests.cpu"].amount) == "4"
    assert str(found.limits["requests.cpu"].top) == "8"
    assert found.limits["requests.memory"].warn == "80%"
    assert (found.count, str(found.teams["shop"]["pods"].amount)) == ("peak", "12")


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "said"),
    [
        ("requests.memory", "memory", 6, 3, "memory"),
        ("requests.memory", "request.memory", 6, 3, "request.memory"),
        ("limit: 16Gi", "limit: -1Gi", 6, 21, "`-1Gi` is negative; a budget is zero or more"),
        ("limit: 16Gi", "limit: 16 GB", 6, 21, "`16 GB` is not a quantity"),
        ("limit: 16Gi", "limit: 1e99999", 6, 21, "not a quantity"),
        ("limit: 16Gi", "limit: '1e99999'", 6, 21, "not a quantity"),
        ("limit: 16Gi", "limit: true", 6, 21, "must be a quantity"),
        ("limit: 16Gi", "limit: [1]", 6, 21, "must be a quantity"),
        ("limit: 16Gi", "limits: 16Gi", 6, 21, "unknown field"),
        ("limit: 16Gi", "warn: 5%", 6, 3, "is required"),
        ("warn: 70%", "warn: 170%", 5, 28, "warn"),
        ("warn: 70%", "warn: 70", 5, 28, "warn"),
        ("ceiling: 8", "ceiling: 2", 5, 3, "`ceiling` (2) must not be below `limit` (4)"),
        ("count: peak", "count: most", 3, 1, "count"),
        ("version: 1", "version: 2", 1, 1, "version"),
        ("pods: {limit: 12}", "pods: 12", 9, 5, "pods"),
        ("version: 1", "verison: 1", 1, 1, "verison"),
        (
            "limits:\n  requests.cpu: {limit: 4, warn: 70%, ceiling: 8}\n  requests.memory: {limit: 16Gi}",
            "limits: {}",
            4,
            1,
            "limits",
        ),
    ],
)
def test_what_is_wrong_has_a_place(old, new, line, column, said):
    assert old in GOOD
    found = problems(GOOD.replace(old, new))
    assert all(d.code is Code.BUDGET_INVALID for d in found)
    mine = [d for d in found if said in d.message]
    assert mine, found
    assert (mine[0].where.path, mine[0].where.line, mine[0].where.column) == (
        "platform/budgets/staging.yaml",
        line,
        column,
    )


@pytest.mark.parametrize("text", ["", "[]", "just text", "5", "null"])
def test_no_mapping_at_all(text):
    (found,) = problems(text)
    assert found.code is Code.BUDGET_INVALID
    assert found.where.line == 1


def test_a_missing_file_is_not_unlimited():
    (found,) = problems(None, "prod")
    assert found.code is Code.BUDGET_MISSING
    assert found.message == "there is no budget for the environment 'prod' (`platform/budgets/prod.yaml`)"
    assert "atmos budget init" in found.hint


def test_the_name_and_the_content_agree():
    (found,) = problems(GOOD, "prod")
    assert found.message == "`platform/budgets/prod.yaml` says `environment: staging`, but its name says 'prod'"
    assert (found.where.line, found.where.field) == (2, "environment")


def test_all_problems_at_once():
    assert len(problems("version: 2\nenvironment: staging\nlimits: {a: {limit: 1}, pods: {limit: x}}\nmore: 1\n")) == 4


@pytest.mark.parametrize("production", [False, True])
def test_the_default_reads_back(production):
    wanted = default_budget("dev", production=production)
    text = emit(wanted.model_dump(by_alias=True, exclude_none=True, mode="json"))
    assert read_budget(text.encode(), environment="dev") == wanted


def test_the_quota_is_the_budget():
    found = quota(
        read_budget(GOOD.replace("count: peak", "count: rollout").encode(), environment="staging"), team="shop"
    )
    assert found == {
        "services.loadbalancers": "0", "services.nodeports": "0",
        "requests.cpu": "4", "requests.memory": "16Gi", "pods": "12",
    }  # fmt: skip


def test_a_quota_never_asks_for_cpu_limits():
    """Kubernetes would refuse every pod without one, and blueprints set none."""
    found = quota(
        read_budget(GOOD.replace("requests.memory", "limits.cpu").replace("16Gi", "8").encode(), environment="staging"),
        team="x",
    )
    assert "limits.cpu" not in found
