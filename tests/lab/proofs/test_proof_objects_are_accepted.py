"""Everything that atmos generates is accepted by real API servers, without a warning, and its pods are admitted.

The namespaces are the generated ones, applied for real: Pod Security `restricted`, quota, limit range, network policies.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from atmos_cli.commands.init import InitOptions, new_config
from atmos_cli.gitops.generate import generate
from atmos_cli.kube.resource import pod_template
from atmos_cli.yamlio.load import load_all
from tests.lab.oracle import Oracle
from tests.lab.proofs.golden import (
    ENVIRONMENTS,
    TEAM,
    VERSIONS,
    bundled,
    config_of,
    generated,
    objects,
    objects_for,
    repo_files,
    service,
)
from tests.lab.proofs.support import few, in_memory, install_operators, of_kind, refusals, settle, tenant

if TYPE_CHECKING:
    from tests.lab.kube import Kube, Object
    from tests.lab.oracle import Verdict

pytestmark = pytest.mark.lab

Record = Callable[[str, int], None]


@dataclass(frozen=True, slots=True)
class Prepared:
    """An API server of a version that has the golden team's tenants and all CRDs."""

    version: str
    kube: Kube
    oracle: Oracle


@pytest.fixture(scope="module")
def prepared(oracle_for: Callable[[str], Oracle], control_plane: object) -> Callable[[str], Prepared]:
    known: dict[str, Prepared] = {}

    def prepare(version: str) -> Prepared:
        if version not in known:
            # The shared cluster has real quota and service account controllers; the others are an API server alone.
            shared = version == control_plane.version  # type: ignore[attr-defined]
            kube: Kube = control_plane.kube if shared else oracle_for(version).kube  # type: ignore[attr-defined]
            install_operators(kube, [one.resource for one in objects()])
            tree = in_memory(repo_files(config_of("as-init-says", version), teams=(TEAM,)))
            for environment in ENVIRONMENTS:
                settle(kube, tenant(tree, TEAM, environment), controllers=shared)
            known[version] = Prepared(version, kube, Oracle(kube))
        return known[version]

    return prepare


def test_the_matrix_has_every_language_add_on_mode_and_kind() -> None:
    """The other tests here prove what this list holds, so it may not silently become short."""
    assert len(generated()) >= 250
    assert len(objects()) >= 400
    kinds = {one.resource["kind"] for one in objects()}
    assert kinds >= {
        *("Deployment", "StatefulSet", "Service", "ServiceAccount", "NetworkPolicy", "PodDisruptionBudget", "Ingress"),
        *("PersistentVolumeClaim", "HorizontalPodAutoscaler", "HTTPRoute", "PodMonitor", "Cluster", "ScheduledBackup"),
        *("ExternalSecret", "Password", "Rollout", "AnalysisTemplate", "Canary", "MetricTemplate"),
    }
    assert {len(objects_for(version)) > 200 for version in VERSIONS} == {True}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_server_can_say_no(prepared: Callable[[str], Prepared], version: str) -> None:
    """What the tests below count as yes is worth something only where a no would have been heard."""
    oracle = prepared(version).oracle
    good = next(one.resource for one in objects_for(version) if one.resource["kind"] == "Deployment")
    misspelt = copy.deepcopy(good)
    misspelt["spec"]["replica"] = 1
    assert 'unknown field "spec.replica"' in oracle.create(misspelt).message
    assert "spec.replica: field not declared in schema" in oracle.apply(misspelt).message
    careless = copy.deepcopy(good)
    careless["spec"]["template"]["spec"]["securityContext"] = {}
    assert [w for w in oracle.ask(careless).warnings if 'would violate PodSecurity "restricted' in w]
    template, namespace = careless["spec"]["template"], good["metadata"]["namespace"]
    template["spec"]["serviceAccountName"] = "default"
    assert 'violates PodSecurity "restricted:latest"' in oracle.ask_pod(template, namespace).message
    greedy = copy.deepcopy(good["spec"]["template"])
    greedy["spec"]["serviceAccountName"] = "default"
    greedy["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "1000"
    assert "exceeded quota: budget, requested: requests.cpu=1k" in oracle.ask_pod(greedy, namespace).message


@pytest.mark.parametrize("version", VERSIONS)
def test_every_object_is_accepted(prepared: Callable[[str], Prepared], version: str, record_property: Record) -> None:
    server = prepared(version)
    verdicts = [(one.case, one.resource, server.oracle.ask(one.resource)) for one in objects_for(version)]
    record_property("cases", len(verdicts))
    wrong = refusals(verdicts)
    assert not wrong, few(wrong)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_tenant_is_accepted(prepared: Callable[[str], Prepared], version: str) -> None:
    """Also again, and by create in a cluster that has none: `settle` has applied them already."""
    server = prepared(version)
    tree = in_memory(repo_files(config_of("as-init-says", version), teams=(TEAM, "other")))
    found: list[tuple[str, dict[str, object], Verdict]] = []
    for environment in ENVIRONMENTS:
        resources = tenant(tree, TEAM, environment)
        found += [(environment, resource, server.oracle.apply(resource)) for resource in resources]
        found += [
            (environment, ns, server.oracle.create(ns))
            for ns in of_kind(tenant(tree, "other", environment), "Namespace")
        ]
    wrong = refusals(found)
    assert not wrong, few(wrong)


@pytest.mark.parametrize("version", VERSIONS)
def test_every_pod_is_admitted(prepared: Callable[[str], Prepared], version: str, record_property: Record) -> None:
    """A workload is accepted whatever its pods are; so the pods are asked for themselves."""
    server = prepared(version)
    mine = objects_for(version)
    accounts = of_kind((one.resource for one in mine), "ServiceAccount")
    server.kube.apply(*accounts)
    found: list[tuple[str, dict[str, object], Verdict]] = []
    for one in mine:
        if template := pod_template(one.resource):
            namespace = one.resource["metadata"]["namespace"]
            found.append((one.case, one.resource, server.oracle.ask_pod(template[1], namespace)))
    for account in accounts:
        metadata = account["metadata"]
        server.kube.delete("v1", "ServiceAccount", metadata["name"], metadata["namespace"])
    assert len(found) > 80
    record_property("cases", len(found))
    wrong = refusals(found)
    assert not wrong, few(wrong)


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("engine", ["argocd", "flux"])
def test_everything_an_engine_reads_is_accepted(
    prepared: Callable[[str], Prepared], version: str, engine: str, record_property: Record
) -> None:
    """Roots, projects, sets and pointers, and the role of the tenants' deployers."""
    server = prepared(version)
    options = InitOptions(environments=ENVIRONMENTS, engine=engine, kubernetes=version)  # type: ignore[arg-type]
    config = new_config(options, catalogue=bundled())
    files = {
        **repo_files(config, teams=(TEAM, "other")),
        **generate(service(), team=TEAM, environments=ENVIRONMENTS, config=config, catalogue=bundled()).files,
    }
    resources = engine_objects(files)
    install_operators(server.kube, resources)
    for namespace in {r["metadata"]["namespace"] for r in resources if "namespace" in r["metadata"]}:
        server.kube.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}, manager="engine")
    found = [(engine, resource, server.oracle.ask(resource)) for resource in resources]
    record_property("cases", len(found))
    assert {resource["kind"] for resource in resources} >= KINDS_OF_ENGINES[engine]
    wrong = [line for line in refusals(found) if FINALIZER_OF_ARGO_CD not in line]
    assert not wrong, few(wrong)


# Kubernetes would like a slash in it, but it is the only word that Argo CD knows.
FINALIZER_OF_ARGO_CD = (
    'warning: metadata.finalizers: "resources-finalizer.argocd.argoproj.io": prefer a domain-qualified'
)
KINDS_OF_ENGINES = {
    "argocd": {"AppProject", "Application", "ApplicationSet", "ClusterRole"},
    "flux": {"GitRepository", "Kustomization", "ClusterRole"},
}


def engine_objects(files: dict[str, bytes]) -> list[Object]:
    roots = ("argocd/", "clusters/", "delivery/", "infrastructure/")
    names = [name for name in sorted(files) if name.startswith(roots) and name.endswith(".yaml")]
    documents = [document.value for name in names for document in load_all(files[name], path=name)]
    return [each for each in documents if "kustomize.config" not in each["apiVersion"]]
