from __future__ import annotations

from typing import Any

import pytest

from tests.lab.components import KUBERNETES
from tests.lab.kube import ApiError, Kube, condition, rolled_out
from tests.lab.processes import wait_until

pytestmark = pytest.mark.lab

RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}


def deployment(name: str, namespace: str, *, image: str = "registry.test/app:1", replicas: int = 2) -> dict[str, Any]:
    labels = {"app.kubernetes.io/name": name}
    container = {"name": "app", "image": image, "resources": {"requests": {"cpu": "1"}}}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {
            "replicas": replicas,
            "progressDeadlineSeconds": 600,
            "selector": {"matchLabels": labels},
            "template": {"metadata": {"labels": labels}, "spec": {"containers": [container]}},
        },
    }


def failure(workload: dict[str, Any]) -> str:
    conditions = (workload.get("status") or {}).get("conditions") or []
    return next((item["message"] for item in conditions if item["type"] == "ReplicaFailure"), "")


def test_pods_of_a_deployment_become_ready(kube: Kube, namespace: str) -> None:
    kube.apply(deployment("web", namespace))
    kube.wait("apps/v1", "Deployment", "web", namespace, until=rolled_out)
    pods = kube.list("v1", "Pod", namespace)
    assert len(pods) == 2
    assert all(condition(pod, "Ready") == "True" for pod in pods)


@pytest.mark.parametrize(
    ("tag", "reason"), [("broken-imagepull", "ImagePullBackOff"), ("broken-crashloop", "CrashLoopBackOff")]
)
def test_an_image_tag_makes_pods_fail(kube: Kube, namespace: str, tag: str, reason: str) -> None:
    kube.apply(deployment("web", namespace, image=f"registry.test/app:{tag}", replicas=1))
    pods = wait_until(lambda: kube.list("v1", "Pod", namespace) or None, "a pod")
    pod = kube.wait("v1", "Pod", pods[0]["metadata"]["name"], namespace, until=lambda found: "podIP" in found["status"])
    assert pod["status"]["containerStatuses"][0]["state"]["waiting"]["reason"] == reason
    assert condition(pod, "Ready") == "False"


def test_the_quota_refuses_the_pod_that_is_too_much(kube: Kube, namespace: str) -> None:
    quota = {"hard": {"requests.cpu": "2"}}
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "budget", "namespace": namespace},
            "spec": quota,
        }
    )
    kube.wait("v1", "ResourceQuota", "budget", namespace, until=lambda found: "used" in (found.get("status") or {}))
    kube.apply(deployment("web", namespace, replicas=3))
    refused = kube.wait("apps/v1", "Deployment", "web", namespace, until=failure)
    assert "exceeded quota: budget, requested: requests.cpu=1, used: requests.cpu=2" in failure(refused)


def test_restricted_pod_security_refuses_a_careless_pod(kube: Kube, namespace: str) -> None:
    kube.namespace(namespace, RESTRICTED)
    kube.apply(deployment("web", namespace))
    refused = kube.wait("apps/v1", "Deployment", "web", namespace, until=failure)
    assert 'violates PodSecurity "restricted:latest"' in failure(refused)


def test_the_oracle_knows_yes_from_no(oracle: Any, namespace: str) -> None:
    good = deployment("web", namespace)
    assert oracle.ask(good).accepted
    bad = deployment("web", namespace)
    bad["spec"]["replica"] = 1
    assert oracle.create(bad).message.endswith('strict decoding error: unknown field "spec.replica"')
    assert ".spec.replica: field not declared in schema" in oracle.apply(bad).message
    bad = deployment("web", namespace)
    bad["spec"]["selector"]["matchLabels"] = {"other": "label"}
    verdict = oracle.ask(bad)
    assert (verdict.code, verdict.accepted) == (422, False)
    assert [field for field, _ in verdict.causes] == ["spec.template.metadata.labels"]


def test_the_oracle_keeps_nothing(oracle: Any, kube: Kube, namespace: str) -> None:
    oracle.ask(deployment("web", namespace))
    assert kube.find("apps/v1", "Deployment", "web", namespace) is None


def test_the_oracle_admits_pods_as_the_namespace_says(oracle: Any, kube: Kube, namespace: str) -> None:
    template = deployment("web", namespace)["spec"]["template"]
    assert oracle.ask_pod(template, namespace).accepted
    kube.namespace(namespace, RESTRICTED)
    assert 'violates PodSecurity "restricted:latest"' in oracle.ask_pod(template, namespace).message


@pytest.mark.parametrize("version", sorted(KUBERNETES))
def test_each_kubernetes_version_gives_a_verdict(oracle_for: Any, version: str) -> None:
    oracle = oracle_for(version)
    assert oracle.kube.request("GET", "/version")["gitVersion"].startswith(f"v{version}.")
    good = deployment("web", "default")
    assert oracle.ask(good).accepted
    bad = {**good, "spec": {**good["spec"], "replica": 1}}
    assert not oracle.create(bad).accepted
    assert not oracle.apply(bad).accepted


def test_a_wiped_cluster_comes_back_empty(new_control_plane: Any) -> None:
    plane = new_control_plane("wiped")
    plane.kube.namespace("before")
    plane.wipe()
    assert plane.kube.find("v1", "Namespace", "before") is None
    plane.kube.namespace("after")
    plane.kube.apply(deployment("web", "after"))
    plane.kube.wait("apps/v1", "Deployment", "web", "after", until=rolled_out)
    plane.end()


def test_a_volume_claim_is_bound(control_plane: Any, namespace: str) -> None:
    control_plane.add_volumes(1, "5Gi")
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "5Gi"}}}
    metadata = {"name": "data", "namespace": namespace}
    control_plane.kube.apply({"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": spec})
    control_plane.kube.wait(
        "v1", "PersistentVolumeClaim", "data", namespace, until=lambda claim: claim["status"].get("phase") == "Bound"
    )


def test_an_error_is_the_servers_own(kube: Kube) -> None:
    with pytest.raises(ApiError, match='namespaces "nowhere" not found') as caught:
        kube.get("v1", "Namespace", "nowhere")
    assert (caught.value.code, caught.value.reason) == (404, "NotFound")
