"""Services as generated run in tenants as generated: every pod is admitted and becomes Ready, every claim is bound."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from atmos_cli.gitops.generate import generate
from atmos_cli.kustomize.build import build
from tests.lab.kube import condition, rolled_out
from tests.lab.proofs.golden import ADDONS, LANGUAGES, bundled, config_of, overlay, repo_files, service
from tests.lab.proofs.support import in_memory, install_operators, of_kind, settle, tenant

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.control_plane import ControlPlane
    from tests.lab.kube import Object

pytestmark = pytest.mark.lab

TEAM, ENVIRONMENT = "runs", "staging"
VOLUME = {"uploads": {"path": "/data", "size": "5Gi", "kind": "persistent"}}
SPECS = {
    **{language: service(name=language, language=language, replicas=2, size="xs") for language in LANGUAGES},
    "everything": service(name="everything", addons={name: {} for name in ADDONS}, scaling={"min": 1, "max": 2}),
    "files": service(name="files", language="go", port=80, replicas=1, volumes=VOLUME, addons={"redis": {}}),
}


def made() -> tuple[list[Object], list[Object]]:
    """The objects of the tenant, and those of its services with a throw-away database."""
    config = config_of("throw-away")
    files = repo_files(config, teams=(TEAM,))
    for spec in SPECS.values():
        environments = tuple(config.environments)
        files |= generate(spec, team=TEAM, environments=environments, config=config, catalogue=bundled()).files
    tree = in_memory(files)
    services = [b.resource for name in SPECS for b in build(tree, overlay(name, ENVIRONMENT, TEAM))]
    return tenant(tree, TEAM, ENVIRONMENT), services


def test_services_run_in_their_tenant(control_plane: ControlPlane, record_property: Callable[[str, int], None]) -> None:
    kube = control_plane.kube
    home, services = made()
    install_operators(kube, services)
    control_plane.add_volumes(1, "5Gi")
    namespace = settle(kube, home, controllers=True)
    kube.apply(*services)
    workloads = of_kind(services, "Deployment", "StatefulSet")
    for each in workloads:
        kube.wait(each["apiVersion"], each["kind"], each["metadata"]["name"], namespace, until=rolled_out)
    for each in of_kind(services, "PersistentVolumeClaim"):
        name = each["metadata"]["name"]
        kube.wait("v1", "PersistentVolumeClaim", name, namespace, until=lambda c: c["status"].get("phase") == "Bound")
    pods = kube.list("v1", "Pod", namespace)
    record_property("cases", len(pods))
    assert {condition(pod, "Ready") for pod in pods} == {"True"}
    # Two pods of each language, one of each other workload, two where the autoscaler was quicker than we.
    assert len(pods) >= 2 * len(LANGUAGES) + 5
