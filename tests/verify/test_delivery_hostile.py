"""What a cluster says is hostile: damaged objects give an answer, never a traceback, and never a longer wait."""

import copy

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atmos_cli.engines.registry import ENGINES, health_rules
from atmos_cli.verify.delivery.applied import applied
from atmos_cli.verify.health import health
from atmos_cli.verify.rollout import rollout
from atmos_cli.verify.seen import ClusterSnapshot, Delivery, Health, Order, Relation, Rollout
from tests.verify.snapshots import names, recorded

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20), st.just({}), st.just([]),
    st.just([None, 1, "x", {}, []]), st.just({"a": {"b": [1]}}), st.just("2026-02-31T25:61:61Z"), st.just(10**30),
    st.sampled_from(["True", "False", "Failed", "2026-11-23T04:00:00Z", "9999-12-31T23:59:59Z", "a" * 40, "\ud800"]),
)  # fmt: skip
ORDERS = st.builds(Relation, st.sampled_from(list(Order)), inputs_equal=st.booleans())
LISTS = [n for n in names() if n.startswith("k8s_workload")]
SINGLE = [n for n in names() if not n.startswith("k8s_")]


def places(node, path=()):
    yield path
    items = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in items:
        yield from places(value, (*path, key))


def damage(draw, node):
    """Up to six places of `node`, at any depth, replaced by something odd or taken away."""
    for _ in range(draw(st.integers(1, 6))):
        *way, last = draw(st.sampled_from([path for path in places(node) if path]))
        parent = node
        for step in way:
            parent = parent[step]
        if isinstance(parent, dict) and draw(st.booleans()):
            del parent[last]
        else:
            parent[last] = copy.deepcopy(draw(ODD))
    return node


def scene_of(objects, at, events=(), wanted=()):
    """As adapters give it: lists of objects; a list that was damaged away is empty."""
    kept = tuple(item for item in objects if isinstance(item, dict))
    return ClusterSnapshot(at, kept, tuple(wanted), kept, tuple(item for item in events if isinstance(item, dict)))


AT = 1795406790.0
SLOW = settings(max_examples=2 * settings().max_examples, suppress_health_check=list(HealthCheck))


@SLOW
@given(st.data())
def test_damaged_objects_of_the_engines_get_an_answer(data):
    name = data.draw(st.sampled_from(SINGLE))
    extra = data.draw(st.sampled_from(["flux_gitrepository_ready", "flux_gitrepository_failed"]))
    objects = damage(data.draw, [recorded(name), recorded(extra)])
    seen = scene_of(objects, AT, wanted=[recorded("flux_hr_live")])
    for engine in ENGINES.values():
        relations = {commit: data.draw(ORDERS) for commit in engine.revisions(seen)}
        found = engine.delivery(seen, relations, pushed=data.draw(st.sampled_from([0.0, AT - 500, AT + 500])))
        assert isinstance(found, Delivery)
        assert "\x1b" not in found.message
    for resource in seen.objects:
        assert isinstance(health(resource, snapshot=seen, now=AT, rules=health_rules()), Health)


@SLOW
@given(st.data())
def test_damaged_workloads_get_an_answer(data):
    objects = damage(data.draw, list(recorded(data.draw(st.sampled_from(LISTS)))))
    events = damage(data.draw, list(recorded(data.draw(st.sampled_from(["k8s_events_psa", "k8s_events_quota"])))))
    kind = data.draw(st.sampled_from(["Deployment", "StatefulSet", "DaemonSet", "Job", "Rollout"]))
    if isinstance(objects[0], dict):
        objects[0]["kind"] = kind
        objects[0]["apiVersion"] = {"Job": "batch/v1", "Rollout": "argoproj.io/v1alpha1"}.get(kind, "apps/v1")
    wanted = [item for item in objects[:1] if isinstance(item, dict)]
    seen = scene_of(objects, AT, events, wanted)
    assert isinstance(rollout(seen, now=AT), Rollout)
    applied(seen)
    for resource in seen.objects:
        assert isinstance(health(resource, snapshot=seen, now=AT, rules=health_rules()), Health)


@SLOW
@given(st.data(), st.sampled_from(["PersistentVolumeClaim/v1", "Service/v1", "Ingress/networking.k8s.io/v1", "HTTPRoute/gateway.networking.k8s.io/v1", "Gateway/gateway.networking.k8s.io/v1", "Cluster/postgresql.cnpg.io/v1", "ScaledObject/keda.sh/v1alpha1", "HorizontalPodAutoscaler/autoscaling/v2", "AnalysisRun/argoproj.io/v1alpha1", "Canary/flagger.app/v1beta1", "CustomResourceDefinition/apiextensions.k8s.io/v1", "CronJob/batch/v1", "ExternalSecret/external-secrets.io/v1", "PodDisruptionBudget/policy/v1", "EndpointSlice/discovery.k8s.io/v1"]))  # fmt: skip
def test_any_kind_with_any_status_gets_an_answer(data, named):
    kind, _, version = named.partition("/")
    keys = [
        "conditions",
        "phase",
        "parents",
        "loadBalancer",
        "metricResults",
        "instances",
        "rules",
        "selector",
        "type",
        "endpoints",
        "ports",
    ]
    body = st.dictionaries(st.sampled_from(keys), st.recursive(ODD, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3), max_leaves=6), max_size=5)  # fmt: skip
    resource = {
        "apiVersion": version,
        "kind": kind,
        "metadata": data.draw(ODD),
        "spec": data.draw(body),
        "status": data.draw(body),
    }
    seen = scene_of([resource], AT, wanted=[resource])
    assert isinstance(health(resource, snapshot=seen, now=AT, rules=health_rules()), Health)
    rollout(seen, now=AT)
    applied(seen)
