"""An autoscaler has a target, something to measure, and the last word on replicas."""

from __future__ import annotations

from shop import CONTAINER, good, put, said


def test_the_target_exists() -> None:
    resources = good()
    resources["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] = "order"
    assert said(resources) == {("REFERENCE_MISSING", "spec.scaleTargetRef.name")}


def test_every_container_requests_what_is_measured() -> None:
    resources = good()
    put(resources["Deployment"], (*CONTAINER, "resources", "requests", "cpu"), ...)
    assert said(resources) == {("REQUEST_MISSING", "spec.template.spec.containers[0].resources.requests.cpu")}


def test_a_limit_is_a_request_too() -> None:
    resources = good()
    put(resources["Deployment"], (*CONTAINER, "resources"), {"limits": {"cpu": "1", "memory": "1Gi"}})
    assert said(resources) == set()


def test_git_does_not_scale_as_well() -> None:
    resources = good()
    resources["Deployment"]["spec"]["replicas"] = 2
    assert said(resources) == {("REPLICAS_CONTESTED", "spec.replicas")}


def test_without_an_autoscaler_replicas_are_fine() -> None:
    resources = good()
    del resources["HorizontalPodAutoscaler"]
    resources["Deployment"]["spec"]["replicas"] = 2
    assert said(resources) == set()


def test_metrics_that_are_no_share_need_no_request() -> None:
    resources = good()
    put(resources["Deployment"], (*CONTAINER, "resources"), {})
    target = {"type": "AverageValue", "averageValue": "200m"}
    resources["HorizontalPodAutoscaler"]["spec"]["metrics"][0]["resource"]["target"] = target
    assert said(resources) == set()
