"""What the `verify:` block changes in the manifests: pods that overlap, and canaries of Argo Rollouts and Flagger."""

from __future__ import annotations

import re

import pytest

from atmos_cli.blueprint.analysis import COUNTERS
from atmos_cli.blueprint.compose import compose
from atmos_cli.budget.claim import claim
from atmos_cli.checks.registry import run
from atmos_cli.checks.subject import Subject
from atmos_cli.config import Config, namespace
from atmos_cli.diagnostics import AtmosError, Code, errors
from atmos_cli.gitops.generate import unfaithful
from atmos_cli.kube.resource import group_version, pod_template
from atmos_cli.kube.schemas import SUPPORTED, Found, lookup, schema_errors
from atmos_cli.kustomize.build import build
from atmos_cli.ports import MemoryTree
from atmos_cli.verify.traffic.sources import KINDS
from tests.blueprint.matrix import CATALOGUE, CONFIG, HERE, TEAM, laid_out, spec

ENGINES = ("argo-rollouts", "flagger")
WATCHED = Config.model_validate(
    {
        **CONFIG.model_dump(by_alias=True),
        "clusters": {
            name: {
                **each.model_dump(by_alias=True),
                "prometheus": {"url": "http://prom:9090", "matchers": {"cell": 'a"b'}},
            }
            for name, each in CONFIG.clusters.items()
        },
    }
)
ADDONS = {"autoscaling": {}, "http": {}, "metrics": {}, "postgres": {}, "redis": {}}


def made(engine, environment="prod", *, config=WATCHED, addons=ADDONS, **fields):
    verify = {"engine": engine, "source": "spring", "latency": {"hardMax": "800ms"}, **fields.pop("verify", {})}
    wanted = spec(addons=addons, verify=verify, **fields)
    return compose(wanted, team=TEAM, environment=environment, config=config, catalogue=CATALOGUE)


def kinds(composition):
    return {(r.resource["kind"], r.resource["metadata"]["name"]): r.resource for r in composition.resources}


def refused(engine, environment="prod", **more):
    with pytest.raises(AtmosError) as caught:
        made(engine, environment, **more)
    assert {d.code for d in caught.value.diagnostics} == {Code.BLUEPRINT_REFUSED}
    return " ".join(d.message for d in caught.value.diagnostics)


def test_pods_overlap_in_production_and_are_quick_elsewhere():
    plain = {
        name: compose(spec(), team=TEAM, environment=name, config=CONFIG, catalogue=CATALOGUE)
        for name in CONFIG.environments
    }
    ready = {name: kinds(each)["Deployment", "checkout"]["spec"]["minReadySeconds"] for name, each in plain.items()}
    assert ready == {"dev": 5, "test": 5, "stage": 5, "prod": 30}
    files = laid_out(plain)
    assert b"minReadySeconds" not in files[f"{HERE}/base/deployment.yaml"]
    assert b"minReadySeconds: 30" in files[f"{HERE}/overlays/prod/kustomization.yaml"]


@pytest.mark.parametrize(
    ("language", "startup", "deadline"),
    [
        ("node", {}, 300),
        ("java", {}, 300),
        ("java", {"period": 10, "failures": 60}, 690),
        ("node", {"period": 2, "failures": 150, "delay": 30}, 420),
    ],
)
def test_the_deadline_leaves_time_for_the_startup_probe(language, startup, deadline):
    wanted = spec(language=language, probes={"startup": startup})
    found = compose(wanted, team=TEAM, environment="prod", config=CONFIG, catalogue=CATALOGUE)
    deployment = kinds(found)["Deployment", "checkout"]["spec"]
    assert deployment["progressDeadlineSeconds"] == deadline > deployment["minReadySeconds"]


@pytest.mark.parametrize("engine", ENGINES)
def test_every_object_is_valid_by_its_schema(engine):
    for environment in WATCHED.environments:
        for item in made(engine, environment).resources:
            group, version = group_version(item.resource)
            assert lookup(group, version, item.resource["kind"], "1.34").status is Found.FOUND
            for kubernetes in ("1.29", "1.34", SUPPORTED[-1]):
                assert schema_errors(item.resource, kubernetes=kubernetes) == (), item.file


def test_the_schemas_see_what_is_wrong():
    rollout = kinds(made("argo-rollouts"))["Rollout", "checkout"]
    rollout["spec"]["strategy"]["canary"]["step"] = []
    assert schema_errors(rollout, kubernetes="1.34")
    canary = kinds(made("flagger"))["Canary", "checkout"]
    del canary["spec"]["analysis"]["interval"]
    assert schema_errors(canary, kubernetes="1.34")


@pytest.mark.parametrize("engine", ENGINES)
def test_overlays_build_back_and_pass_the_checks(engine):
    """One environment without the engine beside three with it: the base is the same for all."""
    wanted = spec(
        addons=ADDONS,
        verify={"engine": engine, "source": "spring"},
        environments={"dev": {"verify": {"engine": "none"}}},
    )
    found = {
        name: compose(wanted, team=TEAM, environment=name, config=WATCHED, catalogue=CATALOGUE)
        for name in WATCHED.environments
    }  # fmt: skip
    tree = MemoryTree(laid_out(found))
    for environment, composition in found.items():
        built = build(tree, f"{HERE}/overlays/{environment}")
        assert unfaithful(composition, built) == "", environment
        subject = Subject(
            service="checkout",
            team=TEAM,
            environment=environment,
            namespace=namespace(TEAM, environment),
            kubernetes="1.34",
            production=WATCHED.environments[environment].production,
            resources=built,
        )
        assert errors(run(subject, tree)) == ()
    assert ("Service", "checkout") in kinds(found["dev"])
    assert kinds(found["dev"])["Deployment", "checkout"]["metadata"]["name"] == "checkout"


@pytest.mark.parametrize("engine", ENGINES)
def test_git_never_scales_what_the_engine_scales(engine):
    assert "replicas" not in kinds(made(engine))["Deployment", "checkout"]["spec"]
    target = kinds(made(engine))["HorizontalPodAutoscaler", "checkout"]["spec"]["scaleTargetRef"]["kind"]
    assert target == {"argo-rollouts": "Rollout", "flagger": "Deployment"}[engine]
    assert "replicas" not in kinds(made(engine)).get(("Rollout", "checkout"), {"spec": {}})["spec"]


def test_a_rollout_splits_the_route_where_there_is_one():
    split = kinds(made("argo-rollouts", "stage"))
    canary = split["Rollout", "checkout"]["spec"]["strategy"]["canary"]
    plugin = canary["trafficRouting"]["plugins"]["argoproj-labs/gatewayAPI"]
    assert plugin == {"httpRoute": "checkout", "namespace": "shop-stage"}
    (rule,) = split["HTTPRoute", "checkout"]["spec"]["rules"]
    assert [(b["name"], b["weight"]) for b in rule["backendRefs"]] == [("checkout-stable", 100), ("checkout-canary", 0)]
    assert {canary["stableService"], canary["canaryService"]} == {"checkout-stable", "checkout-canary"}
    pods = kinds(made("argo-rollouts", "prod"))
    assert "trafficRouting" not in pods["Rollout", "checkout"]["spec"]["strategy"]["canary"]
    (path,) = pods["Ingress", "checkout"]["spec"]["rules"][0]["http"]["paths"]
    assert path["backend"]["service"]["name"] == "checkout", "all pods serve, by their number"


def test_a_rollout_has_three_answers():
    """Good and bad exclude each other, and neither holds when too few requests were seen."""
    (errors_of, latency) = kinds(made("argo-rollouts"))["AnalysisTemplate", "checkout-verify"]["spec"]["metrics"]

    def holds(condition, result):
        python = condition.replace("&&", " and ").replace("||", " or ").replace("!(", " not (")
        return eval(python, {"__builtins__": {}, "len": len}, {"result": result})  # noqa: S307 - our own text

    def answers(metric, result):
        return holds(metric["successCondition"], result), holds(metric["failureCondition"], result)

    def counts(new, new_bad, old, old_bad):
        return [new, 1e9 + new_bad, 2e9 + old, 3e9 + old_bad]

    good, bad, neither = (True, False), (False, True), (False, False)
    assert answers(errors_of, counts(49, 49, 1000, 0)) == neither
    assert answers(errors_of, []) == neither
    assert answers(errors_of, counts(1000, 8, 9000, 72)) == good
    assert answers(errors_of, counts(1000, 13, 9000, 72)) == bad, "0.8 % to 1.3 %: more than half as many again"
    assert answers(errors_of, counts(1000, 11, 9000, 72)) == good
    assert answers(errors_of, counts(100, 4, 900, 0)) == good, "four errors may be chance"
    assert answers(errors_of, counts(100, 5, 900, 0)) == bad
    assert answers(errors_of, counts(100000, 150, 900000, 900)) == good, "0.05 points are too little"
    assert answers(errors_of, counts(100, 50, 49, 0)) == neither, "too little old traffic to compare with"
    assert answers(latency, [199, 1e9 + 5000, 2e9 + 10]) == good, "too few for a quantile: the errors decide"
    assert answers(latency, [200, 1e9 + 150, 2e9 + 100]) == bad
    assert answers(latency, [200, 1e9 + 149, 2e9 + 100]) == good
    assert answers(latency, [200, 1e9 + 801, 2e9 + 790]) == bad
    assert answers(latency, [200, 1e9 + 0, 2e9 + 0]) == good, "no histogram"
    assert answers(latency, []) == neither
    assert (errors_of["failureLimit"], errors_of["inconclusiveLimit"], errors_of["consecutiveErrorLimit"]) == (1, 3, 4)


def test_flagger_has_a_floor_and_makes_services_and_route_itself():
    found = kinds(made("flagger", "stage"))
    assert not {("Service", "checkout"), ("HTTPRoute", "checkout")} & set(found)
    canary = found["Canary", "checkout"]["spec"]
    assert canary["provider"] == "gatewayapi:v1"
    assert canary["service"]["gatewayRefs"][0]["name"] == "shared"
    assert canary["service"]["hosts"] == ["checkout.example.com"]
    analysis = canary["analysis"]
    assert analysis["stepWeight"] * 10 == analysis["maxWeight"] == 50
    assert [m["thresholdRange"] for m in analysis["metrics"]] == [{"max": 0.2}, {"max": 0}]
    query = found["MetricTemplate", "checkout-errors"]["spec"]["query"]
    assert ">= bool 50" in query
    assert query.count("clamp_min") == 2
    nginx = kinds(made("flagger", "prod"))
    assert nginx["Canary", "checkout"]["spec"]["provider"] == "nginx"
    assert nginx["Canary", "checkout"]["spec"]["ingressRef"]["name"] == "checkout"
    inner = {name: {} for name in ADDONS if name != "http"}
    alone = kinds(made("flagger", addons=inner))["Canary", "checkout"]["spec"]
    assert (alone["provider"], alone["analysis"]["iterations"]) == ("kubernetes", 10)
    assert "stepWeight" not in alone["analysis"]


def test_policies_hold_for_the_pods_that_flagger_renames():
    """Its copy carries the labels of the template, with another `app.kubernetes.io/name`."""
    found = kinds(made("flagger", "prod"))
    template = pod_template(found["Deployment", "checkout"])[1]
    labels = {**template["metadata"]["labels"], "app.kubernetes.io/name": "checkout-primary"}
    own = {
        name: r for (kind, name), r in found.items() if kind in ("NetworkPolicy", "PodDisruptionBudget", "PodMonitor")
    }
    for name in (
        "checkout",
        "checkout-from-outside",
        "checkout-redis-client",
        "checkout-db-client",
        "checkout-from-monitoring",
    ):
        selector = own[name]["spec"].get("podSelector") or own[name]["spec"]["selector"]
        assert selector["matchLabels"].items() <= labels.items(), name
    others = [
        pod_template(r)[1]["metadata"]["labels"]
        for (_, name), r in found.items()
        if pod_template(r) and name != "checkout"
    ]
    assert others
    assert not [o for o in others if own["checkout"]["spec"].get("podSelector", own["checkout"]["spec"].get("selector"))["matchLabels"].items() <= o.items()]  # fmt: skip


def test_what_cannot_work_is_refused():
    bare = {name: each for name, each in ADDONS.items() if name not in ("autoscaling", "metrics")}
    assert "has no `prometheus`" in refused("argo-rollouts", config=CONFIG)
    assert "cannot tell the canary" in refused("argo-rollouts", verify={"source": "ingress-nginx"})
    assert "nothing scrapes" in refused("argo-rollouts", addons=bare)
    assert "Flagger scales its Deployment to zero" in refused("flagger", addons={**bare, "metrics": {}})
    volume = {"volumes": {"data": {"path": "/data", "kind": "persistent"}}, "replicas": 1}
    assert "cannot run beside it" in refused("argo-rollouts", addons={"metrics": {}}, **volume)
    assert made("argo-rollouts", addons={}, verify={"source": "istio-server"})


def test_caveats_are_said():
    flagger = " ".join(made("flagger").notes)
    assert "knows no third answer" in flagger
    assert "Git stays on it" in flagger
    rollouts = " ".join(made("argo-rollouts").notes)
    assert "pauses until somebody promotes" in rollouts
    assert "one pod of 3" in rollouts
    assert "argoproj-labs/gatewayAPI" in " ".join(made("argo-rollouts", "stage").notes)
    assert {(n.group, n.kind) for n in made("argo-rollouts").needs} >= {("argoproj.io", "Rollout")}
    assert {(n.group, n.kind) for n in made("flagger").needs} >= {("flagger.app", "Canary")}


def test_the_metrics_are_those_that_atmos_itself_would_count():
    known = {kind.name: kind for kind in KINDS}
    for name, counters in COUNTERS.items():
        kind = known[name]
        assert (counters.requests, counters.histogram, float(counters.unit)) == (kind.metric, kind.histogram, kind.unit)
        assert [label for label, _ in counters.failed] == [label for label, _ in kind.bad][: len(counters.failed)]
        for status in ("200", "404", "499", "500", "503", "5xx", "4xx", "Internal", "OK", "failure", "success"):
            ours, theirs = (
                re.fullmatch(pattern, status) is not None for pattern in (counters.failed[0][1], kind.bad[0][1])
            )
            assert ours == theirs, (name, status)


@pytest.mark.parametrize(
    ("engine", "environment", "steady", "peak", "rollout"),
    [
        ("none", "prod", 3, 3, 4),
        ("argo-rollouts", "prod", 3, 3, 4),  # surge as a Deployment does
        ("argo-rollouts", "stage", 2, 2, 4),  # a split route keeps the old version whole
    ],
)
def test_a_claim_counts_the_pods_of_a_rollout_once(engine, environment, steady, peak, rollout):
    composition = made(engine, environment, addons={"http": {}, "metrics": {}})
    asked = claim([item.resource for item in composition.resources])
    assert [line.unknown for line in asked.lines if line.unknown] == []
    assert [asked.total(count)["pods"].whole for count in ("steady", "peak", "rollout")] == [steady, peak, rollout]


def test_a_claim_counts_the_copy_of_flagger():
    wanted = {"autoscaling": {}, "http": {}, "metrics": {}}
    composition = made("flagger", addons=wanted, scaling={"min": 2, "max": 8})
    asked = claim([item.resource for item in composition.resources])
    assert [line.unknown for line in asked.lines if line.unknown] == []
    assert [asked.total(count)["pods"].whole for count in ("steady", "peak", "rollout")] == [2, 8, 20]
    cpu = asked.total("rollout")["requests.cpu"]
    assert cpu == asked.lines[0].each["requests.cpu"] * 20
