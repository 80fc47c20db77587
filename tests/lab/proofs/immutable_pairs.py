"""Pairs of objects, before and after an update, from the Kubernetes API reference: what anybody may want to change.

Whether the API server takes a change is said nowhere here: that is what the proof asks it.
"""

from __future__ import annotations

import copy
import itertools
import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.lab.kube import Object

GONE = object()
PAIRS_OF_CHANGES = 40


@dataclass(frozen=True, slots=True)
class Pair:
    """One object before and after, and which fields were changed."""

    case: str
    before: Object
    after: Object


@dataclass(frozen=True, slots=True)
class Subject:
    """An object, and by dotted path the values that a field may be given; GONE removes it."""

    name: str
    resource: Object
    changes: dict[str, list[Any]]


def pairs(namespace: str) -> Iterator[Pair]:
    """Each change alone, there and back, and some by twos, the same in every run. Every pair has a name of its own on the server."""
    for subject in SUBJECTS:
        single = [(path, value) for path, values in subject.changes.items() for value in values]
        double = [two for two in itertools.combinations(single, 2) if two[0][0] != two[1][0]]
        random.Random(subject.name).shuffle(double)
        chosen = [*((each,) for each in single), *double[:PAIRS_OF_CHANGES], ()]
        for number, changes in enumerate(chosen):
            before = copy.deepcopy(subject.resource)
            before["metadata"]["name"] = f"{subject.name}-{number}"
            if not before["metadata"].pop("clusterWide", False):
                before["metadata"]["namespace"] = namespace
            after = copy.deepcopy(before)
            for path, value in changes:
                put(after, path, value)
            shown = ", ".join(f"{path}={'gone' if value is GONE else value}" for path, value in changes)
            yield Pair(f"{subject.name}: {shown or 'nothing'}", before, after)
            if len(changes) == 1:
                yield Pair(f"{subject.name}, back: {shown}", *_renamed(after, before))


def _renamed(*resources: Object) -> list[Object]:
    return [
        {**each, "metadata": {**each["metadata"], "name": f"{each['metadata']['name']}-back"}} for each in resources
    ]


def put(resource: Object, path: str, value: Any) -> None:
    """Set or remove one field; a step that is a number goes into a list, and `/` separates where keys have dots."""
    *steps, last = path.split("/" if "/" in path else ".")
    node: Any = resource
    for step in steps:
        node = node[int(step)] if step.isdigit() else node.setdefault(step, {})
    key: Any = int(last) if last.isdigit() else last
    if value is GONE:
        del node[key]
    else:
        node[key] = copy.deepcopy(value)


def _template(labels: str = "{app: a}", restart: str = "Always") -> str:
    return f"""
    metadata: {{labels: {labels}}}
    spec:
      restartPolicy: {restart}
      containers:
        - {{name: main, image: 'registry.test/main:1', resources: {{requests: {{cpu: 100m}}}}}}
"""


def _object(text: str) -> Object:
    value: Object = yaml.safe_load(text)
    return value


def _workload(kind: str, more: str = "") -> Object:
    return _object(f"""
apiVersion: apps/v1
kind: {kind}
metadata: {{name: x}}
spec:
  selector: {{matchLabels: {{app: a}}}}
{more}
  template:
{_template()}""")


BOTH = {"app": "a", "tier": "b"}
_POD_CHANGES = {
    "spec.template.spec.containers.0.image": ["registry.test/main:2"],
    "spec.template.spec.containers.0.resources.requests.cpu": ["200m", "0.1"],
    "spec.template.metadata.labels": [BOTH],
    "spec.minReadySeconds": [5],
    "metadata.labels": [{"new": "label"}],
}
_SELECTORS = {
    "spec.selector": [
        {"matchLabels": {"app": "a"}, "matchExpressions": [{"key": "app", "operator": "Exists"}]},
        {"matchExpressions": [{"key": "app", "operator": "In", "values": ["a"]}]},
        {"matchLabels": {"app": "a"}, "matchExpressions": []},
    ]
}
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}


def _claim_template(name: str, **spec: Any) -> Object:
    return {"metadata": {"name": name}, "spec": {**_CLAIM, **spec}}


_JOB = f"""
apiVersion: batch/v1
kind: Job
metadata: {{name: x}}
spec:
  suspend: false
  template:
{_template("{}", "Never")}"""


def _job(**spec: Any) -> Object:
    found = _object(_JOB)
    found["spec"] |= spec
    return found


_JOB_CHANGES: dict[str, list[Any]] = {
    "spec.parallelism": [2],
    "spec.completions": [1, 2, 3],
    "spec.completionMode": ["NonIndexed"],
    "spec.backoffLimit": [2],
    "spec.activeDeadlineSeconds": [60],
    "spec.ttlSecondsAfterFinished": [60],
    "spec.suspend": [True, False, GONE],
    "spec.template.spec.containers.0.image": ["registry.test/main:2"],
    "spec.template.spec.nodeSelector": [{"disk": "fast"}],
    "spec.template.spec.terminationGracePeriodSeconds": [30, 60],
    "spec.template.metadata.labels": [{"a": "b"}],
    "spec.podFailurePolicy": [{"rules": [{"action": "Ignore", "onPodConditions": [{"type": "DisruptionTarget"}]}]}],
    "spec.podReplacementPolicy": ["Failed"],
}


def _service(**spec: Any) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "x"},
        "spec": {"selector": {"app": "a"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}], **spec},
    }


_SERVICE_CHANGES: dict[str, list[Any]] = {
    "spec.selector": [{"app": "b"}],
    "spec.ports.0.port": [81],
    "spec.type": ["ClusterIP", "NodePort", "LoadBalancer"],
    "spec.sessionAffinity": ["ClientIP"],
    "spec.publishNotReadyAddresses": [True],
    "metadata.annotations": [{"a": "b"}],
}
_BALANCED = {"type": "LoadBalancer", "allocateLoadBalancerNodePorts": True}
_CUSTOM = {"apiVersion": "postgresql.cnpg.io/v1", "metadata": {"name": "x"}}
_WIDE = {"name": "x", "clusterWide": True}
_ROLE = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "view"}
_PEOPLE = [{"kind": "User", "name": "a", "apiGroup": "rbac.authorization.k8s.io"}]
_BINDING_CHANGES: dict[str, list[Any]] = {
    "roleRef.name": ["edit"],
    "roleRef.kind": ["ClusterRole"],
    "roleRef.apiGroup": [GONE],
    "subjects": [[], [{"kind": "User", "name": "b", "apiGroup": "rbac.authorization.k8s.io"}]],
}
_CSI = {"driver": "csi.test", "volumeHandle": "v"}
_TEXT = "aGVsbG8="
SUBJECTS = (
    Subject(
        "deployment",
        _workload("Deployment"),
        {
            **_POD_CHANGES,
            **_SELECTORS,
            "spec.replicas": [0, 4],
            "spec.strategy": [{"type": "Recreate"}],
            "spec.paused": [True],
            "spec.progressDeadlineSeconds": [60],
            "spec.revisionHistoryLimit": [1],
        },
    ),
    *(
        Subject(
            f"deployment-rolling-{number}",
            _workload("Deployment", f"  strategy: {strategy}\n"),
            {
                "spec.strategy": [{"type": "Recreate"}, {"type": "Recreate", "rollingUpdate": None}, GONE],
                "spec.replicas": [4],
            },
        )
        for number, strategy in enumerate(
            (
                "{type: RollingUpdate, rollingUpdate: {maxSurge: 1, maxUnavailable: 0}}",
                "{rollingUpdate: {maxSurge: 1}}",
                "{rollingUpdate: {maxUnavailable: 1}}",
                "{type: RollingUpdate}",
            )
        )
    ),
    *(
        Subject(
            f"statefulset-rolling-{number}",
            _workload("StatefulSet", f"  serviceName: x\n  updateStrategy: {strategy}\n"),
            {"spec.updateStrategy": [{"type": "OnDelete"}, {"type": "OnDelete", "rollingUpdate": None}, GONE]},
        )
        for number, strategy in enumerate(("{rollingUpdate: {partition: 1}}", "{type: RollingUpdate}"))
    ),
    Subject("replicaset", _workload("ReplicaSet"), {**_POD_CHANGES, **_SELECTORS, "spec.replicas": [4]}),
    Subject(
        "daemonset",
        _workload("DaemonSet"),
        {**_POD_CHANGES, **_SELECTORS, "spec.updateStrategy": [{"type": "OnDelete"}]},
    ),
    Subject(
        "statefulset",
        _workload("StatefulSet", "  serviceName: x\n"),
        {
            **_POD_CHANGES,
            **_SELECTORS,
            "spec.replicas": [3],
            "spec.serviceName": ["y", GONE],
            "spec.podManagementPolicy": ["Parallel", "OrderedReady"],
            "spec.updateStrategy": [{"type": "OnDelete"}],
            "spec.volumeClaimTemplates": [[], [_claim_template("data")]],
            "spec.revisionHistoryLimit": [2],
            "spec.ordinals": [{"start": 1}],
            "spec.persistentVolumeClaimRetentionPolicy": [{"whenDeleted": "Delete"}],
        },
    ),
    Subject(
        "statefulset-claims",
        {
            **_workload("StatefulSet"),
            "spec": {
                **_workload("StatefulSet")["spec"],
                "serviceName": "x",
                "volumeClaimTemplates": [_claim_template("data")],
            },
        },
        {
            "spec.replicas": [3],
            "spec.volumeClaimTemplates": [
                GONE,
                [_claim_template("data", resources={"requests": {"storage": "2Gi"}})],
                [_claim_template("data", resources={"requests": {"storage": "1024Mi"}})],
                [_claim_template("data", storageClassName="fast")],
                [_claim_template("data", volumeMode="Filesystem")],
                [{**_claim_template("data"), "apiVersion": "v1", "kind": "PersistentVolumeClaim"}],
                [_claim_template("data"), _claim_template("more")],
                [_claim_template("other")],
            ],
            "spec.template.spec.containers.0.image": ["registry.test/main:2"],
        },
    ),
    Subject("job", _job(), {**_JOB_CHANGES, "spec.completionMode": ["NonIndexed"]}),
    Subject("job-parallel", _job(parallelism=2), {**_JOB_CHANGES, "spec.parallelism": [3, GONE]}),
    Subject("job-counted", _job(completions=2, parallelism=2), {**_JOB_CHANGES, "spec.completions": [2, 3, GONE]}),
    Subject(
        "job-indexed",
        _job(completionMode="Indexed", completions=2, parallelism=2, backoffLimitPerIndex=1),
        {**_JOB_CHANGES, "spec.completions": [3], "spec.parallelism": [3], "spec.backoffLimitPerIndex": [2, GONE]},
    ),
    Subject("job-suspended", _job(suspend=True), _JOB_CHANGES),
    Subject(
        "cronjob",
        {
            "apiVersion": "batch/v1",
            "kind": "CronJob",
            "metadata": {"name": "x"},
            "spec": {"schedule": "0 * * * *", "jobTemplate": {"spec": {"template": _job()["spec"]["template"]}}},
        },
        {
            "spec.schedule": ["5 * * * *"],
            "spec.jobTemplate.spec.completions": [2],
            "spec.jobTemplate.spec.template.spec.containers.0.image": ["registry.test/main:2"],
            "spec.concurrencyPolicy": ["Forbid"],
        },
    ),
    Subject(
        "claim",
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": "x"},
            "spec": {**_CLAIM, "storageClassName": "grows"},
        },
        {
            "spec.resources.requests.storage": ["2Gi", "512Mi", "1024Mi"],
            "spec.accessModes": [["ReadWriteMany"]],
            "spec.volumeMode": ["Filesystem", "Block"],
            "spec.storageClassName": ["other", GONE],
            "spec.selector": [{"matchLabels": {"a": "b"}}],
            "spec.dataSource": [{"kind": "PersistentVolumeClaim", "name": "other"}],
            "spec.resources.limits": [{"storage": "5Gi"}],
            "metadata.labels": [{"a": "b"}],
        },
    ),
    Subject(
        "service",
        _service(),
        {**_SERVICE_CHANGES, "spec.clusterIP": ["None", "10.0.0.200"], "spec.ipFamilies": [["IPv4"]]},
    ),
    Subject(
        "service-external",
        _service(),
        {"spec": [{"type": "ExternalName", "externalName": "db.test"}], "metadata.labels": [{"a": "b"}]},
    ),
    Subject(
        "service-was-external",
        _service(type="ExternalName", externalName="db.test"),
        {"spec": [{"type": "ClusterIP", "ports": [{"port": 80}]}, {"clusterIP": "None", "ports": [{"port": 80}]}]},
    ),
    Subject(
        "service-headless",
        _service(clusterIP="None"),
        {**_SERVICE_CHANGES, "spec.type": ["ClusterIP"], "spec.clusterIP": [GONE, ""]},
    ),
    Subject(
        "service-balanced",
        _service(**_BALANCED),
        {
            **_SERVICE_CHANGES,
            "spec.loadBalancerClass": ["test.example/a"],
            "spec.externalTrafficPolicy": ["Local"],
            "spec.loadBalancerSourceRanges": [["10.0.0.0/8"]],
        },
    ),
    Subject(
        "service-classed",
        _service(**_BALANCED, loadBalancerClass="test.example/a"),
        {
            "spec.loadBalancerClass": ["test.example/b", "test.example/a"],
            "spec": [_service()["spec"], _service(**_BALANCED)["spec"]],
        },
    ),
    Subject(
        "service-local",
        _service(**_BALANCED, externalTrafficPolicy="Local"),
        {"spec.healthCheckNodePort": [31999], "spec.externalTrafficPolicy": ["Cluster", GONE]},
    ),
    *(
        Subject(
            f"{kind.lower()}{'-sealed' * sealed}",
            {"apiVersion": "v1", "kind": kind, "metadata": {"name": "x"}, "data": {"a": _TEXT}, "immutable": sealed},
            {
                "data": [{"a": _TEXT}, {"a": "Yg=="}, {"a": _TEXT, "b": _TEXT}, GONE],
                "immutable": [True, False, GONE],
                **({"type": ["Opaque", "example.test/own"]} if kind == "Secret" else {"binaryData": [{"x": _TEXT}]}),
                "metadata.labels": [{"a": "b"}],
            },
        )
        for kind in ("Secret", "ConfigMap")
        for sealed in (False, True)
    ),
    *(
        Subject(
            kind.lower(),
            {
                "apiVersion": "rbac.authorization.k8s.io/v1",
                "kind": kind,
                "metadata": _WIDE if kind == "ClusterRoleBinding" else {"name": "x"},
                "roleRef": _ROLE,
                "subjects": _PEOPLE,
            },
            _BINDING_CHANGES,
        )
        for kind in ("RoleBinding", "ClusterRoleBinding")
    ),
    Subject(
        "storageclass",
        {
            "apiVersion": "storage.k8s.io/v1",
            "kind": "StorageClass",
            "metadata": _WIDE,
            "provisioner": "csi.test",
            "parameters": {"a": "b"},
        },
        {
            "provisioner": ["other.test"],
            "parameters": [{"a": "c"}, GONE],
            "reclaimPolicy": ["Retain", "Delete"],
            "volumeBindingMode": ["WaitForFirstConsumer", "Immediate"],
            "allowVolumeExpansion": [True],
            "mountOptions": [["ro"]],
            "allowedTopologies": [[{"matchLabelExpressions": [{"key": "zone", "values": ["a"]}]}]],
        },
    ),
    Subject(
        "priorityclass",
        {"apiVersion": "scheduling.k8s.io/v1", "kind": "PriorityClass", "metadata": _WIDE, "value": 10},
        {
            "value": [11],
            "preemptionPolicy": ["Never", "PreemptLowerPriority"],
            "description": ["changed"],
        },
    ),
    Subject(
        "ingressclass",
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "IngressClass",
            "metadata": _WIDE,
            "spec": {"controller": "test.example/a"},
        },
        {
            "spec.controller": ["test.example/b"],
            "spec.parameters": [{"kind": "Own", "name": "a", "apiGroup": "example.test"}],
        },
    ),
    Subject(
        "runtimeclass",
        {"apiVersion": "node.k8s.io/v1", "kind": "RuntimeClass", "metadata": _WIDE, "handler": "runc"},
        {"handler": ["kata"], "metadata.labels": [{"a": "b"}]},
    ),
    Subject(
        "quota",
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "x"},
            "spec": {"hard": {"pods": "4"}, "scopes": ["NotTerminating"]},
        },
        {"spec.hard": [{"pods": "5"}], "spec.scopes": [["Terminating"], GONE]},
    ),
    Subject(
        "endpointslice",
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {"name": "x"},
            "addressType": "IPv4",
            "endpoints": [],
        },
        {"addressType": ["IPv6"], "endpoints": [[{"addresses": ["10.0.0.1"]}]], "ports": [[{"port": 80}]]},
    ),
    Subject(
        "volume",
        {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": _WIDE,
            "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "csi": _CSI},
        },
        {
            "spec.capacity.storage": ["2Gi"],
            "spec.csi.volumeHandle": ["w"],
            "spec.persistentVolumeReclaimPolicy": ["Delete"],
            "spec.volumeMode": ["Block", "Filesystem"],
            "spec.storageClassName": ["fast"],
            "spec.mountOptions": [["ro"]],
        },
    ),
    Subject(
        "policy",
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "x"},
            "spec": {"podSelector": {}},
        },
        {"spec.podSelector": [{"matchLabels": {"a": "b"}}], "spec.policyTypes": [["Egress"]]},
    ),
    Subject(
        "disruption",
        {
            "apiVersion": "policy/v1",
            "kind": "PodDisruptionBudget",
            "metadata": {"name": "x"},
            "spec": {"minAvailable": 1, "selector": {"matchLabels": {"a": "b"}}},
        },
        {"spec.selector": [{"matchLabels": {"a": "c"}}], "spec.minAvailable": [2]},
    ),
    Subject(
        "autoscaler",
        {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "x"},
            "spec": {"maxReplicas": 4, "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "a"}},
        },
        {"spec.scaleTargetRef.name": ["b"], "spec.maxReplicas": [5], "spec.minReplicas": [2]},
    ),
    Subject(
        "cnpg-database",
        {
            **_CUSTOM,
            "kind": "Database",
            "spec": {"name": "app", "owner": "app", "cluster": {"name": "a"}, "encoding": "UTF8"},
        },
        {
            "spec.name": ["other"],
            "spec.owner": ["other"],
            "spec.cluster.name": ["b"],
            "spec.encoding": ["LATIN1", GONE],
            "spec.locale": ["C"],
            "spec.template": ["template0"],
            "spec.databaseReclaimPolicy": ["delete"],
        },
    ),
    Subject(
        "cnpg-pooler",
        {**_CUSTOM, "kind": "Pooler", "spec": {"cluster": {"name": "a"}, "pgbouncer": {"poolMode": "session"}}},
        {"spec.cluster.name": ["b"], "spec.instances": [3], "spec.pgbouncer.poolMode": ["transaction"]},
    ),
    Subject(
        "cnpg-backup",
        {**_CUSTOM, "kind": "ScheduledBackup", "spec": {"cluster": {"name": "a"}, "schedule": "0 0 2 * * *"}},
        {"spec.cluster.name": ["b"], "spec.schedule": ["0 0 3 * * *"]},
    ),
    Subject(
        "cnpg-cluster",
        {**_CUSTOM, "kind": "Cluster", "spec": {"instances": 1, "storage": {"size": "1Gi"}}},
        {"spec.instances": [3], "spec.storage.size": ["2Gi"], "spec.imageName": ["registry.test/pg:17"]},
    ),
    Subject(
        "rollout",
        {**_workload("Deployment"), "apiVersion": "argoproj.io/v1alpha1", "kind": "Rollout"},
        {
            "spec.replicas": [4],
            "spec.selector": [{"matchLabels": {"app": "b"}}, GONE],
            "spec.template.metadata.labels": [BOTH],
            "spec.strategy": [{"canary": {}}],
        },
    ),
    Subject(
        "gatewayclass",
        {
            "apiVersion": "gateway.networking.k8s.io/v1",
            "kind": "GatewayClass",
            "metadata": _WIDE,
            "spec": {"controllerName": "example.test/a"},
        },
        {"spec.controllerName": ["example.test/b"], "spec.description": ["changed"]},
    ),
)
