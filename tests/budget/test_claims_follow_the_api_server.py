"""How many pods, claims, load balancers and node ports a set of objects makes: one table per kind."""

import pytest

from atmos_cli.budget.claim import claim, left_behind
from atmos_cli.budget.declared import Terms
from atmos_cli.budget.explain import explained
from atmos_cli.budget.schedules import shortest_gap
from tests.budget.shapes import budget, container, counted, scaler, unknown, workload


@pytest.mark.parametrize(
    ("objects", "pods"),
    [
        ([workload(replicas=4)], ("4", "4", "5")),
        ([workload()], ("1", "1", "2")),  # replicas 1, surge 25 % rounded up
        ([workload(replicas=0)], ("0", "0", "0")),
        ([workload(replicas=4, strategy={"type": "Recreate"})], ("4", "4", "4")),
        ([workload(replicas=9, strategy={"rollingUpdate": {"maxSurge": "50%"}})], ("9", "9", "14")),
        ([workload(replicas=4, strategy={"rollingUpdate": {"maxSurge": 0, "maxUnavailable": 0}})], ("4", "4", "4")),
        ([workload(replicas=4, strategy={"rollingUpdate": {"maxSurge": 3}})], ("4", "4", "7")),
        ([workload(replicas=2), scaler(minReplicas=2, maxReplicas=10)], ("2", "10", "13")),
        ([workload(replicas=2), scaler(maxReplicas=10)], ("1", "10", "13")),
        ([workload(), scaler("ScaledObject")], ("0", "100", "125")),  # KEDA's defaults
        ([workload(), scaler("ScaledObject", minReplicaCount=1, maxReplicaCount=4)], ("1", "4", "5")),
        ([workload(), scaler(maxReplicas=3), scaler(maxReplicas=8)], ("1", "8", "10")),  # the greediest counts
        ([workload("StatefulSet", replicas=3)], ("3", "3", "3")),
        ([workload("ReplicaSet", replicas=3)], ("3", "3", "3")),
        ([workload("Job", parallelism=5, completions=2)], ("2", "2", "2")),
        ([workload("Job", parallelism=5, suspend=True)], ("0", "5", "5")),
        ([workload("CronJob", schedule="0 * * * *", concurrencyPolicy="Forbid")], ("0", "1", "1")),
        ([workload("CronJob", schedule="*/10 * * * *", activeDeadlineSeconds=3600)], ("0", "6", "6")),
        ([workload("CronJob", schedule="*/10 * * * *", activeDeadlineSeconds=601, parallelism=2)], ("0", "4", "4")),
    ],
)
def test_pods(objects, pods):
    assert counted(*objects)["pods"] == pods
    assert not unknown(*objects)


def test_daemon_sets_run_on_declared_nodes():
    by = budget(assume={"nodes": 12, "maxNodes": 20, "daemonSets": {"gpu": {"nodes": 2}}})
    surge = {"rollingUpdate": {"maxSurge": "10%"}}
    assert counted(workload("DaemonSet", updateStrategy=surge), by=by)["pods"] == ("12", "20", "22")
    assert counted(workload("DaemonSet", name="gpu"), by=by)["pods"] == ("2", "2", "2")
    assert "number of nodes is not declared" in unknown(workload("DaemonSet"))[0]


def test_init_containers_sidecars_and_their_order():
    sidecar = container("proxy", restartPolicy="Always")
    init = container("migrate", cpu="200m")
    first = {"initContainers": [sidecar, init], "containers": [container()]}
    last = {"initContainers": [init, sidecar], "containers": [container()]}
    assert counted(workload(pod=first, replicas=1))["requests.cpu"][0] == "0.3"
    assert counted(workload(pod=last, replicas=1))["requests.cpu"][0] == "0.2"


def test_limits_stand_in_for_requests_and_pods_have_levels_and_overhead():
    only_limit = {"containers": [{"name": "a", "resources": {"limits": {"cpu": "2", "memory": "1Gi"}}}]}
    assert counted(workload("StatefulSet", pod=only_limit))["requests.cpu"][0] == "2"
    whole = {"resources": {"requests": {"cpu": "3", "memory": "1Gi"}}, "containers": [{"name": "a"}]}
    assert counted(workload("StatefulSet", pod=whole))["requests.cpu"][0] == "3"
    by = budget(assume={"runtimeClasses": {"gvisor": {"cpu": "250m", "memory": "64Mi"}}})
    boxed = {"runtimeClassName": "gvisor", "containers": [container()]}
    assert counted(workload("StatefulSet", pod=boxed), by=by)["requests.cpu"][0] == "0.35"
    assert "overhead of RuntimeClass `gvisor`" in unknown(workload(pod=boxed))[0]


def test_extended_resources_and_huge_pages():
    pod = {
        "containers": [
            {"name": "a", "resources": {"limits": {"nvidia.com/gpu": 2, "hugepages-2Mi": "4Mi", "cpu": 1, "memory": 1}}}
        ]
    }
    found = counted(workload("StatefulSet", pod=pod, replicas=3))
    assert found["requests.nvidia.com/gpu"] == ("6", "6", "6")
    assert found["requests.hugepages-2Mi"][0] == str(3 * 4 * 1024**2)


def test_a_stateful_set_keeps_its_claims():
    claims = [
        {
            "metadata": {"name": "data"},
            "spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "1.5"}}},
        }
    ]
    objects = [
        workload("StatefulSet", replicas=2, volumeClaimTemplates=claims),
        scaler(target_kind="StatefulSet", minReplicas=2, maxReplicas=5),
    ]
    found = counted(*objects)
    assert found["persistentvolumeclaims"] == ("5", "5", "5")
    assert found["requests.storage/fast"] == ("10", "10", "10")  # whole bytes each
    smaller = workload("StatefulSet", replicas=1, volumeClaimTemplates=claims)
    left = left_behind(claim(objects), claim([smaller]))
    assert str(left["persistentvolumeclaims"]) == "4"
    assert not left_behind(claim([smaller]), claim(objects))


def test_claims_by_class():
    plain = {
        "apiVersion": "v1",
        "kind": "PersistentVolumeClaim",
        "metadata": {"name": "d"},
        "spec": {"resources": {"requests": {"storage": "1Gi"}}},
    }
    by = budget(limits={"requests.storage/fast": {"limit": "5Gi"}})
    assert "default StorageClass" in unknown(plain, by=by)[0]
    known = budget(limits={"requests.storage/fast": {"limit": "5Gi"}}, assume={"storageClass": "fast"})
    assert counted(plain, by=known)["requests.storage/fast"][0] == str(1024**3)
    assert not unknown(plain)
    volume = {"name": "scratch", "ephemeral": {"volumeClaimTemplate": plain}}
    assert counted(workload(pod={"containers": [container()], "volumes": [volume]}, replicas=3))[
        "persistentvolumeclaims"
    ] == ("3", "3", "4")


@pytest.mark.parametrize(
    ("spec", "balancers", "ports"),
    [
        ({"type": "LoadBalancer", "ports": [{"port": 80}, {"port": 443}]}, "1", "2"),
        ({"type": "LoadBalancer", "allocateLoadBalancerNodePorts": False, "ports": [{"port": 80}]}, "1", None),
        (
            {
                "type": "LoadBalancer",
                "allocateLoadBalancerNodePorts": False,
                "ports": [{"port": 80, "nodePort": 30080}],
            },
            "1",
            "1",
        ),
        ({"type": "NodePort", "ports": [{"port": 80}, {"port": 81}]}, None, "2"),
        ({"ports": [{"port": 80}]}, None, None),
    ],
)
def test_services(spec, balancers, ports):
    found = counted({"apiVersion": "v1", "kind": "Service", "metadata": {"name": "s"}, "spec": spec})
    assert found.get("services.loadbalancers", (None,))[0] == balancers
    assert found.get("services.nodeports", (None,))[0] == ports


def test_databases_of_cloudnative_pg():
    spec = {
        "instances": 3,
        "storage": {"size": "10Gi"},
        "walStorage": {"size": "2Gi"},
        "resources": {"requests": {"cpu": 1, "memory": "1Gi"}},
        "plugins": [{"name": "barman"}],
    }
    found = counted(
        {"apiVersion": "postgresql.cnpg.io/v1", "kind": "Cluster", "metadata": {"name": "db"}, "spec": spec}
    )
    assert found["pods"] == ("3", "3", "3")
    assert found["requests.cpu"][0] == "3.15"  # the plugin's sidecar gets what the LimitRange gives
    assert found["requests.storage"][0] == str(36 * 1024**3)
    assert found["persistentvolumeclaims"][0] == "6"


@pytest.mark.parametrize(
    "resource",
    [
        {"apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout", "metadata": {"name": "x"}, "spec": {"replicas": 9}},
        {"apiVersion": "helm.toolkit.fluxcd.io/v2", "kind": "HelmRelease", "metadata": {"name": "x"}},
        {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": "x"},
            "spec": {"sourceRef": {"name": "other"}, "path": "./apps"},
        },
        {
            "apiVersion": "kustomize.toolkit.fluxcd.io/v1",
            "kind": "Kustomization",
            "metadata": {"name": "x"},
            "spec": {"sourceRef": {"name": "gitops"}, "path": "./hidden"},
        },
        {"apiVersion": "autoscaling.k8s.io/v1", "kind": "VerticalPodAutoscaler", "metadata": {"name": "x"}},
        {"apiVersion": "gateway.networking.k8s.io/v1", "kind": "Gateway", "metadata": {"name": "x"}},
        {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x", "labels": {"istio-injection": "enabled"}}},
        workload("CronJob", schedule="* * * * *"),
        workload("CronJob", schedule="whenever", activeDeadlineSeconds=5),
        workload("Deployment", replicas="many"),
    ],
)
def test_what_cannot_be_known_is_said(resource):
    (line,) = claim([resource]).lines
    assert line.unknown


def test_an_injected_sidecar_is_not_zero():
    template = workload(pod={"containers": [container()]})
    template["spec"]["template"]["metadata"] = {"labels": {"sidecar.istio.io/inject": "true"}}
    assert "sidecar.istio.io/inject" in unknown(template)[0]


def test_a_change_of_the_unknown_is_another_mark():
    release = {
        "apiVersion": "helm.toolkit.fluxcd.io/v2",
        "kind": "HelmRelease",
        "metadata": {"name": "x"},
        "spec": {"values": {"replicas": 1}},
    }
    more = {**release, "spec": {"values": {"replicas": 99}}}
    assert claim([release]).unknown != claim([more]).unknown


def test_missing_requests_are_named_or_assumed():
    pod = {"initContainers": [{"name": "setup"}], "containers": [container(memory=None)]}
    (line,) = claim([workload(pod=pod)]).lines
    assert len(line.missing) == 3
    by = budget(missingRequests={"cpu": "50m", "memory": "64Mi"})
    (line,) = claim([workload(pod=pod, replicas=1)], terms=Terms(by)).lines
    assert not line.missing
    assert counted(workload(pod=pod, replicas=1), by=by)["requests.memory"][0] == str(64 * 1024**2)


@pytest.mark.parametrize(
    ("schedule", "gap"),
    [
        ("* * * * *", 60),
        ("*/10 * * * *", 600),
        ("0 3 * * *", 86400),
        ("0,5 3 * * *", 300),
        ("55,5 * * * *", 600),
        ("@hourly", 3600),
        ("@every 1h30m", 5400),
        ("TZ=UTC 0 0 1 * *", 86400),
        ("0 9-17 * * 1-5", 3600),
        ("0 22 * * *", 86400),
        ("60 * * * *", None),
        ("@reboot", None),
        ("", None),
        ("* * * *", None),
        ("*/0 * * * *", None),
        ("5-1 * * * *", None),
    ],
)
def test_the_shortest_gap_of_a_schedule(schedule, gap):
    assert shortest_gap(schedule) == gap


def test_the_explanation_adds_up_to_the_claim():
    pod = {
        "initContainers": [container("proxy", restartPolicy="Always"), container("migrate", cpu="900m")],
        "containers": [container(), {"name": "b", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}],
    }
    (found,) = explained([workload(pod=pod)], terms=Terms())
    rules = {share.name: share.rule for share in found.shares}
    assert "sidecar" in rules["proxy"]
    assert "from its limit" in rules["b"]
    together = sum(share.requests["cpu"].nano for share in found.shares if share.name != "migrate")
    starting = next(share.requests["cpu"].nano for share in found.shares if share.name == "migrate")
    assert found.line.each["requests.cpu"].nano == max(together, starting)
