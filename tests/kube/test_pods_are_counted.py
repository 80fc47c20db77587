"""A pod is counted as the scheduler and ResourceQuota count it; the vectors of budget.md, §2.3."""

from __future__ import annotations

from typing import Any

import pytest

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.kube.pods import missing_requests, pod_limits, pod_requests


def container(
    name: str = "app", *, sidecar: bool = False, limits: dict[str, Any] | None = None, **requests: Any
) -> dict[str, Any]:
    resources = {"requests": requests, **({"limits": limits} if limits else {})}
    return {"name": name, "resources": resources, **({"restartPolicy": "Always"} if sidecar else {})}


def texts(resources: dict[str, Any]) -> dict[str, str]:
    return {name: str(amount) for name, amount in resources.items()}


@pytest.mark.parametrize(
    ("spec", "requests"),
    [
        ({}, {}),
        ({"containers": [container(cpu="100m"), container("b", cpu="0.2", memory="1Gi")]}, {"cpu": "300m", "memory": "1Gi"}),
        ({"containers": [container(cpu="100m")], "initContainers": [container("i", cpu="1")]}, {"cpu": "1"}),
        ({"containers": [container(cpu="100m")], "initContainers": [container("s", sidecar=True, cpu="100m"), container("i", cpu="200m")]}, {"cpu": "300m"}),
        ({"containers": [container(cpu="100m")], "initContainers": [container("i", cpu="200m"), container("s", sidecar=True, cpu="100m")]}, {"cpu": "200m"}),
        (
            {
                "containers": [container(cpu="2m", memory="3Mi")],
                "initContainers": [container("s", sidecar=True, cpu="4m", memory="5Mi"), container("i", cpu="8m", memory="6Mi")],
            },
            {"cpu": "12m", "memory": "11Mi"},
        ),
        ({"containers": [container(limits={"cpu": "1", "memory": "1Gi"}, cpu="100m")]}, {"cpu": "100m", "memory": "1Gi"}),
        ({"containers": [container(cpu="0.1m"), container("b", cpu="100.5m")]}, {"cpu": "102m"}),
        ({"containers": [container(cpu=1, memory=None)]}, {"cpu": "1", "memory": "0"}),
        ({"containers": [container(cpu="2")], "resources": {"requests": {"cpu": "1", "example.com/gpu": "1"}}}, {"cpu": "1"}),
        ({"containers": [container(cpu="2")], "resources": {"limits": {"cpu": "4", "memory": "1Gi"}}}, {"cpu": "2", "memory": "1Gi"}),
        ({"containers": [container(cpu="2")], "overhead": {"cpu": "250m", "memory": "120Mi"}}, {"cpu": "2250m", "memory": "120Mi"}),
        ({"containers": [container(cpu="2")], "resources": {"requests": {"cpu": "1"}}, "overhead": {"cpu": "250m"}}, {"cpu": "1250m"}),
        ({"containers": [container(cpu="2")], "ephemeralContainers": [container("debug", cpu="9")]}, {"cpu": "2"}),
    ],
)  # fmt: skip
def test_requests(spec: dict[str, Any], requests: dict[str, str]) -> None:
    assert texts(pod_requests(spec)) == requests


def test_limits_take_overhead_only_where_there_is_a_limit() -> None:
    spec = {
        "containers": [container(limits={"cpu": "1", "memory": "0"}), container("b", cpu="1")],
        "overhead": {"cpu": "250m", "memory": "120Mi", "ephemeral-storage": "1Gi"},
    }
    assert texts(pod_limits(spec)) == {"cpu": "1250m", "memory": "0"}


@pytest.mark.parametrize(
    ("level", "limits"),
    [
        ({"requests": {"cpu": "4"}}, {"cpu": "4", "memory": "2Gi"}),
        ({"requests": {"cpu": "1"}}, {"cpu": "2", "memory": "2Gi"}),
        ({"requests": {"memory": "8Gi"}}, {"cpu": "2", "memory": "2Gi"}),
        ({"requests": {"cpu": "4"}, "limits": {"cpu": "5"}}, {"cpu": "5", "memory": "2Gi"}),
    ],
)
def test_what_the_pod_requests_raises_a_limit_that_all_its_containers_have(
    level: dict[str, Any], limits: dict[str, str]
) -> None:
    every = [container("a", limits={"cpu": "1", "memory": "2Gi"}), container("b", limits={"cpu": "1"})]
    assert texts(pod_limits({"containers": every, "resources": level})) == limits


def test_overhead_comes_from_the_runtime_class() -> None:
    spec = {"containers": [container(cpu="1")], "runtimeClassName": "kata"}
    assert texts(pod_requests(spec, overhead_classes={"kata": {"cpu": "250m"}})) == {"cpu": "1250m"}
    assert texts(pod_requests(spec, overhead_classes={"gvisor": {"cpu": "250m"}})) == {"cpu": "1"}


def test_who_asks_for_nothing() -> None:
    spec = {
        "initContainers": [container("migrate", cpu="1")],
        "containers": [
            container("app", limits={"memory": "1Gi"}),
            {"name": "side"},
            container("full", cpu="1", memory=0),
        ],
    }
    assert missing_requests(spec) == [("migrate", "memory"), ("app", "cpu"), ("side", "cpu"), ("side", "memory")]
    assert missing_requests({**spec, "resources": {"requests": {"cpu": "1"}, "limits": {"memory": "1Gi"}}}) == []


def test_every_bad_amount_is_told_with_its_place() -> None:
    spec = {
        "containers": [
            container("web", cpu="1,5", memory="512MB"),
            container("b", cpu="-1"),
            {"name": "c", "resources": {"limits": {"cpu": True}}},
        ],
        "initContainers": [container("i", cpu="x")],
        "resources": {"requests": {"cpu": "y"}},
        "overhead": {"cpu": []},
    }
    with pytest.raises(AtmosError) as caught:
        pod_requests(spec)
    found = caught.value.diagnostics
    assert {diagnostic.code for diagnostic in found} == {Code.QUANTITY_INVALID}
    assert [diagnostic.where.field for diagnostic in found if diagnostic.where] == [
        "containers[0].resources.requests.cpu", "containers[0].resources.requests.memory", "containers[1].resources.requests.cpu",
        "containers[2].resources.limits.cpu", "initContainers[0].resources.requests.cpu", "resources.requests.cpu", "overhead.cpu",
    ]  # fmt: skip
    assert "container `web`" in found[0].message
    assert all(diagnostic.hint for diagnostic in found)


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": {}}, {"containers": "x"}, {"containers": ["x"]}, {"containers": [{"resources": []}]}, {"containers": [{"resources": {"requests": ["cpu"]}}]},
        {"initContainers": 3}, {"resources": "x"}, {"overhead": "x"}, {"containers": [{"name": ["x"], "resources": {"limits": 1}}]},
    ],
)  # fmt: skip
def test_malformed_pods_are_told(spec: dict[str, Any]) -> None:
    for count in (pod_requests, pod_limits, missing_requests):
        with pytest.raises(AtmosError) as caught:
            count(spec)
        assert caught.value.diagnostics[0].code is Code.QUANTITY_INVALID


@pytest.mark.parametrize(
    "spec",
    [
        {"containers": None, "initContainers": None, "resources": None, "overhead": None},
        {"containers": [None, {"resources": None}, {"resources": {"requests": None}}]},
    ],
)
def test_null_is_nothing(spec: dict[str, Any]) -> None:
    assert pod_requests(spec) == pod_limits(spec) == {}
