"""A selector that matches nothing is found, one that may match elsewhere is not."""

from __future__ import annotations

import pytest
from shop import found, good, put, said

from atmos_cli.diagnostics import Severity

LABEL = "app.kubernetes.io/name"


def test_a_deployment_selects_its_own_pods() -> None:
    resources = good()
    resources["Deployment"]["spec"]["selector"]["matchLabels"]["tier"] = "web"
    assert said(resources) == {("SELECTOR_MISMATCH", "spec.selector.matchLabels.tier")}


def test_an_empty_selector_of_a_workload_is_refused() -> None:
    resources = good()
    resources["Deployment"]["spec"]["selector"] = {}
    assert said(resources) == {("SELECTOR_MISMATCH", "spec.selector")}


def test_expressions_count() -> None:
    resources = good()
    rule = {"key": "tier", "operator": "In", "values": ["web"]}
    resources["Deployment"]["spec"]["selector"]["matchExpressions"] = [rule]
    assert said(resources) == {("SELECTOR_MISMATCH", "spec.selector.matchExpressions")}
    resources["Deployment"]["spec"]["template"]["metadata"]["labels"]["tier"] = "web"
    assert said(resources) == set()


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("Service", ("spec", "selector")),
        ("PodDisruptionBudget", ("spec", "selector", "matchLabels")),
        ("ServiceMonitor", ("spec", "selector", "matchLabels")),
    ],
)
def test_a_selector_of_nothing_is_found(kind: str, path: tuple[str, ...]) -> None:
    resources = good()
    put(resources[kind], path, {LABEL: "orders-web"})
    [one] = [finding for finding in found(resources) if finding.code.name == "SELECTOR_MISMATCH"]
    assert one.severity is Severity.ERROR
    assert "orders-web" in one.message


def test_the_hint_names_the_label_that_differs() -> None:
    resources = good()
    resources["Service"]["spec"]["selector"] = {LABEL: "orders", "tier": "web"}
    [one] = found(resources)
    assert one.hint == 'Deployment/orders: "tier" is missing there'


def test_a_budget_without_a_selector_protects_nothing() -> None:
    resources = good()
    del resources["PodDisruptionBudget"]["spec"]["selector"]
    assert said(resources) == {("SELECTOR_MISMATCH", "spec.selector")}


def test_a_monitor_scrapes_a_port_that_exists() -> None:
    resources = good()
    resources["ServiceMonitor"]["spec"]["endpoints"][0]["port"] = "metrics"
    assert said(resources) == {("SELECTOR_MISMATCH", "spec.endpoints[0].port")}


def test_a_policy_about_other_pods_is_only_mentioned() -> None:
    resources = good()
    resources["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"] = {LABEL: "payments"}
    [one] = found(resources)
    assert (one.code.name, one.severity) == ("SELECTOR_MISMATCH", Severity.INFO)


@pytest.mark.parametrize(
    "selector",
    [
        {"cnpg.io/cluster": "orders-db"},
        {"statefulset.kubernetes.io/pod-name": "orders-0", LABEL: "orders"},
        {},
        None,
    ],
)
def test_labels_that_others_set_are_left_alone(selector: dict[str, str] | None) -> None:
    resources = good()
    resources["Service"]["spec"]["selector"] = selector
    assert not [one for one in found(resources) if one.code.name == "SELECTOR_MISMATCH"]
