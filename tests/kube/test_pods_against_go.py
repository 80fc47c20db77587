"""The API server's own defaulting and the scheduler's own PodRequests and PodLimits give the same resources."""

from __future__ import annotations

import random
from typing import Any

import pytest

from atmos_cli.kube.pods import Resources, pod_limits, pod_requests
from atmos_cli.kube.quantity import parse
from tests.lab.ask import ask

pytestmark = pytest.mark.lab

NAMES = ["cpu", "cpu", "memory", "memory", "ephemeral-storage", "hugepages-2Mi", "hugepages-1Gi", "example.com/gpu"]
AMOUNTS = [
    "0",
    "1",
    "100m",
    "0.1m",
    "1500u",
    "100.5m",
    "0.4m",
    "3.3m",
    "0.25",
    "2",
    "64Mi",
    "1Gi",
    "1.5Gi",
    "100M",
    "1e3",
    "128974848",
    "0.1Ki",
    1,
    2,
    0.5,
]


def pod(rng: random.Random) -> dict[str, Any]:
    spec: dict[str, Any] = {"containers": [container(rng, f"c{i}", 0) for i in range(rng.randint(1, 4))]}
    if rng.random() < 0.6:
        spec["initContainers"] = [container(rng, f"i{i}", 0.5) for i in range(rng.randint(1, 4))]
    if rng.random() < 0.4:
        spec["resources"] = resources(rng)
    if rng.random() < 0.3:
        spec["overhead"] = amounts(rng)
    return spec


def container(rng: random.Random, name: str, sidecar: float) -> dict[str, Any]:
    made = {"name": name, "image": "x"}
    if rng.random() < 0.9:
        made["resources"] = resources(rng)
    if rng.random() < sidecar:
        made["restartPolicy"] = "Always"
    return made


def resources(rng: random.Random) -> dict[str, Any]:
    return {kind: amounts(rng) for kind in ("requests", "limits") if rng.random() < 0.7}


def amounts(rng: random.Random) -> dict[str, Any]:
    return {rng.choice(NAMES): rng.choice(AMOUNTS) for _ in range(rng.randint(0, 4))}


@pytest.mark.parametrize(("op", "count"), [("podRequests", pod_requests), ("podLimits", pod_limits)])
def test_generated_pods(op: str, count: Any) -> None:
    rng = random.Random(11)
    specs = [pod(rng) for _ in range(3_000)]
    answers = ask("oracle", ({"op": op, "pod": {"spec": spec}} for spec in specs))
    partings = []
    for spec, answer in zip(specs, answers, strict=True):
        ours = count(spec)
        theirs = {name: parse(text) for name, text in answer.get("resources", {}).items()}
        if ours != theirs or "error" in answer:
            partings.append(f"{spec}\n  ours {shown(ours)}\n  Go   {answer}")
    assert not partings, f"{len(partings)} partings\n" + "\n".join(partings[:5])


def shown(resources: Resources) -> dict[str, str]:
    return {name: str(amount) for name, amount in resources.items()}
