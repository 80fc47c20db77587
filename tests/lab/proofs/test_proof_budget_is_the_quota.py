"""atmos says that a service fits exactly when the cluster admits all pods of its rollout under the generated quota."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from atmos_cli.diagnostics import Code
from atmos_cli.kube.quantity import parse
from tests.lab.kube import ApiError, rolled_out
from tests.lab.processes import wait_until
from tests.lab.proofs.budget_support import DIMENSIONS, Tried, claimed, one_less, texts, tried
from tests.lab.proofs.golden import ADDONS, service
from tests.lab.proofs.support import QUOTA, few, install_operators, of_kind, settle

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atmos_cli.kube.quantity import Quantity
    from atmos_cli.spec.model import ServiceSpec
    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Kube, Object

pytestmark = pytest.mark.lab

SECRETS = {"secrets": {"store": "vault"}}
THROW_AWAY = {**SECRETS, "postgres": {"mode": "ephemeral"}}
VOLUME = {"files": {"path": "/files", "size": "1.5Gi", "kind": "persistent"}}
EXACT = {"cpu": "0.1", "memory": "300M", "memoryLimit": "0.5Gi"}

# (spec, what the environment says): surges of 1, 2 and none, odd amounts, other workloads, volumes, an autoscaler.
SCENARIOS: dict[str, tuple[ServiceSpec, dict[str, Any]]] = {
    "surge": (service(replicas=2), {}),
    "big": (service(language="java", size="xl", replicas=5), {}),
    "odd": (service(language="go", size=EXACT, replicas=3), {}),
    "volume": (service(language="python", replicas=1, volumes=VOLUME), {}),
    "all": (service(addons={name: {} for name in ADDONS}, scaling={"min": 3, "max": 3}), THROW_AWAY),
    "operator": (service(language="rust", replicas=1, addons={"postgres": {"instances": 2, "storage": "3Gi"}}), {}),
}


@dataclass
class Try:
    """One namespace of the experiment: its limits, what atmos said, and what the cluster then said."""

    title: str
    namespace: str
    tried: Tried
    refused: list[str] = field(default_factory=list)


def attempts(name: str) -> Iterator[tuple[str, ServiceSpec, dict[str, str]]]:
    """(title, spec, limits): the exact claim; then a step less of each thing that is asked for; then a replica more."""
    spec, settings = SCENARIOS[name]
    claim = claimed(spec, settings)
    yield "exact", spec, texts(claim)
    for dimension in DIMENSIONS:
        if claim[dimension] > parse("0"):
            yield dimension, spec, one_less(claim, dimension)
    if spec.scaling:
        more = spec.model_copy(update={"scaling": spec.scaling.model_copy(update={"min": 4, "max": 4})})
    else:
        more = spec.model_copy(update={"replicas": (spec.replicas or 1) + 1})
    if not spec.volumes:  # where a volume allows one replica only, the blueprint refuses another
        yield "replica", more, texts(claim)


@pytest.mark.parametrize("name", SCENARIOS)
def test_atmos_and_the_quota_agree(
    control_plane: ControlPlane, name: str, record_property: Callable[[str, Any], None]
) -> None:
    kube = control_plane.kube
    spec, settings = SCENARIOS[name]
    claim = claimed(spec, settings)
    tries = []
    for title, wanted, limits in attempts(name):
        team = f"{name}-{title.replace('.', '-')}"
        attempt = tried(team, wanted, settings, limits)
        install_operators(kube, attempt.objects)
        namespace = settle(kube, attempt.home, controllers=True)
        tries.append(Try(title, namespace, attempt))
    control_plane.add_volumes(len(of_kind(tries[0].tried.objects, "PersistentVolumeClaim")), "2Gi")
    for each in tries:
        deploy(kube, each)
    for each in tries:
        roll_out_without_end(kube, each)
    fits, rest = tries[0], tries[1:]
    assert fits.tried.codes == (), "atmos refuses what it says is asked for"
    wait_until(lambda: used(kube, fits.namespace) == claim, f"{name}: {texts(claim)} to be used", seconds=90)
    assert refusals_in(kube, fits) == []
    wrong = [each.title for each in rest if each.tried.codes != (Code.BUDGET_EXCEEDED,)]
    assert not wrong, f"atmos lets these through: {wrong}"
    for each in rest:
        wait_until(lambda each=each: refusals_in(kube, each) or None, f"{name}: no for {each.title}", seconds=90)  # type: ignore[misc]
    wrong = [f"{each.title}: {refusals_in(kube, each)}" for each in rest if not names_the_reason(kube, each)]
    assert not wrong, few(wrong)
    let_it_end(kube, fits)
    record_property("proved", f"{len(tries)} quotas")
    for each in tries:
        kube.delete("v1", "Namespace", each.namespace)


def deploy(kube: Kube, attempt: Try) -> None:
    for resource in attempt.tried.objects:
        apply(kube, attempt, resource)
        if resource["kind"] == "Cluster":
            for made in by_cloudnative_pg(resource):
                apply(kube, attempt, made)


def apply(kube: Kube, attempt: Try, resource: Object) -> None:
    try:
        kube.apply(resource)
    except ApiError as error:
        if "exceeded quota" not in error.message:
            raise
        attempt.refused.append(error.message)


def by_cloudnative_pg(cluster: Object) -> Iterator[Object]:
    """The pods and claims that the operator, which the lab does not run, makes of a Cluster."""
    spec, where = cluster["spec"], cluster["metadata"]["namespace"]
    for number in range(1, spec["instances"] + 1):
        metadata = {"name": f"{cluster['metadata']['name']}-{number}", "namespace": where}
        volume = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": spec["storage"]["size"]}}}
        yield {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": metadata, "spec": volume}
        locked = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}}
        container = {"image": spec["imageName"], "resources": spec["resources"], "securityContext": locked}
        pod = {
            "automountServiceAccountToken": False,
            "securityContext": {"runAsNonRoot": True, "runAsUser": 26, "seccompProfile": {"type": "RuntimeDefault"}},
            "initContainers": [{"name": "bootstrap-controller", **container}],
            "containers": [{"name": "postgres", **container}],
        }
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": pod}


def main_workload(attempt: Try) -> Object:
    return next(r for r in of_kind(attempt.tried.objects, "Deployment") if r["metadata"]["name"] == "shop")


def with_tag(workload: Object, tag: str) -> Object:
    containers = workload["spec"]["template"]["spec"]["containers"]
    changed = [{"name": each["name"], "image": f"registry.test/shop:{tag}"} for each in containers]
    return {
        "spec": {"template": {"spec": {"containers": [{**a, **b} for a, b in zip(containers, changed, strict=True)]}}}
    }


def roll_out_without_end(kube: Kube, attempt: Try) -> None:
    """A new version that never becomes Ready keeps old and new pods side by side: the rollout's highest moment."""
    workload = main_workload(attempt)
    name, where = workload["metadata"]["name"], workload["metadata"]["namespace"]

    def stands(found: Object) -> bool:
        wanted = workload["spec"].get("replicas", 1)
        return rolled_out(found) and found["spec"]["replicas"] >= wanted

    if attempt.title == "exact":
        kube.wait("apps/v1", "Deployment", name, where, until=stands)
        kube.wait(
            "apps/v1", "Deployment", name, where, until=lambda found: scaled(attempt, found) and rolled_out(found)
        )
    kube.patch(workload, with_tag(workload, "broken-notready"))


def scaled(attempt: Try, workload: Object) -> bool:
    scalers = of_kind(attempt.tried.objects, "HorizontalPodAutoscaler")
    return all(workload["spec"]["replicas"] == scaler["spec"]["maxReplicas"] for scaler in scalers)


def let_it_end(kube: Kube, attempt: Try) -> None:
    """Under a quota that is exactly the claim, the next version also arrives."""
    workload = main_workload(attempt)
    where = workload["metadata"]["namespace"]
    kube.patch(workload, with_tag(workload, "good"))
    kube.wait("apps/v1", "Deployment", "shop", where, until=rolled_out, seconds=120)


def used(kube: Kube, namespace: str) -> dict[str, Quantity]:
    found = kube.get("v1", "ResourceQuota", QUOTA, namespace)["status"]["used"]
    return {name: parse(found[name]) for name in DIMENSIONS}


def refusals_in(kube: Kube, attempt: Try) -> list[str]:
    """What the quota refused to us, or to a controller."""
    events = kube.list("v1", "Event", attempt.namespace)
    said = [event["message"] for event in events if event.get("reason") == "FailedCreate"]
    return attempt.refused + [message for message in said if "exceeded quota" in message]


def names_the_reason(kube: Kube, attempt: Try) -> bool:
    messages = " ".join(refusals_in(kube, attempt))
    if attempt.title == "replica":
        return True
    return f"limited: {attempt.title}=" in messages or f",{attempt.title}=" in messages.partition("limited:")[2]
