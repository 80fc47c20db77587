"""A claim is what a ResourceQuota would charge: per kind, at the steady, peak and rollout count (reference/budget.md §2)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.budget.claim import added, claim
from atmos_cli.budget.findings import claim_diagnostics
from atmos_cli.budget.replicas import Pods, pods
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity
from atmos_cli.kube.quantity import ZERO, parse
from atmos_cli.yamlio.load import load

POD = "containers: [{name: web, resources: {requests: {cpu: 100m, memory: 1Gi}, limits: {memory: 1Gi}}}]"


def obj(kind: str, spec: str, api: str = "apps/v1", name: str = "x"):
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name}, "spec": load(("{" + spec + "}").encode())}


def deployment(spec: str = "", name: str = "x"):
    comma = ", " if spec else ""
    return obj("Deployment", f"{spec}{comma}template: {{spec: {{{POD}}}}}", name=name)


def hpa(spec: str, kind: str = "Deployment"):
    return obj("HorizontalPodAutoscaler", f"scaleTargetRef: {{kind: {kind}, name: x}}, {spec}", "autoscaling/v2")


def keda(spec: str = "a: 1"):
    return obj("ScaledObject", f"scaleTargetRef: {{name: x}}, {spec}", "keda.sh/v1alpha1")


def counts(*resources):
    line = next(line for line in claim(resources).lines if line.each)
    return line.pods.steady, line.pods.peak, line.pods.rollout


@pytest.mark.parametrize(
    ("replicas", "surge", "rollout"),
    [
        (1, "25%", 2), (2, "25%", 3), (4, "25%", 5), (5, "25%", 7), (10, "10%", 11), (11, "10%", 13), (3, "0%", 3),
        (3, "100%", 6), (1, "1%", 2), (7, 1, 8), (7, 0, 7), (0, "25%", 0), (1000, "33%", 1330), (999, "33%", 1329),
        (3, "x", 3), (3, True, 3), (3, "200%", 9),
    ],
)  # fmt: skip
def test_surge_is_rounded_up(replicas, surge, rollout):
    resource = deployment(f"replicas: {replicas}")
    resource["spec"]["strategy"] = {"rollingUpdate": {"maxSurge": surge}}
    assert counts(resource) == (replicas, replicas, rollout)


@given(st.integers(0, 10**6), st.integers(0, 300))
def test_surge_is_exact(replicas, percent):
    """Without floats: 100 replicas at 29 % are 29 more, not 30."""
    spec = {"replicas": replicas, "strategy": {"rollingUpdate": {"maxSurge": f"{percent}%"}}}
    found = pods({"kind": "Deployment", "spec": spec}, scaler=None)
    extra = found.rollout - found.peak
    assert (extra - 1) * 100 < replicas * percent <= extra * 100 or (extra == 0 and replicas * percent == 0)


def test_defaults():
    assert counts(deployment()) == (1, 1, 2)
    assert counts(deployment("replicas: null")) == (1, 1, 2)
    assert counts(deployment("replicas: 3, strategy: {type: Recreate}")) == (3, 3, 3)


def test_an_autoscaler_overrides_replicas():
    assert counts(deployment("replicas: 50"), hpa("minReplicas: 2, maxReplicas: 6")) == (2, 6, 8)
    assert counts(deployment(), hpa("maxReplicas: 6")) == (1, 6, 8)
    assert counts(deployment(), hpa("minReplicas: 0, maxReplicas: 10")) == (0, 10, 13)
    assert counts(deployment(), hpa("maxReplicas: 6", kind="StatefulSet")) == (1, 1, 2)
    assert counts(deployment(), keda()) == (0, 100, 125)
    assert counts(deployment(), keda("minReplicaCount: 1, maxReplicaCount: 4")) == (1, 4, 5)


@pytest.mark.parametrize(
    ("kind", "api", "spec", "wanted"),
    [
        ("StatefulSet", "apps/v1", "replicas: 3", (3, 3, 3)),
        ("ReplicaSet", "apps/v1", "replicas: 3", (3, 3, 3)),
        ("ReplicationController", "v1", "replicas: 2", (2, 2, 2)),
        ("Job", "batch/v1", "parallelism: 5", (5, 5, 5)),
        ("Job", "batch/v1", "parallelism: 5, completions: 3", (3, 3, 3)),
        ("Job", "batch/v1", "completions: 3", (1, 1, 1)),
        ("Job", "batch/v1", "suspend: true, parallelism: 2", (0, 2, 2)),
    ],
)
def test_kinds(kind, api, spec, wanted):
    assert counts(obj(kind, f"{spec}, template: {{spec: {{{POD}}}}}", api)) == wanted


def test_a_pod_is_one():
    assert counts(obj("Pod", POD, "v1")) == (1, 1, 1)


def cron(policy: str):
    return obj(
        "CronJob",
        f"schedule: '0 * * * *', {policy} jobTemplate: {{spec: {{parallelism: 2, template: {{spec: {{{POD}}}}}}}}}",
        "batch/v1",
    )


def test_a_cron_job_runs_now_and_then():
    assert counts(cron("concurrencyPolicy: Forbid,")) == (0, 2, 2)
    assert counts(cron("concurrencyPolicy: Replace,")) == (0, 2, 2)
    assert "overlap without end" in claim([cron("")]).lines[0].unknown


@pytest.mark.parametrize(
    ("resource", "reason"),
    [
        (obj("DaemonSet", f"template: {{spec: {{{POD}}}}}"), "one pod per node"),
        (obj("Rollout", "a: 1", "argoproj.io/v1alpha1"), "decided by its operator"),
        (obj("Pooler", "a: 1", "postgresql.cnpg.io/v1"), "decided by its operator"),
        (obj("Prometheus", "a: 1", "monitoring.coreos.com/v1"), "decided by its operator"),
        (obj("Deployment", "a: 1", "example.com/v1"), "decided by its operator"),
    ],
)
def test_what_cannot_be_known_is_said(resource, reason):
    (line,) = claim([resource]).lines
    assert reason in line.unknown
    assert line.mark


@pytest.mark.parametrize(
    ("kind", "api"),
    [
        ("ConfigMap", "v1"), ("Secret", "v1"), ("ServiceAccount", "v1"), ("Role", "rbac.authorization.k8s.io/v1"),
        ("NetworkPolicy", "networking.k8s.io/v1"), ("Ingress", "networking.k8s.io/v1"), ("PodDisruptionBudget", "policy/v1"),
        ("HTTPRoute", "gateway.networking.k8s.io/v1"), ("ExternalSecret", "external-secrets.io/v1"),
        ("PodMonitor", "monitoring.coreos.com/v1"), ("ScheduledBackup", "postgresql.cnpg.io/v1"),
        ("HorizontalPodAutoscaler", "autoscaling/v2"), ("ScaledObject", "keda.sh/v1alpha1"),
    ],
)  # fmt: skip
def test_what_asks_for_nothing(kind, api):
    assert claim([obj(kind, "a: 1", api)]).lines == ()


def total(*resources, count="rollout"):
    return {name: str(amount) for name, amount in claim(resources).total(count).items() if amount != ZERO}


def test_totals_are_exact():
    assert total(deployment("replicas: 3"), count="steady") == {
        "requests.cpu": "300m", "requests.memory": "3Gi", "limits.memory": "3Gi", "pods": "3",
    }  # fmt: skip
    assert total(deployment("replicas: 3"), deployment(name="y"))["requests.cpu"] == "600m"


def test_the_smallest_amounts_add_up():
    """A thousand pods of 0.1 mCPU are a whole CPU: the API server rounds each of them up to 1m."""
    resource = deployment("replicas: 1000, strategy: {type: Recreate}")
    resource["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"]["cpu"] = "100u"
    assert total(resource)["requests.cpu"] == "1"


def test_limits_stand_in_for_requests_and_sidecars_add():
    spec = """template: {spec: {
      initContainers: [{name: s, restartPolicy: Always, resources: {limits: {cpu: 100m, memory: 1Mi}}},
                       {name: migrate, resources: {requests: {cpu: 1, memory: 1Mi}}}],
      containers: [{name: web, resources: {limits: {cpu: 200m, memory: 10Mi}}}]}}"""
    found = total(obj("StatefulSet", spec))
    assert (found["requests.cpu"], found["requests.memory"]) == ("1100m", "11Mi")


@pytest.mark.parametrize(
    ("spec", "wanted"),
    [
        ("type: ClusterIP, ports: [{port: 1}]", {}),
        ("ports: [{port: 1}]", {}),
        ("type: NodePort, ports: [{port: 1}, {port: 2}]", {"services.nodeports": "2"}),
        (
            "type: LoadBalancer, ports: [{port: 1}, {port: 2}]",
            {"services.loadbalancers": "1", "services.nodeports": "2"},
        ),
        (
            "type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{port: 1}]",
            {"services.loadbalancers": "1"},
        ),
        (
            "type: LoadBalancer, allocateLoadBalancerNodePorts: false, ports: [{port: 1, nodePort: 30000}, {port: 2}]",
            {"services.loadbalancers": "1", "services.nodeports": "1"},
        ),
        ("type: ExternalName", {}),
    ],
)
def test_services(spec, wanted):
    assert total(obj("Service", spec, "v1")) == wanted


def test_storage():
    volume = obj("PersistentVolumeClaim", "resources: {requests: {storage: 1.5Gi}}", "v1")
    assert total(volume) == {"requests.storage": "1536Mi", "persistentvolumeclaims": "1"}
    claims = "volumeClaimTemplates: [{spec: {resources: {requests: {storage: 1Gi}}}}, {spec: {resources: {requests: {storage: 2Gi}}}}]"
    stateful = obj("StatefulSet", f"replicas: 3, {claims}, template: {{spec: {{{POD}}}}}")
    assert {name: amount for name, amount in total(stateful, count="steady").items() if "storage" in name or "claims" in name} == {
        "requests.storage": "9Gi", "persistentvolumeclaims": "6",
    }  # fmt: skip
    assert total(stateful, hpa("maxReplicas: 5", kind="StatefulSet"), count="steady")["requests.storage"] == "15Gi", (
        "claims stay"
    )
    assert (
        total(obj("PersistentVolumeClaim", "resources: {requests: {storage: 100m}}", "v1"))["requests.storage"] == "1"
    )


def test_a_database():
    spec = "instances: 3, storage: {size: 10Gi}, walStorage: {size: 2Gi}, resources: {requests: {cpu: 1, memory: 1Gi}, limits: {memory: 1Gi}}"
    assert total(obj("Cluster", spec, "postgresql.cnpg.io/v1")) == {
        "requests.cpu": "3", "requests.memory": "3Gi", "limits.memory": "3Gi", "pods": "3",
        "requests.storage": "36Gi", "persistentvolumeclaims": "6",
    }  # fmt: skip
    assert total(obj("Cluster", "storage: {size: 1Gi}", "postgresql.cnpg.io/v1"))["pods"] == "1"


def test_missing_requests_are_named():
    (found,) = claim_diagnostics(
        claim([obj("Deployment", "template: {spec: {containers: [{name: web, resources: {limits: {cpu: 1}}}]}}")]),
        environment="dev",
        where="f.yaml",
    )
    assert (found.code, found.severity, found.environment) == (Code.REQUEST_MISSING, Severity.ERROR, "dev")
    assert found.message == "Deployment/x: container `web` has no memory request; the budget of 'dev' cannot count it"
    assert (
        found.hint
        == "add `resources.requests` to the container, or set `missingRequests` in `platform/budgets/dev.yaml`"
    )
    assert found.where.resource == "Deployment/x"


def test_every_bad_quantity_is_told_with_its_object():
    bad = deployment(name="a")
    bad["spec"]["template"]["spec"]["containers"][0]["resources"]["requests"] = {"cpu": "1 core", "memory": "2GB"}
    volume = obj("PersistentVolumeClaim", "resources: {requests: {storage: lots}}", "v1", name="b")
    with pytest.raises(AtmosError) as raised:
        claim([bad, deployment(), volume])
    found = raised.value.diagnostics
    assert [(d.code, d.where.resource) for d in found] == [
        (Code.QUANTITY_INVALID, "Deployment/a"),
        (Code.QUANTITY_INVALID, "Deployment/a"),
        (Code.QUANTITY_INVALID, "PersistentVolumeClaim/b"),
    ]


SHAPES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["1", "25%", "x", "1Gi"]),
    lambda inner: st.lists(inner, max_size=3)
    | st.dictionaries(
        st.sampled_from(["spec", "template", "replicas", "strategy", "rollingUpdate", "maxSurge", "containers", "resources",
                         "requests", "storage", "ports", "type", "volumeClaimTemplates", "size", "instances", "jobTemplate",
                         "scaleTargetRef", "name", "kind"]),
        inner, max_size=4,
    ),
    max_leaves=20,
)  # fmt: skip


@given(
    st.sampled_from(
        [("apps/v1", "Deployment"), ("apps/v1", "StatefulSet"), ("batch/v1", "CronJob"), ("v1", "Service"), ("v1", "Pod"),
         ("v1", "PersistentVolumeClaim"), ("postgresql.cnpg.io/v1", "Cluster"), ("autoscaling/v2", "HorizontalPodAutoscaler")]
    ),
    SHAPES,
)  # fmt: skip
def test_any_shape_gives_a_claim_or_located_errors(kind, spec):
    resource = {"apiVersion": kind[0], "kind": kind[1], "metadata": {"name": "x"}, "spec": spec}
    found: tuple[Diagnostic, ...] = ()
    try:
        claim([resource, deployment()]).total("rollout")
    except AtmosError as error:
        found = error.diagnostics
    assert {d.code for d in found} <= {Code.QUANTITY_INVALID}


def test_sums():
    assert added([]) == {}
    assert added([{"a": parse("1")}, {"a": parse("500m"), "b": parse("1Gi")}]) == {
        "a": parse("1500m"),
        "b": parse("1Gi"),
    }
    assert Pods(1, 2, 3).unknown == ""
