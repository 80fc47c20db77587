from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.lab.argocd import APPLICATION, ArgoCD, failed_for
from tests.lab.flux import GIT_REPOSITORY, HELM_RELEASE, KUSTOMIZATION, Flux
from tests.lab.kube import rolled_out

if TYPE_CHECKING:
    from tests.lab.git_server import WorkTree

pytestmark = pytest.mark.lab


def overlay(namespace: str, *, image: str) -> dict[str, str]:
    labels = {"app.kubernetes.io/name": "web"}
    template = {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "app", "image": image}]}}
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web"},
        "spec": {"replicas": 1, "selector": {"matchLabels": labels}, "template": template},
    }
    build = {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        "namespace": namespace,
        "resources": ["deployment.yaml"],
    }
    return {"web/kustomization.yaml": json.dumps(build), "web/deployment.yaml": json.dumps(deployment)}


def image_of(kube: Any, namespace: str) -> str:
    live = kube.wait("apps/v1", "Deployment", "web", namespace, until=rolled_out)
    return str(live["spec"]["template"]["spec"]["containers"][0]["image"])


def test_flux_syncs_a_repo_and_its_next_commit(flux: Flux, work_tree: WorkTree) -> None:
    revision = work_tree.commit(overlay("flux-smoke", image="registry.test/web:1"))
    kube, name = flux.plane.kube, {"name": "smoke", "namespace": "flux-system"}
    kube.namespace("flux-smoke")
    source = {"url": work_tree.url, "ref": {"branch": "main"}, "interval": "1s"}
    kube.apply({"apiVersion": GIT_REPOSITORY, "kind": "GitRepository", "metadata": name, "spec": source})
    spec = {
        "sourceRef": {"kind": "GitRepository", "name": "smoke"},
        "serviceAccountName": "kustomize-controller",
        "path": "./web",
        "interval": "1m",
        "prune": True,
        "wait": True,
        "timeout": "1m",
    }
    kube.apply({"apiVersion": KUSTOMIZATION, "kind": "Kustomization", "metadata": name, "spec": spec})
    flux.wait_ready("Kustomization", "smoke", "flux-system", revision=revision)
    assert image_of(kube, "flux-smoke") == "registry.test/web:1"

    revision = work_tree.commit(overlay("flux-smoke", image="registry.test/web:2"))
    flux.wait_ready("Kustomization", "smoke", "flux-system", revision=revision)
    assert image_of(kube, "flux-smoke") == "registry.test/web:2"


CHART = {
    "chart/Chart.yaml": "{apiVersion: v2, name: tiny, version: 0.1.0}",
    "chart/values.yaml": "greeting: hello",
    "chart/templates/settings.yaml": (
        '{apiVersion: v1, kind: ConfigMap, metadata: {name: settings}, data: {greeting: "{{ .Values.greeting }}"}}'
    ),
}


def test_flux_releases_a_chart_from_the_repo(flux: Flux, work_tree: WorkTree) -> None:
    kube = flux.plane.kube
    kube.namespace("flux-chart")
    work_tree.commit(CHART)
    source = {"url": work_tree.url, "ref": {"branch": "main"}, "interval": "1s"}
    name = {"name": "chart", "namespace": "flux-system"}
    kube.apply({"apiVersion": GIT_REPOSITORY, "kind": "GitRepository", "metadata": name, "spec": source})
    reference = {"kind": "GitRepository", "name": "chart"}
    chart = {"chart": "./chart", "reconcileStrategy": "Revision", "interval": "1s", "sourceRef": reference}
    spec = {
        "interval": "1m",
        "releaseName": "tiny",
        "targetNamespace": "flux-chart",
        "serviceAccountName": "helm-controller",
        "chart": {"spec": chart},
    }
    kube.apply({"apiVersion": HELM_RELEASE, "kind": "HelmRelease", "metadata": name, "spec": spec})
    flux.wait_ready("HelmRelease", "chart", "flux-system")
    assert kube.get("v1", "ConfigMap", "settings", "flux-chart")["data"] == {"greeting": "hello"}


def application(name: str, url: str, cluster: str, namespace: str) -> dict[str, Any]:
    return {
        "apiVersion": APPLICATION,
        "kind": "Application",
        "metadata": {"name": name, "namespace": "argocd", "finalizers": ["resources-finalizer.argocd.argoproj.io"]},
        "spec": {
            "project": "default",
            "source": {"repoURL": url, "targetRevision": "main", "path": "web"},
            "destination": {"name": cluster, "namespace": namespace},
            "syncPolicy": {"automated": {"prune": True, "selfHeal": True}, "syncOptions": ["ServerSideApply=true"]},
        },
    }


def test_argocd_syncs_a_repo_and_its_next_commit(argocd: ArgoCD, work_tree: WorkTree) -> None:
    revision = work_tree.commit(overlay("argo-smoke", image="registry.test/web:1"))
    argocd.plane.kube.namespace("argo-smoke")
    argocd.plane.kube.apply(default_project())
    argocd.plane.kube.apply(application("smoke", work_tree.url, "in-cluster", "argo-smoke"))
    argocd.wait_synced("smoke", revision=revision)
    assert image_of(argocd.plane.kube, "argo-smoke") == "registry.test/web:1"

    revision = work_tree.commit(overlay("argo-smoke", image="registry.test/web:2"))
    argocd.refresh("smoke")
    argocd.wait_synced("smoke", revision=revision)
    assert image_of(argocd.plane.kube, "argo-smoke") == "registry.test/web:2"


def test_argocd_renders_a_chart_from_the_repo(argocd: ArgoCD, work_tree: WorkTree) -> None:
    revision = work_tree.commit(CHART)
    argocd.plane.kube.namespace("argo-chart")
    wanted = application("chart", work_tree.url, "in-cluster", "argo-chart")
    wanted["spec"]["source"]["path"] = "chart"
    argocd.plane.kube.apply(default_project(), wanted)
    argocd.wait_synced("chart", revision=revision)
    assert argocd.plane.kube.get("v1", "ConfigMap", "settings", "argo-chart")["data"] == {"greeting": "hello"}


def test_argocd_sees_a_commit_that_follows_another_at_once(argocd: ArgoCD, work_tree: WorkTree) -> None:
    argocd.plane.kube.namespace("argo-follow")
    argocd.plane.kube.apply(default_project())
    revision = work_tree.commit(overlay("argo-follow", image="registry.test/web:1"))
    argocd.plane.kube.apply(application("follow", work_tree.url, "in-cluster", "argo-follow"))
    argocd.wait_synced("follow", revision=revision)
    for number in range(5):  # of these, three are lost where a mark is set while another is there
        for place in "first", "second":
            revision = work_tree.commit({place: str(number)})
            argocd.refresh("follow")
        argocd.wait_synced("follow", revision=revision)


def test_a_wait_for_argocd_outlives_a_comparison_that_fails_once(argocd: ArgoCD, work_tree: WorkTree) -> None:
    argocd.plane.kube.namespace("argo-late")
    argocd.plane.kube.apply(default_project())
    work_tree.commit({"elsewhere": "what the Application points at is not there yet"})
    argocd.plane.kube.apply(application("late", work_tree.url, "in-cluster", "argo-late"))
    argocd.plane.kube.wait(APPLICATION, "Application", "late", "argocd", until=lambda found: failed_for(found) > 0)
    revision = work_tree.commit(overlay("argo-late", image="registry.test/web:1"))
    argocd.wait_synced("late", revision=revision)


def test_a_mark_that_the_controller_does_not_see_is_set_again(
    argocd: ArgoCD, work_tree: WorkTree, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.lab.argocd.RETRY", 0.0)
    unseen = application("unseen", work_tree.url, "in-cluster", "argo-unseen")
    unseen["metadata"]["annotations"] = {"argocd.argoproj.io/skip-reconcile": "true"}
    argocd.plane.kube.apply(default_project(), unseen)
    argocd.refresh("unseen")
    versions = []
    for _ in range(3):
        found = argocd.plane.kube.find(APPLICATION, "Application", "unseen", "argocd")
        assert found is not None
        versions.append(found["metadata"]["resourceVersion"])
        argocd.retry(found)
    assert len(set(versions)) == 3
    argocd.plane.kube.patch(unseen, {"metadata": {"finalizers": None}})
    argocd.plane.kube.delete(APPLICATION, "Application", "unseen", "argocd")


def test_a_refresh_of_an_application_that_its_set_removed_meanwhile_makes_nothing(argocd: ArgoCD) -> None:
    argocd.refresh("removed")
    assert argocd.plane.kube.find(APPLICATION, "Application", "removed", "argocd") is None


def test_argocd_syncs_to_another_cluster(argocd: ArgoCD, control_plane: Any, work_tree: WorkTree) -> None:
    revision = work_tree.commit(overlay("argo-spoke", image="registry.test/web:1"))
    control_plane.kube.namespace("argo-spoke")
    argocd.plane.kube.apply(default_project())
    argocd.add_cluster(control_plane, "spoke", {"env-prod": "true"})
    argocd.plane.kube.apply(application("spoke", work_tree.url, "spoke", "argo-spoke"))
    argocd.wait_synced("spoke", revision=revision)
    assert image_of(control_plane.kube, "argo-spoke") == "registry.test/web:1"


def test_an_applicationset_makes_applications(argocd: ArgoCD, work_tree: WorkTree) -> None:
    revision = work_tree.commit(overlay("argo-set", image="registry.test/web:1"))
    argocd.plane.kube.namespace("argo-set")
    argocd.plane.kube.apply(default_project())
    template = application("{{.path.basename}}-set", work_tree.url, "in-cluster", "argo-set")
    template["metadata"] = {"name": template["metadata"]["name"]}
    directories = {"repoURL": work_tree.url, "revision": "main", "directories": [{"path": "web"}]}
    argocd.plane.kube.apply(
        {
            "apiVersion": APPLICATION,
            "kind": "ApplicationSet",
            "metadata": {"name": "set", "namespace": "argocd"},
            "spec": {
                "goTemplate": True,
                "generators": [{"git": directories}],
                "template": {"metadata": template["metadata"], "spec": template["spec"]},
            },
        }
    )
    argocd.wait_synced("web-set", revision=revision)


def default_project() -> dict[str, Any]:
    everything = {"group": "*", "kind": "*"}
    spec = {
        "sourceRepos": ["*"],
        "destinations": [{"server": "*", "namespace": "*"}],
        "clusterResourceWhitelist": [everything],
    }
    return {
        "apiVersion": APPLICATION,
        "kind": "AppProject",
        "metadata": {"name": "default", "namespace": "argocd"},
        "spec": spec,
    }
