"""A service with everything on each type of cluster: it passes every check, and no cluster takes anything from another."""

from __future__ import annotations

import functools

import pytest

from atmos_cli.adapters.bundle import catalogue, versions
from atmos_cli.budget.claim import claim
from atmos_cli.checks.registry import run
from atmos_cli.checks.subject import Subject
from atmos_cli.commands.init import InitOptions, new_config
from atmos_cli.config import Config, read_config
from atmos_cli.engines.registry import ENGINES
from atmos_cli.gitops.generate import generate
from atmos_cli.kube.resource import group_version
from atmos_cli.kustomize.build import build
from atmos_cli.layout.skeleton import config_text, default_budget, skeleton
from atmos_cli.layout.tenants import RULES
from atmos_cli.ports import MemoryTree
from atmos_cli.spec.model import ServiceSpec
from atmos_cli.yamlio.load import load_all

KINDS = catalogue().cluster_kinds
TYPES = tuple(KINDS.types)
# The plural of each kind, where it is more than the kind in lower case with an s.
PLURALS = {
    "NetworkPolicy": "networkpolicies",
    "CiliumNetworkPolicy": "ciliumnetworkpolicies",
    "Ingress": "ingresses",
    "Canary": "canaries",
}
ADDONS = ("autoscaling", "egress", "http", "identity", "metrics", "postgres", "redis")
IDENTITIES = {"gke": "gcp", "gke-autopilot": "gcp", "eks": "aws-pod", "eks-auto": "aws", "aks": "azure"}


def config(name: str) -> Config:
    made = new_config(InitOptions(environments=("dev", "prod"), types=(("", name),)), catalogue=catalogue())
    value = made.model_dump(by_alias=True, exclude_unset=True)
    for cluster in value["clusters"].values():
        cluster |= {"storageClass": "fast", "pullSecrets": ["registry"], "identity": IDENTITIES.get(name, "none")}
        cluster |= {"monitoring": {"kind": KINDS.types[name].monitoring.kind, "labels": {"release": "kps"}}}
    value["environments"]["prod"]["postgres"] = {"instances": 3, "backup": "backups"}
    return Config.model_validate(value)


@functools.cache
def made(name: str) -> dict[str, bytes]:
    wanted = config(name)
    addons = {addon: {} for addon in ADDONS} | {"identity": {"name": "who"}}
    spec = ServiceSpec.model_validate(
        {
            "name": "checkout",
            "language": "node",
            "port": 80,
            "image": "ghcr.io/shop/checkout:1.0.0",
            "addons": addons,
            "volumes": {"scratch": {"path": "/scratch"}},
        }
    )
    files = generate(spec, team="shop", environments=("dev", "prod"), config=wanted, catalogue=catalogue()).files
    budgets = {each: default_budget(each, production=each == "prod") for each in wanted.environments}
    return files | skeleton(
        wanted,
        teams=["shop"],
        budgets=budgets,
        configured=(),
        spec_schema={},
        kinds=catalogue().cluster_kinds,
        versions=versions(),
    )


def built(name: str, environment: str):
    return build(MemoryTree(made(name)), f"apps/shop/checkout/overlays/{environment}")


@pytest.mark.parametrize("name", TYPES)
def test_every_check_is_passed(name):
    for environment in ("dev", "prod"):
        subject = Subject(
            service="checkout",
            team="shop",
            environment=environment,
            namespace=f"shop-{environment}",
            kubernetes="1.34",
            resources=built(name, environment),
            production=environment == "prod",
            cluster="prod",
            no_default_storage=KINDS.types[name].title if KINDS.types[name].storage_class.missing else "",
        )
        assert [(d.code, d.message) for d in run(subject, MemoryTree(made(name)))] == []
        asked = claim([each.resource for each in subject.resources])
        assert [line.unknown or line.missing for line in asked.lines if line.unknown or line.missing] == []


@pytest.mark.parametrize("name", TYPES)
def test_the_deployer_of_a_tenant_may_write_all_of_it(name):
    allowed = {(group, plural) for group, plurals, verbs in RULES for plural in plurals if "create" in verbs}
    wanted = {
        (group_version(each.resource)[0], PLURALS.get(each.resource["kind"], f"{each.resource['kind'].lower()}s"))
        for environment in ("dev", "prod")
        for each in built(name, environment)
    }
    assert wanted - allowed == set()


@pytest.mark.parametrize("name", TYPES)
def test_the_same_again_and_read_back(name):
    before = made(name)
    made.cache_clear()
    assert made(name) == before
    wanted = new_config(InitOptions(types=(("", name),)), catalogue=catalogue())
    text = config_text(wanted, KINDS)
    assert read_config(text.encode(), catalogue(), engines=ENGINES).clusters == wanted.clusters
    assert text.count("  # ") >= 10, "each value has its reason"


@pytest.mark.parametrize("name", TYPES)
def test_no_exception_stands_in_any_policy_on_aws(name):
    for data in made(name).values() if KINDS.types[name].policy.value == "aws" else ():
        assert b"except:" not in data


@pytest.mark.parametrize("name", TYPES)
def test_every_account_that_pods_use_pulls_with_the_secret(name):
    for environment in ("dev", "prod"):
        resources = [each.resource for each in built(name, environment)]
        accounts = {r["metadata"]["name"]: r for r in resources if r["kind"] == "ServiceAccount"}
        assert set(accounts) == {"checkout", "checkout-redis"}
        databases = [r["spec"] for r in resources if r["kind"] == "Cluster"]
        for holder in (*accounts.values(), *databases):
            assert holder["imagePullSecrets"] == [{"name": "registry"}]


@pytest.mark.parametrize("odd", ["openshift", "talos", "eks"])
def test_an_odd_cluster_takes_nothing_from_the_others(odd):
    """Neither users nor how a container stops: what production gets is the same with that cluster and without."""
    prod = {"kubernetes": "1.34"}
    alone = {"clusters": {"prod": prod}, "environments": {"prod": {"cluster": "prod", "replicas": 2}}}
    both = {
        "clusters": {"prod": prod, "lab": {"type": odd, "kubernetes": "1.29", "storageClass": "a"}},
        "environments": {**alone["environments"], "lab": {"cluster": "lab"}},
    }
    spec = ServiceSpec.model_validate({"name": "checkout", "language": "go", "addons": {"postgres": {}, "http": {}}})

    def production(value):
        where = Config.model_validate(value)
        files = generate(spec, team="shop", environments=tuple(where.environments), config=where, catalogue=catalogue())
        found = build(MemoryTree(files.files), "apps/shop/checkout/overlays/prod")
        return [each.resource for each in found]

    assert production(both) == production(alone)
    (pods,) = [r for r in production(both) if r["kind"] == "Deployment"]
    assert pods["spec"]["template"]["spec"]["securityContext"]["runAsUser"] == 65532
    assert pods["spec"]["template"]["spec"]["containers"][0]["lifecycle"] == {"preStop": {"sleep": {"seconds": 10}}}


def test_a_tenant_lets_everybody_ask_for_names_and_challenges_in():
    files = made("gke")
    (dns,) = load_all(files["tenants/prod/shop/allow-dns.yaml"])
    (rule,) = dns.value["spec"]["egress"]
    assert set(rule) == {"ports"}
    assert {(each["protocol"], each["port"]) for each in rule["ports"]} == {
        (protocol, port) for protocol in ("UDP", "TCP") for port in (53, 5353, 8053)
    }
    (solver,) = load_all(files["tenants/prod/shop/allow-acme-solver.yaml"])
    assert solver.value["spec"]["podSelector"] == {"matchLabels": {"acme.cert-manager.io/http01-solver": "true"}}
    (rule,) = solver.value["spec"]["ingress"]
    assert rule["ports"] == [{"protocol": "TCP", "port": 8089}]
    assert [each["ipBlock"]["cidr"] for each in rule["from"]] == ["35.191.0.0/16", "130.211.0.0/22"]


@pytest.mark.parametrize(
    ("cluster", "http", "there"),
    [
        ({}, {"issuer": ""}, set()),
        ({}, {}, {"allow-acme-solver.yaml"}),
        ({"policy": "cilium", "http": {"controller": "cilium"}}, {}, {"allow-acme-solver-cilium.yaml"}),
        (
            {"policy": "cilium", "http": {"from": ["nodes", "gateway"]}},
            {},
            {"allow-acme-solver.yaml", "allow-acme-solver-cilium.yaml"},
        ),
        ({"type": "aks", "dns": "cluster"}, {"issuer": ""}, {"allow-dns-cilium.yaml"}),
        (
            {"policy": "cilium", "dns": {"host": True, "ports": [53]}},
            {"issuer": ""},
            {"allow-dns-cilium.yaml"},
        ),
    ],
)
def test_a_tenant_has_the_policies_of_its_dialect(cluster, http, there):
    where = Config.model_validate({"clusters": {"c": cluster}, "environments": {"dev": {"cluster": "c", "http": http}}})
    files = skeleton(
        where,
        teams=["shop"],
        budgets={"dev": default_budget("dev", production=False)},
        configured=(),
        spec_schema={},
        kinds=KINDS,
        versions=versions(),
    )
    names = {path.rsplit("/", 1)[1] for path in files if path.startswith("tenants/dev/shop/allow-")}
    assert names - {"allow-dns.yaml"} == there
    (listed,) = load_all(files["tenants/dev/shop/kustomization.yaml"])
    assert names <= set(listed.value["resources"])
