"""A label selector selects what the API server would select with it."""

import pytest

from atmos_cli.kube.selectors import SET_BY_CONTROLLERS, is_empty, selects

LABELS = {"app": "shop", "tier": "web"}


def row(key, operator, *values):
    return {"matchExpressions": [{"key": key, "operator": operator, "values": list(values)}]}


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        (None, False),
        ("app=shop", False),
        ({}, True),
        ({"matchLabels": {"app": "shop"}}, True),
        ({"matchLabels": {"app": "shop", "tier": "db"}}, False),
        (row("tier", "In", "web", "db"), True),
        (row("tier", "In", "db"), False),
        (row("other", "In", "db"), False),
        (row("tier", "NotIn", "db"), True),
        (row("tier", "NotIn", "web"), False),
        (row("other", "NotIn", "web"), True),
        (row("tier", "Exists"), True),
        (row("other", "Exists"), False),
        (row("tier", "DoesNotExist"), False),
        (row("other", "DoesNotExist"), True),
        (row("tier", "Near", "web"), True),
        ({"matchLabels": {"app": "shop"}, **row("tier", "In", "db")}, False),
        ({"matchLabels": ["app"], "matchExpressions": "tier"}, True),
    ],
)
def test_row_by_row(selector, selected):
    assert selects(selector, LABELS) is selected


def test_what_is_asked_of_an_open_key_may_yet_hold():
    later = {"matchLabels": {"app": "shop", "pod-template-hash": "x"}, **row("controller-uid", "Exists")}
    assert not selects(later, LABELS)
    assert selects(later, LABELS, open_keys=SET_BY_CONTROLLERS)


def test_an_empty_selector_asks_for_nothing():
    assert is_empty({}) is is_empty({"matchLabels": {}, "matchExpressions": []}) is True
    assert not is_empty(row("tier", "Exists"))
