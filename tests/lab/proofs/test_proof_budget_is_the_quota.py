"""atmos says that a service fits exactly when the cluster admits all pods of its rollout under the generated quota."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from atmos_cli.diagnostics import Code
from atmos_cli.kube.quantity import parse
from tests.lab.kube import ApiError, rolled_out
from tests.lab.processes import wait_until
from tests.lab.proofs.budget_support import DIMENSIONS, ENVIRONMENT, Tried, claimed, one_less, texts, tried
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

    scenario: str
    title: str
    namespace: str
    tried: Tried
    refused: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        return f"{self.scenario}, {self.title}"


def attempts(name: str, claim: dict[str, Quantity]) -> Iterator[tuple[str, ServiceSpec, dict[str, str]]]:
    """(title, spec, limits): the exact claim; then a step less of each thing that is asked for; then a replica more."""
    spec, _ = SCENARIOS[name]
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


def test_atmos_and_the_quota_agree(control_plane: ControlPlane, record_property: Callable[[str, int], None]) -> None:
    """All scenarios at once, since most of the time is waiting for controllers."""
    kube = control_plane.kube
    claims = {name: claimed(*scenario) for name, scenario in SCENARIOS.items()}
    tries = [each for name in SCENARIOS for each in prepare(kube, name, claims[name])]
    for each in tries:
        settle(kube, each.tried.home, controllers=True)
    for each in tries:
        control_plane.add_volumes(len(of_kind(each.tried.objects, "PersistentVolumeClaim")), "2Gi")
        deploy(kube, each)
    for each in tries:
        roll_out_without_end(kube, each)
    for each in tries:
        if each.title == "exact":
            assert each.tried.codes == (), f"{each}: atmos refuses what it says is asked for"
            claim = claims[each.scenario]
            wait_until(partial(charges, kube, each, claim), f"{each}: {texts(claim)} used")
            assert refusals_in(kube, each) == []
        else:
            assert each.tried.codes == (Code.BUDGET_EXCEEDED,), f"{each}: atmos lets it through"
            wait_until(partial(is_refused, kube, each), f"{each}: no from the quota")
    wrong = [f"{each}: {refusals_in(kube, each)}" for each in tries if not names_the_reason(kube, each)]
    assert not wrong, few(wrong)
    let_them_end(kube, [each for each in tries if each.title == "exact"])
    record_property("cases", len(tries))
    for each in tries:
        kube.delete("v1", "Namespace", each.namespace)


def prepare(kube: Kube, name: str, claim: dict[str, Quantity]) -> Iterator[Try]:
    """Applies the tenants of a scenario."""
    for title, wanted, limits in attempts(name, claim):
        team = f"{name}-{title.replace('.', '-')}"
        attempt = tried(team, wanted, SCENARIOS[name][1], limits)
        install_operators(kube, attempt.objects)
        kube.apply(*attempt.home)
        yield Try(name, title, f"{team}-{ENVIRONMENT}", attempt)


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

    def stands() -> bool:
        found = kube.get("apps/v1", "Deployment", "shop", attempt.namespace)
        return (scaled(attempt, found) and rolled_out(found)) or bool(refusals_in(kube, attempt))

    # Pods of the old version that are not Ready yet would be given up for the new ones.
    wait_until(stands, f"{attempt}: all pods, or a no")
    kube.patch(workload, with_tag(workload, "broken-notready"))


def scaled(attempt: Try, workload: Object) -> bool:
    scalers = of_kind(attempt.tried.objects, "HorizontalPodAutoscaler")
    return all(workload["spec"]["replicas"] == scaler["spec"]["maxReplicas"] for scaler in scalers)


def let_them_end(kube: Kube, tries: list[Try]) -> None:
    """Under a quota that is exactly the claim, the next version also arrives."""
    for each in tries:
        kube.patch(main_workload(each), with_tag(main_workload(each), "good"))
    for each in tries:
        kube.wait("apps/v1", "Deployment", "shop", each.namespace, until=rolled_out)


def used(kube: Kube, namespace: str) -> dict[str, Quantity]:
    found = kube.get("v1", "ResourceQuota", QUOTA, namespace)["status"]["used"]
    return {name: parse(found[name]) for name in DIMENSIONS}


def charges(kube: Kube, attempt: Try, claim: dict[str, Quantity]) -> bool:
    return used(kube, attempt.namespace) == claim


def is_refused(kube: Kube, attempt: Try) -> bool:
    return bool(refusals_in(kube, attempt))


def refusals_in(kube: Kube, attempt: Try) -> list[str]:
    """What the quota refused to us, or to a controller."""
    events = kube.list("v1", "Event", attempt.namespace)
    said = [event["message"] for event in events if event.get("reason") == "FailedCreate"]
    return attempt.refused + [message for message in said if "exceeded quota" in message]


def names_the_reason(kube: Kube, attempt: Try) -> bool:
    messages = " ".join(refusals_in(kube, attempt))
    if attempt.title in ("exact", "replica"):
        return True
    return f"limited: {attempt.title}=" in messages or f",{attempt.title}=" in messages.partition("limited:")[2]
