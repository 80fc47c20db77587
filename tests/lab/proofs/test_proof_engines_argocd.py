"""Argo CD takes what `atmos init` and `atmos new` write: a hub with two clusters, two teams, three environments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.argocd import APPLICATION, is_synced
from tests.lab.kube import rolled_out
from tests.lab.proofs.engines_live import live
from tests.lab.proofs.engines_repo import ENVIRONMENTS, TEAMS
from tests.lab.proofs.engines_world import settle

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.lab.kube import Object
    from tests.lab.proofs.engines_argocd import ArgoWorld

pytestmark = pytest.mark.lab

STALL = 180  # seconds: how long an ApplicationSet that met an error sits still
OVERLAY = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [object.yaml]\n"
MARKER = '{"layout": "kustomize"}\n'


def test_one_file_leads_to_every_service_synced_and_healthy(
    argo_world: ArgoWorld, record_property: Callable[[str, object], None]
) -> None:
    """From empty clusters, by `argocd/bootstrap/root.yaml` alone; a set that had met an error would stall for 180 s."""
    record_property("seconds from the one file to all Healthy", round(argo_world.bootstrap.seconds, 1))
    assert argo_world.bootstrap.standstill < STALL - 30
    found = argo_world.applications()
    assert all(is_synced(each) for each in found)
    assert not [each["status"]["conditions"] for each in found if each["status"].get("conditions")]
    services = argo_world.repo.deployments()
    assert {team for team, _, _ in services} == set(TEAMS)
    assert {environment for _, _, environment in services} == set(ENVIRONMENTS)
    for team, service, environment in services:
        plane = argo_world.planes[environment]
        plane.kube.wait("apps/v1", "Deployment", service, f"{team}-{environment}", until=rolled_out)


def test_an_environment_is_only_on_its_cluster(argo_world: ArgoWorld) -> None:
    hub, spoke = argo_world.argocd.plane.kube, argo_world.spoke.kube
    for team in TEAMS:
        assert hub.find("v1", "Namespace", f"{team}-prod") is None
        assert spoke.find("v1", "Namespace", f"{team}-dev") is None
        assert spoke.find("v1", "Namespace", f"{team}-staging") is None


def test_nothing_hides_what_the_server_refuses(argo_world: ArgoWorld) -> None:
    """Server-side diff shows refused objects as Synced and Healthy, and is the default of 3.6: every one says no."""
    for each in argo_world.applications():
        annotations = each["metadata"].get("annotations") or {}
        assert annotations.get("argocd.argoproj.io/compare-options") == "ServerSideDiff=false"
        retry = each["spec"]["syncPolicy"]["retry"]
        assert retry["refresh"] is True, "without it the commit that mends a failure is never tried"


def test_a_webhook_gives_the_root_nothing_to_do(argo_world: ArgoWorld) -> None:
    """The refreshed set's controller writes empty fields into it; undoing that at every push would slow self-heal down."""
    kube = argo_world.argocd.plane.kube
    before = kube.get(APPLICATION, "ApplicationSet", "atmos-apps-shop", "argocd")["metadata"]["generation"]
    done = kube.get(APPLICATION, "Application", "atmos-root", "argocd")["status"]["operationState"]["startedAt"]
    argo_world.nudge()
    kube.wait(APPLICATION, "ApplicationSet", "atmos-apps-shop", "argocd", until=is_unmarked)
    argo_world.argocd.refresh("atmos-root")
    root = argo_world.argocd.wait_synced("atmos-root")
    assert root["status"]["operationState"]["startedAt"] == done
    assert kube.get(APPLICATION, "ApplicationSet", "atmos-apps-shop", "argocd")["metadata"]["generation"] >= before


def is_unmarked(found: Object) -> bool:
    return "argocd.argoproj.io/application-set-refresh" not in (found["metadata"].get("annotations") or {})


def thief(team: str, name: str, resource: str, *, environment: str = "dev") -> dict[str, str]:
    """A service that a member of the team writes by hand."""
    root = f"apps/{team}/{name}/overlays/{environment}"
    return {f"{root}/kustomization.yaml": OVERLAY, f"{root}/gitops.json": MARKER, f"{root}/object.yaml": resource}


RIGHTS = (
    "{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: stolen, namespace: shop-dev}, "
    "roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}}"
)
THEFTS = {
    "other-namespace": (
        "{apiVersion: v1, kind: ConfigMap, metadata: {name: stolen, namespace: pay-dev}}",
        "namespace pay-dev is not permitted in project 'atmos-shop'",
    ),
    "cluster-scoped": (
        "{apiVersion: rbac.authorization.k8s.io/v1, kind: ClusterRole, metadata: {name: stolen}}",
        "resource rbac.authorization.k8s.io:ClusterRole is not permitted in project atmos-shop",
    ),
    "own-quota": (
        "{apiVersion: v1, kind: ResourceQuota, metadata: {name: stolen, namespace: shop-dev}}",
        "resource :ResourceQuota is not permitted in project atmos-shop",
    ),
    "own-rights": (
        RIGHTS,
        "resource rbac.authorization.k8s.io:RoleBinding is not permitted in project atmos-shop",
    ),
}


def test_a_project_refuses_what_is_not_its_teams(argo_world: ArgoWorld) -> None:
    """Another team's namespace, cluster-scoped kinds, and the team's own quota and rights; nothing of it is applied."""
    before = live(argo_world)
    files = (thief("shop", name, resource) for name, (resource, _) in THEFTS.items())
    argo_world.repo.push({path: text for each in files for path, text in each.items()})
    argo_world.nudge()

    def unrefused() -> list[str]:
        lines = []
        for name, (_, said) in THEFTS.items():
            found = argo_world.application("shop", name, "dev") or {}
            results = found.get("status", {}).get("operationState", {}).get("syncResult", {}).get("resources", [])
            if said not in [each.get("message") for each in results]:
                lines.append(f"{name}: {results}")
        return lines

    settle(argo_world, unrefused)
    assert live(argo_world).keys() == before.keys()
    assert argo_world.argocd.plane.kube.find("rbac.authorization.k8s.io/v1", "ClusterRole", "stolen") is None
    for name in THEFTS:
        argo_world.repo.remove("shop", name)
    leave(argo_world)


def test_a_project_refuses_other_repos_and_destinations(argo_world: ArgoWorld) -> None:
    kube, own = argo_world.argocd.plane.kube, argo_world.repo.tree.url
    other = f"{own.rpartition('/')[0]}/elsewhere.git"
    wanted = {
        "foreign-repo": (
            other,
            "nonprod",
            "shop-dev",
            f"application repo {other} is not permitted in project 'atmos-shop'",
        ),
        "foreign-namespace": (
            own,
            "nonprod",
            "pay-dev",
            "do not match any of the allowed destinations in project 'atmos-shop'",
        ),
        "foreign-cluster": (
            own,
            "prod-eu",
            "shop-dev",
            "do not match any of the allowed destinations in project 'atmos-shop'",
        ),
        "hub": (own, "in-cluster", "argocd", "do not match any of the allowed destinations in project 'atmos-shop'"),
    }
    try:
        for name, (url, cluster, namespace, _) in wanted.items():
            kube.apply(application(name, url, cluster, namespace))
        for name, (*_, said) in wanted.items():
            found = kube.wait(APPLICATION, "Application", name, "argocd", until=invalid_spec)
            assert said in invalid_spec(found)
    finally:
        for name in wanted:
            kube.delete(APPLICATION, "Application", name, "argocd")


def application(name: str, url: str, cluster: str, namespace: str) -> Object:
    return {
        "apiVersion": APPLICATION,
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd"},
        "spec": {
            "project": "atmos-shop",
            "source": {"repoURL": url, "targetRevision": "main", "path": "apps/shop/cart/overlays/dev"},
            "destination": {"name": cluster, "namespace": namespace},
        },
    }


def invalid_spec(found: Object) -> str:
    conditions: list[Any] = (found.get("status") or {}).get("conditions") or []
    return " ".join(each["message"] for each in conditions if each["type"] == "InvalidSpecError")


BROKEN = (
    "{apiVersion: apps/v1, kind: Deployment, metadata: {name: broken, namespace: shop-dev}, spec: {selector: {matchLabels:"
    " {app: one}}, template: {metadata: {labels: {app: other}}, spec: {containers: [{name: app, image: 'x:1'}]}}}}"
)
MENDED = "{apiVersion: v1, kind: ConfigMap, metadata: {name: broken, namespace: shop-dev}}"
ADDON = "infrastructure/configs/nonprod/later"


def test_a_failed_sync_shows_and_the_next_commit_mends_it(
    argo_world: ArgoWorld, record_property: Callable[[str, object], None]
) -> None:
    """For a service as for the platform: a retry takes up the newest commit, it is not pinned to the one that failed."""
    kube = argo_world.argocd.plane.kube
    addon = {f"{ADDON}/kustomization.yaml": OVERLAY, f"{ADDON}/object.yaml": BROKEN.replace("shop-dev", "default")}
    argo_world.repo.push(thief("shop", "broken", BROKEN) | addon)
    argo_world.nudge()
    names = ("shop.broken.dev.nonprod", "configs-later.nonprod")
    for name in names:
        found = kube.wait(APPLICATION, "Application", name, "argocd", until=is_retrying)
        assert not is_synced(found)
        assert "Invalid value" in found["status"]["operationState"]["message"]
    commit = argo_world.repo.push(
        thief("shop", "broken", MENDED) | {f"{ADDON}/object.yaml": MENDED.replace("shop-dev", "default")}
    )
    took = argo_world.sync(commit)
    record_property("seconds from the mending commit to Healthy", round(took, 1))
    argo_world.repo.remove("shop", "broken")
    leave(argo_world, f"{ADDON}/kustomization.yaml", f"{ADDON}/object.yaml")


def is_retrying(found: Object) -> bool:
    operation = (found.get("status") or {}).get("operationState") or {}
    return operation.get("phase") == "Running" and operation.get("retryCount", 0) >= 1


def test_a_spoilt_marker_moves_and_removes_nothing(argo_world: ArgoWorld) -> None:
    """Where a service goes is said by its path; its set stands still while a marker cannot be read."""
    before, marker = live(argo_world), "apps/shop/cart/overlays/dev/gitops.json"
    sound = argo_world.repo.read(marker)
    commit = argo_world.repo.push({marker: '{"layout": "kustomize", "env": "prod", "namespace": "pay-prod"}\n'})
    argo_world.sync(commit)
    argo_world.repo.push({marker: "{"})
    argo_world.nudge()
    kube = argo_world.argocd.plane.kube
    kube.wait(APPLICATION, "ApplicationSet", "atmos-apps-shop", "argocd", until=has_error)
    assert argo_world.application("shop", "cart", "dev") is not None
    argo_world.sync(argo_world.repo.push({marker: sound}))
    after = live(argo_world)
    assert {key: each["metadata"]["uid"] for key, each in before.items()} == {
        key: each["metadata"]["uid"] for key, each in after.items()
    }


def has_error(found: Object) -> bool:
    conditions: list[Any] = (found.get("status") or {}).get("conditions") or []
    return any(each["type"] == "ErrorOccurred" and each["status"] == "True" for each in conditions)


def leave(world: ArgoWorld, *paths: str) -> None:
    """Removes what the test made; a sync that still fails is ended first, as a person would do."""
    commit = world.repo.push(dict.fromkeys(paths))
    world.nudge()

    def missing() -> list[str]:
        world.end_operations()
        return world.missing(commit)

    settle(world, missing)
