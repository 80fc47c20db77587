"""What real controllers and a real API server make of generated objects is read rightly: arrived, ready, or why not."""

from __future__ import annotations

import copy
import time
from typing import TYPE_CHECKING

import pytest

from atmos_cli.gitops.generate import generate
from atmos_cli.kustomize.build import build
from atmos_cli.verify.delivery.applied import applied
from atmos_cli.verify.health import health
from atmos_cli.verify.rollout import rollout
from atmos_cli.verify.seen import ClusterSnapshot, Status
from tests.lab.kube import rolled_out
from tests.lab.processes import wait_until
from tests.lab.proofs.golden import ADDONS, bundled, config_of, overlay, repo_files, service
from tests.lab.proofs.support import in_memory, install_operators, of_kind, settle, tenant

if TYPE_CHECKING:
    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Kube, Object

pytestmark = pytest.mark.lab

TEAM, ENVIRONMENT = "seen", "staging"
SPECS = {
    "web": service(name="web", language="go", replicas=2, size="xs"),
    "everything": service(name="everything", addons={name: {} for name in ADDONS}, scaling={"min": 1, "max": 2}),
}
OWNED = (
    ("v1", "Pod"),
    ("apps/v1", "ReplicaSet"),
    ("apps/v1", "ControllerRevision"),
    ("discovery.k8s.io/v1", "EndpointSlice"),
)


def made() -> tuple[list[Object], list[Object]]:
    config = config_of("throw-away")
    files = repo_files(config, teams=(TEAM,))
    for spec in SPECS.values():
        environments = tuple(config.environments)
        files |= generate(spec, team=TEAM, environments=environments, config=config, catalogue=bundled()).files
    tree = in_memory(files)
    return tenant(tree, TEAM, ENVIRONMENT), [
        b.resource for name in SPECS for b in build(tree, overlay(name, ENVIRONMENT, TEAM))
    ]


def look(kube: Kube, namespace: str, wanted: list[Object]) -> ClusterSnapshot:
    named = [(w["apiVersion"], w["kind"], w["metadata"]["name"], w["metadata"].get("namespace", "")) for w in wanted]
    live = [found for name in named if (found := kube.find(*name)) is not None]
    owned = [
        {"apiVersion": api, "kind": kind, **item} for api, kind in OWNED for item in kube.list(api, kind, namespace)
    ]
    events = [{"apiVersion": "v1", "kind": "Event", **item} for item in kube.list("v1", "Event", namespace)]
    return ClusterSnapshot(time.time(), (), tuple(wanted), (*live, *owned), tuple(events))


def test_generated_services_are_seen_to_arrive_to_run_and_to_break(control_plane: ControlPlane) -> None:
    kube = control_plane.kube
    home, services = made()
    install_operators(kube, services)
    control_plane.add_volumes(1, "5Gi")
    namespace = settle(kube, home, controllers=True)
    assert {drift.path for drift in applied(look(kube, namespace, services))} == {()}

    kube.apply(*services)
    for each in of_kind(services, "Deployment", "StatefulSet"):
        kube.wait(each["apiVersion"], each["kind"], each["metadata"]["name"], namespace, until=rolled_out)
    assert applied(look(kube, namespace, services)) == ()

    # No operator and no metrics server runs here, so what depends on them is left out.
    native = [w for w in services if w["apiVersion"] in {"v1", "apps/v1", "policy/v1", "networking.k8s.io/v1"}]

    def good() -> object:
        seen = look(kube, namespace, native)
        found = rollout(seen, now=seen.at + 61)
        return found if found.status is Status.CURRENT else None

    found = wait_until(good, "every object to be current")
    assert found.ready == found.wanted >= 3
    assert found.failures == ()

    web = next(w for w in of_kind(services, "Deployment") if w["metadata"]["name"] == "web")
    bad = copy.deepcopy(web)
    bad["spec"]["template"]["spec"]["containers"][0]["image"] = "registry.test/web:broken-imagepull"
    old = look(kube, namespace, [bad])
    assert [drift.path[-1] for drift in applied(old)] == ["image"]

    kube.apply(bad)
    # Before the controller has looked at the new spec, pods that are ready are old ones.
    instant = look(kube, namespace, [bad])
    assert rollout(instant, now=instant.at).status is not Status.CURRENT

    def broken() -> object:
        seen = look(kube, namespace, [bad])
        found = rollout(seen, now=seen.at + 121)
        return (seen, found) if found.failures else None

    seen, found = wait_until(broken, "the pull to fail")
    assert (found.status, found.ready, found.old_ready) == (Status.FAILED, 0, 2)
    assert found.failures[0].code == "image-pull"
    assert "2 old pods still serve" in found.message
    assert applied(seen) == ()
    assert rollout(seen, now=seen.at).status is Status.IN_PROGRESS

    kube.apply(web)

    def back() -> object:
        seen = look(kube, namespace, [web])
        found = rollout(seen, now=seen.at)
        return found if found.status is Status.CURRENT else None

    assert wait_until(back, "the old image to be back").ready == 2
    for each in kube.list("v1", "Pod", namespace):
        seen = look(kube, namespace, [])
        assert health({"apiVersion": "v1", "kind": "Pod", **each}, snapshot=seen, now=seen.at).status in {
            Status.CURRENT,
            Status.TERMINATING,
        }
