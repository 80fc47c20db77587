"""Flux takes what `atmos init --engine flux` and `atmos new` write: one cluster, two teams, three environments."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from atmos_cli.config import read_config
from atmos_cli.engines.flux.files import service_files as flux_service_files
from atmos_cli.engines.registry import ENGINES
from atmos_cli.yamlio.emit import emit_all
from tests.lab.flux import GIT_REPOSITORY, KUSTOMIZATION
from tests.lab.kube import condition, rolled_out
from tests.lab.proofs.engines_flux import is_live
from tests.lab.proofs.engines_live import live, uids
from tests.lab.proofs.engines_repo import ENVIRONMENTS, TEAMS

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.kube import Object
    from tests.lab.proofs.engines_flux import FluxWorld

pytestmark = pytest.mark.lab

RBAC = "rbac.authorization.k8s.io/v1"
OVERLAY = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [object.yaml]\n"


def test_one_file_leads_to_every_service_ready(
    flux_world: FluxWorld, record_property: Callable[[str, object], None]
) -> None:
    """From an empty cluster, by `clusters/<cluster>/flux-system/gotk-sync.yaml` alone."""
    record_property("seconds from the one file to all Ready", round(flux_world.bootstrap.seconds, 1))
    services = flux_world.repo.deployments()
    assert {team for team, _, _ in services} == set(TEAMS)
    assert {environment for _, _, environment in services} == set(ENVIRONMENTS)
    for team, service, environment in services:
        namespace = f"{team}-{environment}"
        flux_world.flux.plane.kube.wait("apps/v1", "Deployment", service, namespace, until=rolled_out)


def test_a_service_runs_as_its_tenant_and_is_never_moved_to_another_namespace(flux_world: FluxWorld) -> None:
    """`targetNamespace` would hide an overlay copied from another environment; a long timeout holds a worker."""
    for each in flux_world.pointers():
        if each["metadata"]["namespace"] == "flux-system":
            continue
        assert each["spec"]["serviceAccountName"] == f"{each['metadata']['labels']['team']}-deployer"
        assert "targetNamespace" not in each["spec"]
        assert each["spec"]["timeout"] in ("6m0s", "6m")


RIGHTS = (
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: stolen, namespace: shop-dev}, "
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}"
)
THEFTS = {
    "other-namespace": (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: stolen, namespace: pay-dev}}",
        'cannot patch resource "configmaps" in API group "" in the namespace "pay-dev"',
    ),
    "cluster-scoped": (
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: stolen}}",
        'cannot patch resource "clusterroles" in API group "rbac.authorization.k8s.io" at the cluster scope',
    ),
    "own-quota": (
        "{apiVersion: v1, kind: ResourceQuota, metadata: {name: stolen, namespace: shop-dev}}",
        'cannot patch resource "resourcequotas" in API group "" in the namespace "shop-dev"',
    ),
    "own-rights": (
        RIGHTS,
        'cannot patch resource "rolebindings" in API group "rbac.authorization.k8s.io" in the namespace "shop-dev"',
    ),
}


def test_a_tenant_is_refused_what_is_not_its_own(flux_world: FluxWorld) -> None:
    """The same four attempts that Argo CD's projects refuse; the tenant's own account is who is refused."""
    before = live(flux_world)
    files: dict[str, str] = {}
    for name, (resource, _) in THEFTS.items():
        files |= by_hand(flux_world, "shop", name, resource)
    flux_world.repo.push(files)
    flux_world.nudge()
    kube = flux_world.flux.plane.kube
    for name, (_, said) in THEFTS.items():
        found = kube.wait(KUSTOMIZATION, "Kustomization", name, "shop-dev", until=is_refused)
        assert said in message(found)
        assert "system:serviceaccount:shop-dev:shop-deployer" in message(found)
    assert live(flux_world).keys() == before.keys()
    assert kube.find(RBAC, "ClusterRole", "stolen") is None
    for name in THEFTS:
        flux_world.repo.remove("shop", name)
    flux_world.sync(flux_world.repo.push())


def test_a_tenant_cannot_read_the_platforms_source(flux_world: FluxWorld) -> None:
    """That one holds every team's directory; the tenant's own leaves out all but the team's."""
    kube = flux_world.flux.plane.kube
    spec = {
        "serviceAccountName": "shop-deployer",
        "sourceRef": {"kind": "GitRepository", "name": "flux-system", "namespace": "flux-system"},
        "path": "./apps/pay/orders/overlays/dev",
        "interval": "10m",
        "prune": True,
    }
    foreign = {**spec, "sourceRef": {"kind": "GitRepository", "name": "gitops"}}
    try:
        for name, body in (("foreign-source", spec), ("foreign-path", foreign)):
            kube.apply(
                {
                    "apiVersion": KUSTOMIZATION,
                    "kind": "Kustomization",
                    "metadata": {"name": name, "namespace": "shop-dev"},
                    "spec": body,
                }
            )
        found = kube.wait(KUSTOMIZATION, "Kustomization", "foreign-source", "shop-dev", until=is_failed)
        assert "cross-namespace references have been blocked" in message(found)
        found = kube.wait(KUSTOMIZATION, "Kustomization", "foreign-path", "shop-dev", until=is_failed)
        assert "kustomization path not found" in message(found)
    finally:
        for name in ("foreign-source", "foreign-path"):
            kube.delete(KUSTOMIZATION, "Kustomization", name, "shop-dev")
            kube.wait_gone(KUSTOMIZATION, "Kustomization", name, "shop-dev")
    assert kube.find(GIT_REPOSITORY, "GitRepository", "gitops", "shop-dev") is not None


ADDON = "infrastructure/controllers/eu/later"
UNKNOWN = "{apiVersion: example.test/v1, kind: Later, metadata: {name: later, namespace: default}}"
KNOWN = "{apiVersion: v1, kind: ConfigMap, metadata: {name: later, namespace: default}}"


def test_tenants_wait_for_infrastructure_and_services_for_tenants(
    flux_world: FluxWorld, record_property: Callable[[str, object], None]
) -> None:
    """`dependsOn`: while the infrastructure fails nothing new of tenants or services is applied, and what runs goes on."""
    before, kube = live(flux_world), flux_world.flux.plane.kube
    flux_world.repo.new("shop", "go, port 8080, called late")
    commit = flux_world.repo.push(
        {f"{ADDON}/kustomization.yaml": OVERLAY, f"{ADDON}/object.yaml": UNKNOWN, **by_hand_tenant("before")}
    )
    flux_world.nudge()
    system = {"flux-system": "", "infra-controllers": "no matches for kind", "tenants-dev": "is not ready"}
    for name, said in {**system, "apps": "is not ready"}.items():
        if said:
            settled = kube.wait(
                KUSTOMIZATION,
                "Kustomization",
                name,
                "flux-system",
                until=lambda found, said=said: condition(found, "Ready") == "False" and said in message(found),  # type: ignore[misc]
            )
            assert not is_live(settled, commit)
    assert kube.find("v1", "ConfigMap", "before", "shop-dev") is None
    assert kube.find(KUSTOMIZATION, "Kustomization", "late", "shop-dev") is None
    assert uids(live(flux_world)) == uids(before)
    took = flux_world.sync(flux_world.repo.push({f"{ADDON}/object.yaml": KNOWN}))
    record_property("seconds from the mending commit to Ready", round(took, 1))
    assert kube.find("v1", "ConfigMap", "before", "shop-dev") is not None
    flux_world.repo.remove("shop", "late")
    gone = [f"{ADDON}/kustomization.yaml", f"{ADDON}/object.yaml", "tenants/dev/before.yaml"]
    flux_world.sync(flux_world.repo.push(dict.fromkeys(gone)))
    assert uids(live(flux_world)) == uids(before)


def by_hand_tenant(name: str) -> dict[str, str]:
    return {
        f"tenants/dev/{name}.yaml": f"{{apiVersion: v1, kind: ConfigMap, metadata: {{name: {name}, namespace: shop-dev}}}}"
    }


def by_hand(world: FluxWorld, team: str, name: str, resource: str) -> dict[str, str]:
    """A service for dev that a member of the team writes, with the pointer that atmos would write for it."""
    config = read_config(world.repo.read("atmos-cli.yaml").encode(), engines=ENGINES)
    pointers = flux_service_files(config, team=team, service=name)
    overlay = f"apps/{team}/{name}/overlays/dev"
    files = {f"{overlay}/kustomization.yaml": OVERLAY, f"{overlay}/object.yaml": resource}
    for path, documents in pointers.items():
        files[path] = emit_all([each for each in documents if each["metadata"]["labels"]["env"] == "dev"])
    return files


def message(found: Object) -> str:
    conditions = (found.get("status") or {}).get("conditions") or []
    return " ".join(each.get("message", "") for each in conditions if each["type"] == "Ready")


def is_failed(found: Object) -> bool:
    return condition(found, "Ready") == "False"


def is_refused(found: Object) -> bool:
    return is_failed(found) and "Forbidden" in message(found)
