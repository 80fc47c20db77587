"""What atmos says that one pod asks for is what a real ResourceQuota charges for it, for pods of every shape."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from atmos_cli.kube.pods import missing_requests, pod_limits, pod_requests
from atmos_cli.kube.quantity import parse
from tests.lab.kube import ApiError
from tests.lab.proofs.support import QUOTA, few, is_counted

if TYPE_CHECKING:
    from collections.abc import Callable

    from atmos_cli.kube.quantity import Quantity
    from tests.lab.kube import Kube, Object

pytestmark = pytest.mark.lab

HOW_MANY = 60
GADGET = "example.com/gadget"
REQUESTS = ("cpu", "memory", "ephemeral-storage", GADGET)
LIMITS = ("cpu", "memory", "ephemeral-storage")
# Amounts in pairs of a request and a limit that allows it.
AMOUNTS = {
    "cpu": (("1m", "1m"), ("0.1", "250m"), ("100m", "1"), ("0.0005", "1.5"), ("1.0005", "2"), ("1e-2", "0.5")),
    "memory": (("64Mi", "64Mi"), ("300M", "0.5Gi"), ("1e6", "1Gi"), ("128974848", "1.5G"), ("1", "1Mi")),
    "ephemeral-storage": (("1Gi", "2Gi"), ("0.1Gi", "1G")),
    GADGET: (("1", "1"), ("3", "3")),
}
OVERHEAD = {"cpu": "120m", "memory": "33M"}
CLASS = "lab-heavy"


def resources(rng: random.Random, *, complete: bool) -> Object:
    """Requests, limits or both of each resource; with `complete` always cpu and memory, and a limit where they count."""
    found: Object = {"requests": {}, "limits": {}}
    for name, pairs in AMOUNTS.items():
        request, limit = rng.choice(pairs)
        always = name in ("cpu", "memory")
        if not always and rng.random() < 0.7:
            continue
        shape = "both" if name == GADGET else rng.choice(("both", "limit", "limit" if complete else "request"))
        if always and not complete and rng.random() < 0.03:
            continue
        if shape != "limit":
            found["requests"][name] = request
        if shape != "request":
            found["limits"][name] = limit
    return found


def pod(rng: random.Random, *, complete: bool) -> Object:
    containers = [container(f"c{n}", rng, complete=complete) for n in range(rng.randint(1, 3))]
    first = [container(f"i{n}", rng, complete=complete) for n in range(rng.choice((0, 0, 1, 2, 3)))]
    for each in first:
        if rng.random() < 0.5:
            each["restartPolicy"] = "Always"
    spec: Object = {"containers": containers, "initContainers": first, "automountServiceAccountToken": False}
    if rng.random() < 0.2:
        spec["runtimeClassName"] = CLASS
    if rng.random() < 0.2:
        spec["resources"] = rng.choice(
            (
                {"requests": {"cpu": "20", "memory": "20Gi"}},
                {"limits": {"cpu": "30", "memory": "30Gi"}},
                {"requests": {"cpu": "12.5"}, "limits": {"cpu": "30", "memory": "30Gi"}},
            )
        )
    return spec


def container(name: str, rng: random.Random, *, complete: bool) -> Object:
    return {"name": name, "image": "registry.test/app:1", "resources": resources(rng, complete=complete)}


@pytest.mark.parametrize("kind", ["requests", "limits"])
def test_a_pod_is_charged_what_atmos_says(
    kube: Kube, namespace: str, kind: str, record_property: Callable[[str, int], None]
) -> None:
    """A quota on limits wants a limit of every container, so its pods are of another kind."""
    prepare(kube, namespace, kind)
    rng = random.Random(f"charged {kind}")
    wrong, refused, before = [], 0, used(kube, namespace)
    for number in range(HOW_MANY):
        spec = pod(rng, complete=kind == "limits")
        expected = says(spec, kind)
        try:
            kube.create({"apiVersion": "v1", "kind": "Pod", "metadata": meta(f"p{number}", namespace), "spec": spec})
        except ApiError as error:
            refused += 1
            if not missing_requests(spec) or "must specify" not in error.message:
                wrong.append(f"{spec}: {error}")
            continue
        after = used(kube, namespace)
        charged = {name: after[name] - before[name] for name in after}
        if charged != expected:
            wrong.append(f"{spec}:\n  atmos {shown(expected)}\n  quota {shown(charged)}")
        before = after
    record_property("cases", HOW_MANY)
    assert not wrong, few(wrong, 3)
    assert refused < HOW_MANY / 3


def prepare(kube: Kube, namespace: str, kind: str) -> None:
    runtime = {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": {"name": CLASS}}
    kube.apply({**runtime, "handler": "heavy", "overhead": {"podFixed": OVERHEAD}})
    hard = {**{f"{kind}.{name}": "1000G" for name in (REQUESTS if kind == "requests" else LIMITS)}, "pods": "1k"}
    kube.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": meta(QUOTA, namespace),
            "spec": {"hard": hard},
        }
    )
    kube.wait("v1", "ResourceQuota", QUOTA, namespace, until=is_counted)


def says(spec: Object, kind: str) -> dict[str, Quantity]:
    count = pod_requests if kind == "requests" else pod_limits
    amounts = count(spec, overhead_classes={CLASS: OVERHEAD})
    names = REQUESTS if kind == "requests" else LIMITS
    return {**{f"{kind}.{name}": amounts.get(name, parse("0")) for name in names}, "pods": parse("1")}


def used(kube: Kube, namespace: str) -> dict[str, Quantity]:
    found = kube.get("v1", "ResourceQuota", QUOTA, namespace)["status"]["used"]
    return {name: parse(text) for name, text in found.items()}


def meta(name: str, namespace: str) -> Object:
    return {"name": name, "namespace": namespace}


def shown(amounts: dict[str, Quantity]) -> dict[str, str]:
    return {name: str(amount) for name, amount in amounts.items()}
