"""Live objects prove a commit without any engine's word, and what differs is named field by field."""

import pytest

from atmos_cli.verify.delivery.applied import applied
from tests.verify.snapshots import obj, snapshot


def pods(**container):
    spec = {"template": {"spec": {"containers": [{"name": "web", "image": "x:1", **container}]}}}
    return obj("apps/v1", "Deployment", "web", spec)


def drift(wanted, live, **more):
    live = live if isinstance(live, list) else [live]
    found = applied(snapshot(wanted=[wanted], objects=live, **more))
    return [(".".join(map(str, item.path)), item.wanted, item.live) for item in found]


@pytest.mark.parametrize(
    ("wanted", "live"),
    [
        ({"resources": {"limits": {"cpu": 0.5, "memory": "1024Mi"}}}, {"resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}}),
        ({"resources": {"limits": {"cpu": 1}}}, {"resources": {"limits": {"cpu": "1"}}}),
        ({"ports": [{"containerPort": 80}]}, {"ports": [{"containerPort": 80, "protocol": "TCP"}]}),
        ({"env": [{"name": "A", "value": ""}]}, {"env": [{"name": "A"}]}),
        ({"env": [{"name": "A", "value": "1"}]}, {"env": [{"name": "Z", "value": "0"}, {"name": "A", "value": "1"}]}),
        ({"securityContext": {}}, {}),
        ({"securityContext": None}, {"securityContext": {"runAsUser": 1}}),
        ({"livenessProbe": {"httpGet": {"port": 80}}}, {"livenessProbe": {"httpGet": {"port": 80, "scheme": "HTTP"}, "periodSeconds": 10}}),
        ({}, {"imagePullPolicy": "IfNotPresent", "terminationMessagePath": "/dev/termination-log"}),
    ],
)  # fmt: skip
def test_what_the_api_server_fills_in_or_writes_otherwise_is_no_drift(wanted, live):
    assert drift(pods(**wanted), pods(**live)) == []


@pytest.mark.parametrize(
    ("wanted", "live", "path"),
    [
        ({"image": "x:2"}, {}, "image"),
        ({"resources": {"limits": {"cpu": "1"}}}, {"resources": {"limits": {"cpu": "1m"}}}, "resources.limits.cpu"),
        ({"env": [{"name": "A", "value": "1"}]}, {"env": [{"name": "A", "value": "1.0"}]}, "env.0.value"),
        ({"env": [{"name": "A", "value": "1h"}]}, {"env": [{"name": "A", "value": "60m"}]}, "env.0.value"),
        ({"env": [{"name": "A", "value": "1"}]}, {"env": [{"name": "B", "value": "1"}]}, "env.0"),
        ({"ports": [{"containerPort": 80}]}, {"ports": [{"containerPort": 80, "protocol": "UDP"}]}, "ports.0"),
        ({"args": ["a", "b"]}, {"args": ["a"]}, "args"),
        ({"stdin": True}, {}, "stdin"),
        ({"imagePulPolicy": "Always"}, {}, "imagePulPolicy"),
    ],
)
def test_what_differs_is_named(wanted, live, path):
    found = drift(pods(**wanted), pods(**live))
    assert [name for name, *_ in found] == [f"spec.template.spec.containers.0.{path}"]


def test_an_object_that_does_not_exist_is_named_whole():
    assert drift(pods(), []) == [("", "an object", None)]
    assert str(applied(snapshot(wanted=[pods()]))[0]) == "Deployment/web does not exist"


def test_a_namespace_that_is_only_the_destinations_is_found():
    wanted = pods()
    del wanted["metadata"]["namespace"]
    assert drift(wanted, pods()) == []


def test_a_newer_version_of_the_same_kind_is_the_same_object():
    wanted, live = (
        obj("autoscaling/v1", "HorizontalPodAutoscaler", "x"),
        obj("autoscaling/v2", "HorizontalPodAutoscaler", "x"),
    )
    assert drift(wanted, live) == []


def scaled(count):
    return obj("apps/v1", "Deployment", "web", {"replicas": count})


def test_replicas_that_an_autoscaler_owns_are_its_own():
    assert drift(scaled(2), scaled(5)) == [("spec.replicas", 2, 5)]
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    scaler = obj("autoscaling/v2", "HorizontalPodAutoscaler", "web", {"scaleTargetRef": target})
    assert drift(scaled(2), [scaled(5), scaler]) == []
    keda = obj("keda.sh/v1alpha1", "ScaledObject", "web", {"scaleTargetRef": {"name": "web"}})
    assert drift(scaled(2), [scaled(5), keda]) == []


def test_what_the_application_is_told_to_ignore_is_ignored():
    app = obj("argoproj.io/v1alpha1", "Application", "web", {})
    rule = {"group": "apps", "kind": "Deployment", "jsonPointers": ["/spec/replicas"]}
    app["spec"]["ignoreDifferences"] = [rule]
    assert applied(snapshot(app, wanted=[scaled(2)], objects=[scaled(5)])) == ()
    rule["name"] = "other"
    assert len(applied(snapshot(app, wanted=[scaled(2)], objects=[scaled(5)]))) == 1


def test_values_of_secrets_are_never_shown():
    wanted, live = obj("v1", "Secret", "s"), obj("v1", "Secret", "s")
    wanted |= {"data": {"k": "c2VjcmV0"}, "stringData": {"new": "hunter2"}}
    live |= {"data": {"k": "b3RoZXI="}}
    found = applied(snapshot(wanted=[wanted], objects=[live]))
    assert [item.path for item in found] == [("data", "k"), ("stringData", "new")]
    assert {item.wanted for item in found} == {"***"}
    assert "c2VjcmV0" not in repr(found)
    assert "hunter2" not in repr(found)


def test_hooks_and_objects_that_flux_leaves_alone_are_not_compared():
    hook = obj("batch/v1", "Job", "migrate", annotations={"argocd.argoproj.io/hook": "PreSync"})
    alone = obj("v1", "ConfigMap", "x", annotations={"kustomize.toolkit.fluxcd.io/ssa": "IfNotPresent"})
    brief = obj("batch/v1", "Job", "once", {"ttlSecondsAfterFinished": 60})
    assert applied(snapshot(wanted=[hook, alone, brief])) == ()


def test_custom_resources_are_compared_with_their_own_spellings():
    wanted = obj("cert-manager.io/v1", "Certificate", "c", {"duration": "2160h", "dnsNames": ["a", "b"]})
    live = obj("cert-manager.io/v1", "Certificate", "c", {"duration": "2160h0m0s", "dnsNames": ["a", "b"]})
    assert drift(wanted, live) == []
    live["spec"]["dnsNames"] = ["b", "a"]
    assert [name for name, *_ in drift(wanted, live)] == ["spec.dnsNames.0", "spec.dnsNames.1"]


def test_a_list_of_thousands_of_differences_is_cut():
    wanted = obj("v1", "ConfigMap", "x") | {"data": {str(i): "a" for i in range(1000)}}
    assert len(drift(wanted, obj("v1", "ConfigMap", "x") | {"data": {"0": "b"}})) == 200
