"""What Argo CD and Flux are pointed at exists; every overlay is reached; no pointer reads another environment."""

from __future__ import annotations

from typing import Any

import pytest

from atmos_cli.diagnostics import Diagnostic, Severity
from atmos_cli.engines.check import check_repo
from atmos_cli.ports import MemoryTree

URL = "https://git.example.org/shop/gitops.git"
ARGO = f"""
apiVersion: argoproj.io/v1alpha1
kind: AppProject
metadata: {{name: platform, namespace: argocd}}
spec: {{sourceRepos: ["{URL}"], destinations: [{{name: "*", namespace: "*"}}]}}
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {{name: atmos-root, namespace: argocd}}
spec:
  project: platform
  source: {{repoURL: "{URL}", targetRevision: main, path: argocd}}
  destination: {{name: in-cluster, namespace: argocd}}
"""
SET = f"""
apiVersion: argoproj.io/v1alpha1
kind: ApplicationSet
metadata: {{name: apps-pay, namespace: argocd}}
spec:
  goTemplate: true
  generators:
    - matrix:
        generators:
          - git: {{repoURL: "{URL}", revision: main, files: [{{path: apps/pay/*/overlays/*/gitops.json}}]}}
          - clusters: {{}}
  template:
    metadata: {{name: "{{{{ index .path.segments 2 }}}}"}}
    spec:
      project: platform
      source: {{repoURL: "{URL}", targetRevision: main, path: "{{{{ .path.path }}}}"}}
      destination: {{name: "{{{{ .name }}}}", namespace: "pay-{{{{ index .path.segments 4 }}}}"}}
"""
ROOT = f"""
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: flux-system, namespace: flux-system}}
spec: {{url: "{URL}", ref: {{branch: main}}, interval: 1m}}
---
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: flux-system, namespace: flux-system}}
spec: {{sourceRef: {{kind: GitRepository, name: flux-system}}, path: ./clusters/eu, interval: 10m, prune: true}}
"""
STAGE = """
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {{name: {name}, namespace: flux-system}}
spec:
  dependsOn: [{after}]
  sourceRef: {{kind: GitRepository, name: flux-system}}
  path: ./{path}
  interval: 10m
  prune: true
"""
SOURCE = f"""
apiVersion: source.toolkit.fluxcd.io/v1
kind: GitRepository
metadata: {{name: gitops, namespace: shop-dev}}
spec: {{url: "{URL}", ref: {{branch: main}}, interval: 1m}}
"""
POINTER = """
apiVersion: kustomize.toolkit.fluxcd.io/v1
kind: Kustomization
metadata: {name: orders, namespace: shop-dev, labels: {team: shop, service: orders, env: dev}}
spec:
  serviceAccountName: shop-deployer
  sourceRef: {kind: GitRepository, name: gitops}
  path: ./apps/shop/orders/overlays/dev
  interval: 10m
  prune: true
"""
TENANT = """
apiVersion: v1
kind: Namespace
metadata: {name: shop-dev}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: shop-deployer, namespace: shop-dev}
"""
KUSTOMIZATION = "apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\nresources: [../../base]\n"
REPO = {
    "argocd/bootstrap/root.yaml": ARGO,
    "argocd/applicationsets/apps-pay.yaml": SET,
    "apps/pay/rates/overlays/prod/kustomization.yaml": KUSTOMIZATION,
    "apps/pay/rates/overlays/prod/gitops.json": "{}",
    "apps/shop/orders/overlays/dev/kustomization.yaml": KUSTOMIZATION,
    "apps/shop/orders/service.yaml": "name: orders\n",
    "clusters/eu/flux-system/gotk-sync.yaml": ROOT,
    "clusters/eu/tenants.yaml": STAGE.format(name="tenants-dev", after="", path="tenants/dev"),
    "clusters/eu/apps.yaml": STAGE.format(name="apps", after="{name: tenants-dev}", path="delivery/eu"),
    "tenants/dev/shop/tenant.yaml": TENANT,
    "tenants/dev/shop/kustomization.yaml": KUSTOMIZATION.replace("../../base", "tenant.yaml"),
    "delivery/eu/shop/_source.yaml": SOURCE,
    "delivery/eu/shop/orders.yaml": POINTER,
}


def told(changes: dict[str, str | None] | None = None) -> list[Diagnostic]:
    files = {path: text for path, text in {**REPO, **(changes or {})}.items() if text is not None}
    return list(check_repo(MemoryTree({path: text.encode() for path, text in files.items()})))


def only(changes: dict[str, str | None]) -> Diagnostic:
    [one] = told(changes)
    return one


def edit(path: str, old: str, new: str) -> dict[str, str | None]:
    assert old in REPO[path]
    return {path: REPO[path].replace(old, new)}


def test_a_repo_that_both_engines_can_sync_passes() -> None:
    assert told() == []


def test_a_repo_without_engines_has_nothing_to_say() -> None:
    assert list(check_repo(MemoryTree({"apps/shop/orders/overlays/dev/kustomization.yaml": b"{}"}))) == []


@pytest.mark.parametrize(
    ("path", "old", "new", "code", "field", "words"),
    [
        ("argocd/bootstrap/root.yaml", "project: platform", "project: platfrm", "ENGINE_REFERENCE", "spec.project", 'in the project "platfrm"'),
        ("argocd/applicationsets/apps-pay.yaml", "project: platform", "project: pay", "ENGINE_REFERENCE", "spec.template.spec.project", '"pay"'),
        ("argocd/bootstrap/root.yaml", "destination: {name: in-cluster,", "destination: {name: a, server: b,", "ENGINE_REFERENCE", "spec.destination", "twice"),
        ("argocd/bootstrap/root.yaml", "destination: {name: in-cluster,", "destination: {", "ENGINE_REFERENCE", "spec.destination", "does not say its cluster"),
        ("delivery/eu/shop/orders.yaml", "name: gitops}", "name: gitop}", "ENGINE_REFERENCE", "spec.sourceRef.name", "gitop"),
        ("delivery/eu/shop/orders.yaml", "name: gitops}", "name: flux-system, namespace: flux-system}", "ENGINE_REFERENCE", "spec.sourceRef.namespace", "own namespace only"),
        ("delivery/eu/shop/orders.yaml", "shop-deployer", "deployer", "ENGINE_REFERENCE", "spec.serviceAccountName", "deployer"),
        ("clusters/eu/apps.yaml", "{name: tenants-dev}", "{name: tenants}", "ENGINE_REFERENCE", "spec.dependsOn[0].name", "depends on tenants"),
        ("clusters/eu/apps.yaml", "path: ./delivery/eu", "path: ./delivery/us", "ENGINE_PATH_MISSING", "spec.path", "delivery/us"),
        ("delivery/eu/shop/orders.yaml", "labels: {team: shop", "labels: {team: pay", "ENGINE_REFERENCE", "spec.path", "team pay"),
    ],
)  # fmt: skip
def test_a_pointer_to_nothing_is_found(path: str, old: str, new: str, code: str, field: str, words: str) -> None:
    one = only(edit(path, old, new))
    assert one.where is not None
    assert (one.code.name, one.where.path, one.where.field, one.severity) == (code, path, field, Severity.ERROR)
    assert words in one.message
    line = (REPO[path].replace(old, new)).splitlines()[one.where.line - 1]
    assert field.rpartition(".")[2].partition("[")[0] in line


def test_an_application_reads_a_directory_that_exists() -> None:
    more = ARGO.replace("name: atmos-root", "name: other").replace("path: argocd", "path: apps/none")
    one = only({"argocd/projects/other.yaml": more})
    assert (one.code.name, one.where and one.where.field) == ("ENGINE_PATH_MISSING", "spec.source.path")
    outside = more.replace("apps/none", "../elsewhere")
    assert only({"argocd/projects/other.yaml": outside}).code.name == "ENGINE_PATH_MISSING"


def test_paths_in_other_repos_are_not_judged() -> None:
    more = (
        ARGO.replace("name: atmos-root", "name: other")
        .replace("path: argocd", "path: charts/x")
        .replace("gitops.git", "charts.git")
    )
    assert told({"argocd/projects/other.yaml": more}) == []


def test_two_spellings_of_the_repo_are_one() -> None:
    more = ARGO.replace("name: atmos-root", "name: other").replace("path: argocd", "path: apps/none")
    ssh = more.replace(URL, "git@git.example.org:shop/gitops")
    assert only({"argocd/projects/other.yaml": ssh}).code.name == "ENGINE_PATH_MISSING"


def test_the_overlay_of_another_environment_is_the_classic_mistake() -> None:
    changes = edit("delivery/eu/shop/orders.yaml", "overlays/dev", "overlays/prod")
    changes["apps/shop/orders/overlays/prod/kustomization.yaml"] = KUSTOMIZATION
    wrong = [one for one in told(changes) if one.code.name == "ENGINE_REFERENCE"]
    assert [one.hint for one in wrong] == ["write ./apps/shop/orders/overlays/dev"]
    assert "belongs to dev, as its namespace shop-dev says, but reads the overlay of prod" in wrong[0].message


def test_the_namespace_of_a_pointer_is_made_by_a_tenant() -> None:
    one = told({"tenants/dev/shop/tenant.yaml": TENANT.replace("shop-dev", "shop-test")})
    assert {finding.where.field for finding in one if finding.where} == {"metadata.namespace"}


def test_dependencies_do_not_go_round() -> None:
    stages = [
        STAGE.format(name="a", after="{name: b}", path="tenants/dev"),
        STAGE.format(name="b", after="{name: c}", path="tenants/dev"),
        STAGE.format(name="c", after="{name: a}", path="tenants/dev"),
    ]
    one = only({"clusters/eu/round.yaml": "---".join(stages)})
    assert "waits for itself: a -> b -> c -> a" in one.message
    assert one.where is not None
    assert one.where.line == 6


def test_yaml_that_is_no_object_breaks_a_flux_path() -> None:
    one = only({"delivery/eu/shop/notes.yaml": "hello: world\n"})
    assert one.where is not None
    assert (one.code.name, one.where.path) == ("ENGINE_REFERENCE", "delivery/eu/shop/notes.yaml")
    assert told({"tenants/dev/shop/notes.yaml": "hello: world\n"}) == []


def test_an_overlay_that_nothing_reads_is_a_warning() -> None:
    one = only({"apps/shop/orders/overlays/prod/kustomization.yaml": KUSTOMIZATION})
    assert (one.code.name, one.severity) == ("ENGINE_UNREACHED", Severity.WARNING)
    assert one.where is not None
    assert one.where.path == "apps/shop/orders/overlays/prod/kustomization.yaml"
    one = only({"apps/pay/rates/overlays/prod/gitops.json": None})
    assert one.code.name == "ENGINE_UNREACHED"


def test_a_helm_release_reads_a_chart_and_values_that_exist() -> None:
    release = """
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: rates, namespace: shop-dev}
spec:
  interval: 10m
  serviceAccountName: shop-deployer
  chart:
    spec:
      chart: ./apps/shop/rates/chart
      sourceRef: {kind: GitRepository, name: gitops}
      valuesFiles: [./apps/shop/rates/overlays/dev/values.yaml]
"""
    files: dict[str, str | None] = {
        "delivery/eu/shop/rates.yaml": release,
        "apps/shop/rates/chart/Chart.yaml": "name: rates\n",
        "apps/shop/rates/overlays/dev/values.yaml": "a: 1\n",
    }
    assert told(files) == []
    problems = told(
        {**files, "apps/shop/rates/overlays/dev/values.yaml": None, "apps/shop/rates/chart/Chart.yaml": None}
    )
    assert {one.where.field for one in problems if one.where} == {
        "spec.chart.spec.chart",
        "spec.chart.spec.valuesFiles[0]",
    }


@pytest.mark.parametrize(
    "text", ["[1, 2]", "a: [", "kind: Application\napiVersion: argoproj.io/v1alpha1\nspec: 1", "kind: [Kustomization]"]
)
def test_no_shape_crashes(text: str) -> None:
    found: list[Any] = told({"argocd/x.yaml": text, "delivery/eu/x.yaml": text, "tenants/dev/x.yaml": text})
    assert not [one for one in found if one.code.name == "BUG"], found
