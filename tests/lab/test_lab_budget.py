"""The real API server charges what atmos counts, lets a full budget roll out, and refuses what atmos refused."""

from __future__ import annotations

import random
from typing import Any

import pytest

from atmos_cli.budget.claim import claim
from atmos_cli.budget.evaluate import Sums, evaluate
from atmos_cli.kube.quantity import parse
from atmos_cli.layout.admission import Admission, admission_files
from atmos_cli.layout.skeleton import quota
from tests.budget.shapes import budget
from tests.lab.kube import ApiError, Kube, rolled_out
from tests.lab.processes import wait_until
from tests.lab.test_lab_control_plane import deployment, failure

pytestmark = pytest.mark.lab
PODS = 200


def resource_quota(namespace: str, hard: dict[str, str]) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "budget", "namespace": namespace},
        "spec": {"hard": hard},
    }


def used(kube: Kube, namespace: str) -> dict[str, Any]:
    return (kube.get("v1", "ResourceQuota", "budget", namespace).get("status") or {}).get("used") or {}


def a_pod(rng: random.Random, number: int, namespace: str) -> dict[str, Any]:
    def container(name: str, **more: Any) -> dict[str, Any]:
        amounts = {
            "cpu": rng.choice(["100m", "0.25", "1", "33.5m", "1e-1"]),
            "memory": rng.choice(["64Mi", "100M", "1.5Gi", "123456789"]),
        }
        where = rng.choice(["requests", "limits"])
        return {"name": name, "image": "registry.test/app:1", "resources": {where: amounts}, **more}

    init = [
        container(f"i{index}", **({"restartPolicy": "Always"} if rng.random() < 0.5 else {}))
        for index in range(rng.randrange(4))
    ]
    spec: dict[str, Any] = {
        "containers": [container(f"c{index}") for index in range(1 + rng.randrange(3))],
        "initContainers": init,
    }
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": f"pod-{number}", "namespace": namespace},
        "spec": spec,
    }


def test_a_quota_charges_what_a_claim_says(kube: Kube, namespace: str) -> None:
    rng = random.Random(200)
    names = ("requests.cpu", "requests.memory", "pods")
    kube.apply(resource_quota(namespace, dict.fromkeys(names, "100000Gi")))
    kube.wait("v1", "ResourceQuota", "budget", namespace, until=lambda found: "used" in (found.get("status") or {}))
    pods = [a_pod(rng, number, namespace) for number in range(PODS)]
    for pod in pods:
        kube.create(pod)
    total = claim(pods).total("steady")
    wait_until(lambda: str(used(kube, namespace).get("pods")) == str(PODS), "every pod is charged")
    charged = used(kube, namespace)
    assert {name: parse(charged[name]) for name in names} == {name: total[name] for name in names}


def test_a_full_budget_rolls_out_and_one_replica_more_is_refused(kube: Kube, namespace: str) -> None:
    full, more = deployment("web", namespace, replicas=4), deployment("web", namespace, replicas=5)
    needed = claim([full]).total("rollout")
    by = budget(limits={"requests.cpu": {"limit": str(needed["requests.cpu"])}, "pods": {"limit": str(needed["pods"])}})
    kube.apply(resource_quota(namespace, quota(by, team="shop")))
    kube.wait("v1", "ResourceQuota", "budget", namespace, until=lambda found: "used" in (found.get("status") or {}))
    assert {row.outcome for row in evaluate(by, before=Sums(), after=Sums(needed))} == {"warning"}
    kube.apply(full)
    kube.wait("apps/v1", "Deployment", "web", namespace, until=rolled_out)
    full["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.test/app:2"
    kube.apply(full)
    kube.wait("apps/v1", "Deployment", "web", namespace, until=rolled_out)
    over = evaluate(by, before=Sums(needed), after=Sums(claim([more]).total("rollout")))
    assert "over" in {row.outcome for row in over}
    more["spec"]["strategy"] = {"rollingUpdate": {"maxUnavailable": 0, "maxSurge": 2}}
    more["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.test/app:3"
    kube.apply(more)
    refused = kube.wait("apps/v1", "Deployment", "web", namespace, until=failure)
    assert "exceeded quota: budget" in failure(refused)


def test_the_admission_policy_refuses_what_is_too_much(kube: Kube, namespace: str) -> None:
    team, _, environment = namespace.rpartition("-")
    files = admission_files("lab", {environment: Admission(3, "2", "1Gi")}, teams=[team])
    objects = [each for documents in files.values() for each in documents if each["kind"] != "Kustomization"]
    kube.apply(*objects)

    def refusal(replicas: int, cpu: str) -> str:
        found = deployment("web", namespace, replicas=replicas)
        pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "one", "namespace": namespace}}
        pod["spec"] = found["spec"]["template"]["spec"]
        pod["spec"]["containers"][0]["resources"]["requests"]["cpu"] = cpu
        try:
            kube.create(found, dryRun="All")
            kube.create(pod, dryRun="All")
        except ApiError as error:
            return str(error)
        return ""

    try:
        assert "replicas 4 is above the budget of 3" in str(
            wait_until(lambda: refusal(4, "1") or None, "the policy is in force")
        )
        assert "more cpu than the budget gives" in str(
            wait_until(lambda: refusal(3, "2100m") or None, "the policy is in force")
        )
        assert refusal(3, "2") == ""
        scaler = {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web", "namespace": namespace},
            "spec": {
                "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"},
                "maxReplicas": 9,
            },
        }
        with pytest.raises(ApiError, match="maxReplicas 9 is above the budget of 3"):
            kube.create(scaler, dryRun="All")
    finally:
        for each in objects:
            kube.delete(
                each["apiVersion"], each["kind"], each["metadata"]["name"], each["metadata"].get("namespace", "")
            )
