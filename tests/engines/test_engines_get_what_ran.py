"""The files for Argo CD, Flux and tenants say what ran on real controllers (reference/lab_engines.md §2, §3, §8)."""

from __future__ import annotations

import re

import pytest

from atmos_cli.adapters.bundle import catalogue
from atmos_cli.config import Config, namespace
from atmos_cli.engines.argocd.files import cluster_labels
from atmos_cli.engines.argocd.files import root_files as argocd_files
from atmos_cli.engines.flux.files import root_files as flux_files
from atmos_cli.engines.flux.files import service_files as flux_service_files
from atmos_cli.engines.source import portable_url
from atmos_cli.kube.engine_annotations import KEEP
from atmos_cli.kube.resource import group_version
from atmos_cli.kube.schemas import SUPPORTED, Found, lookup, schema_errors
from atmos_cli.kustomize.build import build
from atmos_cli.layout.skeleton import tenant_network
from atmos_cli.layout.tenants import role_files, tenant_files
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.emit import emit_all
from tests.blueprint.matrix import CASES, CATALOGUE, composed

TEAMS = ("shop", "pay")
CONFIG = Config.model_validate(
    {
        "git": {"url": "git@github.com:org/gitops.git", "branch": "trunk", "secret": "git-auth"},
        "clusters": {"nonprod-eu": {}, "prod-eu": {}, "flux-eu": {"engine": "flux"}},
        "environments": {
            "dev": {"cluster": "nonprod-eu"},
            "staging": {"cluster": "nonprod-eu"},
            "prod": {"cluster": "prod-eu"},
            "edge": {"cluster": "flux-eu"},
            "edge-test": {"cluster": "flux-eu"},
        },
    }
)
URL = "ssh://git@github.com/org/gitops.git"
ARGO = argocd_files(CONFIG, teams=TEAMS)
FLUX = flux_files(CONFIG, teams=TEAMS, configured=["flux-eu"])
POINTERS = flux_service_files(CONFIG, team="shop", service="orders")
TENANT = tenant_files(
    "shop",
    "dev",
    quota={"requests.cpu": "4", "pods": "40"},
    defaults={"cpu": "50m", "memory": "64Mi"},
    network=tenant_network(CONFIG, "dev", catalogue().cluster_kinds),
    more={},
)
ALL = {**ARGO, **FLUX, **POINTERS, **TENANT, **role_files("flux-eu", more={})}
OBJECTS = [(path, each) for path, documents in ALL.items() for each in documents]


def of_kind(kind, files=ALL):
    return [each for documents in files.values() for each in documents if each["kind"] == kind]


def texts(value):
    if isinstance(value, dict):
        return [text for key, item in value.items() for text in (key, *texts(item))]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [str(value)]


@pytest.mark.parametrize(("path", "value"), OBJECTS, ids=[f"{p}:{v['kind']}" for p, v in OBJECTS])
def test_the_schema_takes_it(path, value):
    if value["apiVersion"].startswith("kustomize.config.k8s.io"):
        return
    group, version = group_version(value)
    assert lookup(group, version, value["kind"], "1.34").status is Found.FOUND
    for kubernetes in (SUPPORTED[0], "1.34", SUPPORTED[-1]):
        assert schema_errors(value, kubernetes=kubernetes) == ()


def test_one_bootstrap_file_holds_project_and_root():
    """An Application whose project it would have to make itself never starts."""
    project, root = ARGO["argocd/bootstrap/root.yaml"]
    assert (project["kind"], root["kind"]) == ("AppProject", "Application")
    assert root["spec"]["project"] == project["metadata"]["name"] == "platform"
    assert root["spec"]["source"]["directory"] == {
        "recurse": True,
        "include": "{projects/*,applicationsets/*,clusters/*}",
    }
    assert root["spec"]["source"]["path"] == "argocd"
    assert root["spec"]["destination"] == {"name": "in-cluster", "namespace": "argocd"}


def test_projects_sync_before_sets():
    teams = [p for p in of_kind("AppProject") if p["metadata"]["name"] in TEAMS]
    assert len(teams) == 2
    assert all(p["metadata"]["annotations"] == {"argocd.argoproj.io/sync-wave": "-1"} for p in teams)
    assert not [s for s in of_kind("ApplicationSet") if "argocd.argoproj.io/sync-wave" in texts(s)]


def test_a_project_allows_its_own_namespaces_and_nothing_of_the_cluster():
    shop = ARGO["argocd/projects/shop.yaml"][0]["spec"]
    assert shop["destinations"] == [
        {"name": "nonprod-eu", "namespace": "shop-dev"},
        {"name": "nonprod-eu", "namespace": "shop-staging"},
        {"name": "prod-eu", "namespace": "shop-prod"},
    ]
    assert shop["sourceRepos"] == [URL]
    assert shop["clusterResourceWhitelist"] == []
    assert {r["kind"] for r in shop["namespaceResourceBlacklist"]} == {
        "LimitRange",
        "ResourceQuota",
        "Role",
        "RoleBinding",
    }


def test_server_side_diff_is_off_everywhere():
    """It shows objects that the API server refuses as Synced and Healthy, and is the default from 3.6 on."""
    roots = [application["metadata"] for application in of_kind("Application")]
    every = roots + [each["spec"]["template"]["metadata"] for each in of_kind("ApplicationSet")]
    assert len(every) == len(policies())
    assert {each["annotations"]["argocd.argoproj.io/compare-options"] for each in every} == {"ServerSideDiff=false"}
    assert not [path for path, value in OBJECTS if any("ServerSideDiff=true" in text for text in texts(value))]
    assert all("ServerSideApply=true" in s["syncOptions"] for s in policies())


def policies():
    roots = [a["spec"]["syncPolicy"] for a in of_kind("Application")]
    return roots + [s["spec"]["template"]["spec"]["syncPolicy"] for s in of_kind("ApplicationSet")]


def test_retries_take_up_the_commit_that_mends():
    assert len(policies()) == 6
    assert all(policy["retry"]["refresh"] is True for policy in policies())
    assert all(policy["automated"] == {"prune": True, "selfHeal": True} for policy in policies())


def test_a_tenants_retry_ends():
    """An Application that retries for ever cannot be deleted."""
    (apps,) = ARGO["argocd/applicationsets/apps-shop.yaml"]
    policy = apps["spec"]["template"]["spec"]["syncPolicy"]
    assert policy["retry"] == {
        "limit": 20,
        "refresh": True,
        "backoff": {"duration": "5s", "factor": 2, "maxDuration": "1m"},
    }
    assert policy["syncOptions"] == ["ServerSideApply=true", "PruneLast=true", "FailOnSharedResource=true"]
    tenants = ARGO["argocd/applicationsets/tenants.yaml"][0]["spec"]["template"]["spec"]["syncPolicy"]
    assert tenants["retry"]["limit"] == -1
    assert "SkipDryRunOnMissingResource=true" in tenants["syncOptions"]


def test_identity_comes_from_the_path():
    """`gitops.json` only marks a directory: a field of it could name another team's environment."""
    (apps,) = ARGO["argocd/applicationsets/apps-shop.yaml"]
    spec = apps["spec"]
    git, clusters = spec["generators"][0]["matrix"]["generators"]
    assert git["git"]["files"] == [{"path": "apps/shop/*/overlays/*/gitops.json"}]
    assert clusters["clusters"]["selector"]["matchLabels"] == {
        "argocd.argoproj.io/secret-type": "cluster",
        "env-{{ index .path.segments 4 }}": "true",
    }
    template = spec["template"]
    assert (
        template["metadata"]["name"]
        == "shop.{{ index .path.segments 2 }}.{{ index .path.segments 4 }}.{{ .nameNormalized }}"
    )
    assert template["spec"]["project"] == "shop"
    assert template["spec"]["destination"] == {"name": "{{ .name }}", "namespace": "shop-{{ index .path.segments 4 }}"}
    assert template["spec"]["source"]["path"] == "{{ .path.path }}"
    used = {found for text in texts(spec) for found in re.findall(r"{{-?\s*(?:index\s+)?\.([a-zA-Z.]+)", text)}
    assert used <= {"path.segments", "path.path", "name", "nameNormalized"}
    assert spec["goTemplateOptions"] == ["missingkey=error"]


def test_two_directories_never_give_one_application():
    """A set in which two Applications have one name deletes running workloads; no part of a name can hold a dot."""
    for team in TEAMS:
        (apps,) = ARGO[f"argocd/applicationsets/apps-{team}.yaml"]
        name = apps["spec"]["template"]["metadata"]["name"]
        assert re.sub(r"{{.*?}}", "x", name) == f"{team}.x.x.x"
        assert apps["spec"]["ignoreApplicationDifferences"] == [{"jsonPointers": ["/spec/syncPolicy/automated"]}]


def test_infrastructure_is_by_cluster_and_tenants_by_environment():
    for kind in ("controllers", "configs"):
        git, clusters = ARGO[f"argocd/applicationsets/infra-{kind}.yaml"][0]["spec"]["generators"][0]["matrix"][
            "generators"
        ]
        assert git["git"]["directories"] == [{"path": f"infrastructure/{kind}/*/*"}]
        assert clusters["clusters"]["selector"]["matchLabels"]["cluster"] == "{{ index .path.segments 2 }}"
    spec = ARGO["argocd/applicationsets/tenants.yaml"][0]["spec"]
    git, clusters = spec["generators"][0]["matrix"]["generators"]
    assert git["git"]["directories"] == [{"path": "tenants/*/*"}]
    assert clusters["clusters"]["selector"]["matchLabels"]["env-{{ index .path.segments 1 }}"] == "true"
    assert spec["template"]["spec"]["destination"]["namespace"] == "{{ .path.basename }}-{{ index .path.segments 1 }}"


def test_a_cluster_has_one_label_per_environment():
    assert cluster_labels(CONFIG, "nonprod-eu") == {
        "argocd.argoproj.io/secret-type": "cluster",
        "cluster": "nonprod-eu",
        "env-dev": "true",
        "env-staging": "true",
    }


def test_engine_trees_are_disjoint_and_one_engine_has_each_cluster():
    assert all(path.startswith("argocd/") for path in ARGO)
    assert all(path.startswith(("clusters/flux-eu/", "delivery/flux-eu/")) for path in (*FLUX, *POINTERS))
    only_flux = CONFIG.model_copy(update={"clusters": {"flux-eu": CONFIG.clusters["flux-eu"]}})
    assert argocd_files(only_flux, teams=TEAMS) == {}


def kustomization(name, files=FLUX):
    (found,) = [k for k in of_kind("Kustomization", files) if k["metadata"]["name"] == name]
    return found


def test_flux_root():
    source, root = FLUX["clusters/flux-eu/flux-system/gotk-sync.yaml"]
    assert source["spec"] == {
        "url": URL,
        "ref": {"branch": "trunk"},
        "interval": "1m",
        "secretRef": {"name": "git-auth"},
    }
    assert (root["spec"]["path"], root["spec"]["prune"], root["spec"]["wait"]) == ("./clusters/flux-eu", True, False)


@pytest.mark.parametrize(
    ("name", "path", "after", "wait"),
    [
        ("infra-controllers", "./infrastructure/controllers/flux-eu", [], True),
        ("infra-configs", "./infrastructure/configs/flux-eu", ["infra-controllers"], True),
        ("tenants-edge", "./tenants/edge", ["infra-controllers"], True),
        ("tenants-edge-test", "./tenants/edge-test", ["infra-controllers"], True),
        ("apps", "./delivery/flux-eu", ["infra-configs", "tenants-edge", "tenants-edge-test"], False),
    ],
)
def test_flux_stages(name, path, after, wait):
    spec = kustomization(name)["spec"]
    assert (spec["path"], [d["name"] for d in spec.get("dependsOn", [])], spec["wait"]) == (path, after, wait)
    assert (spec["serviceAccountName"], spec["prune"]) == ("kustomize-controller", True)
    assert spec["sourceRef"] == {"kind": "GitRepository", "name": "flux-system"}


def test_flux_without_configs_waits_for_none():
    """A path that is not there would never become ready, and everything after it would wait for it."""
    files = flux_files(CONFIG, teams=TEAMS, configured=[])
    assert [k["metadata"]["name"] for k in of_kind("Kustomization", files) if "configs" in str(k)] == []


def test_flux_pointers_run_as_the_tenant():
    (documents,) = POINTERS.values()
    assert list(POINTERS) == ["delivery/flux-eu/shop/orders.yaml"]
    assert [d["metadata"]["namespace"] for d in documents] == ["shop-edge", "shop-edge-test"]
    for environment, pointer in zip(("edge", "edge-test"), documents, strict=True):
        spec = pointer["spec"]
        assert spec["path"] == f"./apps/shop/orders/overlays/{environment}"
        assert spec["serviceAccountName"] == "shop-deployer"
        assert spec["sourceRef"] == {"kind": "GitRepository", "name": "gitops"}
        assert (spec["timeout"], spec["retryInterval"], spec["prune"], spec["wait"]) == ("6m", "1m", True, True)
        assert pointer["metadata"]["labels"] == {"team": "shop", "service": "orders", "env": environment}


def test_target_namespace_is_never_there():
    """It would hide an overlay that was copied from another environment."""
    assert not [path for path, value in OBJECTS if "targetNamespace" in texts(value)]


def test_a_tenants_source_is_in_its_namespace_and_sees_its_directory():
    documents = FLUX["delivery/flux-eu/shop/_source.yaml"]
    assert [d["metadata"] for d in documents] == [
        {"name": "gitops", "namespace": f"shop-{e}"} for e in ("edge", "edge-test")
    ]
    assert documents[0]["spec"]["ignore"].split() == ["/*", "!/apps/", "/apps/*", "!/apps/shop/"]
    assert not [path for path in FLUX if path.startswith("tenants/")]


def tenant(kind, name=None):
    (found,) = [o for o in of_kind(kind, TENANT) if name in (None, o["metadata"]["name"])]
    return found


def test_a_tenant_has_a_restricted_home_that_is_kept():
    metadata = tenant("Namespace")["metadata"]
    assert metadata["name"] == namespace("shop", "dev") == "shop-dev"
    assert {metadata["labels"][f"pod-security.kubernetes.io/{mode}"] for mode in ("enforce", "warn", "audit")} == {
        "restricted"
    }
    assert metadata["annotations"] == KEEP


def test_a_tenant_is_bounded():
    assert tenant("ResourceQuota")["spec"]["hard"] == {"requests.cpu": "4", "pods": "40"}
    (limit,) = tenant("LimitRange")["spec"]["limits"]
    assert limit["type"] == "Container"
    assert set(limit) == {"type", "defaultRequest"}, "`default` would cap, `max` would be everybody's request"
    assert tenant("NetworkPolicy", "default-deny")["spec"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    (dns,) = tenant("NetworkPolicy", "allow-dns")["spec"]["egress"]
    assert {p["protocol"] for p in dns["ports"]} == {"UDP", "TCP"}


def test_a_deployer_may_write_what_blueprints_make_and_no_limits():
    binding = tenant("RoleBinding")
    assert binding["subjects"] == [{"kind": "ServiceAccount", "name": "shop-deployer", "namespace": "shop-dev"}]
    role = of_kind("ClusterRole")[0]
    assert binding["roleRef"]["name"] == role["metadata"]["name"]
    writable = {
        (g, r)
        for rule in role["rules"]
        if "create" in rule["verbs"]
        for g in rule["apiGroups"]
        for r in rule["resources"]
    }
    readable = {r for rule in role["rules"] if "watch" in rule["verbs"] for r in rule["resources"]}
    assert not {r for _, r in writable} & {
        "resourcequotas",
        "limitranges",
        "roles",
        "rolebindings",
        "namespaces",
        "secrets",
        "networkpolicies/status",
    }
    assert {"replicasets", "pods"} <= readable, "needed to tell health"
    made = {
        (group_version(item.resource)[0], plural(item.resource["kind"]))
        for case in CASES
        if case.endswith("everything") or case in ("persistent-volume", "env-and-secrets")
        for composition in composed(case).values()
        for item in composition.resources
    }
    assert made <= writable


def plural(kind):
    name = kind.lower()
    return name[:-1] + "ies" if name.endswith("y") else name + ("es" if name.endswith("ss") else "s")


def test_every_directory_builds():
    tree = MemoryTree({path: emit_all(values).encode() for path, values in ALL.items()})
    built = build(tree, "tenants/dev/shop")
    assert len(built) == 8
    assert {b.resource["metadata"].get("namespace", "shop-dev") for b in built} == {"shop-dev"}
    assert len(build(tree, "infrastructure/controllers/flux-eu/tenancy")) == 1


def test_data_is_kept_by_both_engines():
    """Prune=false alone leaves an Application OutOfSync for ever."""
    assert KEEP == {
        "argocd.argoproj.io/compare-options": "IgnoreExtraneous",
        "argocd.argoproj.io/sync-options": "Prune=false,Delete=false",
        "kustomize.toolkit.fluxcd.io/prune": "disabled",
    }
    data = [
        item.resource
        for case in ("node-postgres", "persistent-volume")
        for composition in composed(case).values()
        for item in composition.resources
        if item.resource["kind"] in ("Cluster", "PersistentVolumeClaim")
    ]
    assert len(data) == 6
    assert all(KEEP.items() <= resource["metadata"]["annotations"].items() for resource in data)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("git@github.com:org/repo.git", "ssh://git@github.com/org/repo.git"),
        ("github.com:org/repo", "ssh://git@github.com/org/repo"),
        ("git@host:/srv/repo.git", "ssh://git@host/srv/repo.git"),
        ("ssh://git@host:2222/repo", "ssh://git@host:2222/repo"),
        ("https://user:token@host/repo", "https://host/repo"),
        ("https://token@host/repo", "https://host/repo"),
        ("https://host:8443/repo", "https://host:8443/repo"),
        ("https://host/a@b", "https://host/a@b"),
    ],
)
def test_urls_are_portable_and_hold_no_password(given, wanted):
    assert portable_url(given) == wanted


def test_catalogue_is_the_bundled_one():
    assert set(CATALOGUE.names()) == {
        "autoscaling",
        "egress",
        "http",
        "identity",
        "metrics",
        "postgres",
        "redis",
        "web",
    }
