"""Random resources: every kind that kustomize knows something about, with collisions of names and odd values.

`ResourceMaker(seed).resource(kind, name)` gives one; the same seed and the same questions give the same answers.
"""

from __future__ import annotations

import random
from typing import Any

import yaml

NAMES = ("web", "worker", "db", "cache")
CONTAINERS = ("app", "sidecar", "init")
IMAGES = ("nginx", "registry.io/team/app", "localhost:5000/app", "app", "app/app", "busybox")
NAMESPACES = ("default", "shop", "prod", "")
KEYS = ("app", "team", "tier", "app.kubernetes.io/name")
WORDS = ("a", "b", "web", "5", "true", "on", "1.10", "x y", "null", "")
KINDS = (
    *("Deployment",) * 5,
    "StatefulSet",
    "StatefulSet",
    "DaemonSet",
    "Job",
    "CronJob",
    "Pod",
    "Service",
    "Service",
    "ConfigMap",
    "Secret",
    "ServiceAccount",
    "ServiceAccount",
    "Namespace",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "Ingress",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "NetworkPolicy",
    "PersistentVolumeClaim",
    "ValidatingWebhookConfiguration",
    "CustomResourceDefinition",
    "Widget",
)


def dump(value: Any) -> str:
    return yaml.dump(value, Dumper=_NoAliases, sort_keys=False, allow_unicode=True)


class _NoAliases(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):
    def ignore_aliases(self, data: Any) -> bool:
        return True


class ResourceMaker:
    def __init__(self, seed: int) -> None:
        self.r = random.Random(seed)
        self.files: dict[str, bytes] = {}

    def chance(self, share: float) -> bool:
        return self.r.random() < share

    def some(self, values: Any, most: int = 3) -> list[Any]:
        return self.r.sample(list(values), self.r.randint(0, min(most, len(values))))

    def labels(self) -> dict[str, Any]:
        return {key: self.r.choice(("a", "b", "web", "v1")) for key in self.some(KEYS)}

    def annotations(self) -> dict[str, Any]:
        return {key: self.r.choice((*WORDS, "y", "2020-01-01")) for key in self.some(KEYS)}

    def metadata(self, name: str, namespace: bool = True) -> dict[str, Any]:
        result: dict[str, Any] = {"name": name}
        if namespace and (space := self.r.choice((*NAMESPACES, "", ""))):
            result["namespace"] = space
        if self.chance(0.5):
            result["labels"] = self.labels()
        if self.chance(0.3):
            result["annotations"] = self.annotations()
        if self.chance(0.05):
            result["creationTimestamp"] = None
        if self.chance(0.1):
            result["finalizers"] = self.some(("f1", "f2", "f3"))
        return result

    def image(self) -> str:
        return self.r.choice(IMAGES) + self.r.choice(("", ":1", ":v2.0", "@sha256:abc", ":1@sha256:def"))

    def env(self) -> list[Any]:
        result: list[Any] = []
        for name in self.some(("A", "B", "C", "D")):
            kind = self.r.randrange(4)
            if kind == 0:
                result.append({"name": name, "value": self.r.choice(WORDS)})
            elif kind == 1:
                result.append({"name": name, "valueFrom": {"configMapKeyRef": {"name": self.config(), "key": "k"}}})
            elif kind == 2:
                result.append({"name": name, "valueFrom": {"secretKeyRef": {"name": self.r.choice(NAMES), "key": "k"}}})
            else:
                result.append({"name": name, "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}})
        return result

    def config(self) -> str:
        return self.r.choice(("cfg", "settings", *NAMES))

    def ports(self) -> list[Any]:
        result = []
        for number in self.some((80, 8080, 53, 9090)):
            port: dict[str, Any] = {"containerPort": number}
            if self.chance(0.5):
                port["protocol"] = self.r.choice(("TCP", "UDP"))
            if self.chance(0.4):
                port["name"] = f"p{number}"
            result.append(port)
        if self.chance(0.15):
            result += [{"containerPort": 53, "protocol": "TCP"}, {"containerPort": 53, "protocol": "UDP"}]
        return result

    def container(self, name: str) -> dict[str, Any]:
        result: dict[str, Any] = {"name": name, "image": self.image()}
        if self.chance(0.4):
            result["args"] = self.some(("x", "y", "--z"))
        if self.chance(0.5):
            result["env"] = self.env()
        if self.chance(0.3):
            result["envFrom"] = [{"configMapRef": {"name": self.config()}}]
        if self.chance(0.4):
            result["ports"] = self.ports()
        if self.chance(0.4):
            result["resources"] = {"requests": {"cpu": "100m", "memory": self.r.choice(("1Gi", "64Mi"))}}
        if self.chance(0.3):
            result["volumeMounts"] = [{"name": n, "mountPath": f"/{n}"} for n in self.some(("data", "tmp", "conf"))]
        if self.chance(0.2):
            result["securityContext"] = self.r.choice(({}, {"runAsNonRoot": True}, {"capabilities": {"drop": ["ALL"]}}))
        return result

    def volume(self, name: str) -> dict[str, Any]:
        source: dict[str, Any] = self.r.choice(
            (
                {"emptyDir": {}},
                {"configMap": {"name": self.config()}},
                {"secret": {"secretName": self.r.choice(NAMES)}},
                {"persistentVolumeClaim": {"claimName": self.r.choice(NAMES)}},
                {"projected": {"sources": [{"configMap": {"name": self.config()}}, {"secret": {"name": "db"}}]}},
            )
        )
        return {"name": name, **source}

    def pod_spec(self) -> dict[str, Any]:
        spec: dict[str, Any] = {"containers": [self.container(n) for n in self.some(CONTAINERS) or ["app"]]}
        if self.chance(0.2):
            spec["initContainers"] = [self.container("init")]
        if self.chance(0.3):
            spec["volumes"] = [self.volume(n) for n in self.some(("data", "tmp", "conf"))]
        if self.chance(0.3):
            spec["serviceAccountName"] = self.r.choice(NAMES)
        if self.chance(0.15):
            spec["imagePullSecrets"] = [{"name": n} for n in self.some(NAMES)]
        if self.chance(0.15):
            match = {"matchLabels": self.labels()} if self.chance(0.7) else {}
            spec["topologySpreadConstraints"] = [
                {"topologyKey": k, "whenUnsatisfiable": "ScheduleAnyway", "maxSkew": 1, "labelSelector": match}
                for k in self.some(("zone", "host"))
            ]
        if self.chance(0.1):
            term = {"topologyKey": "host", "labelSelector": {"matchLabels": self.labels()}}
            spec["affinity"] = {"podAntiAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": [term]}}
        if self.chance(0.1):
            spec["hostAliases"] = [
                {"ip": i, "hostnames": self.some(("a", "b"))} for i in self.some(("1.1.1.1", "2.2.2.2"))
            ]
        return spec

    def template(self) -> dict[str, Any]:
        result: dict[str, Any] = {"spec": self.pod_spec()}
        if self.chance(0.8):
            result["metadata"] = {"labels": self.labels()}
        return result

    def resource(self, kind: str, name: str) -> dict[str, Any]:
        version, body, scoped = self.body(kind)
        return {"apiVersion": version, "kind": kind, "metadata": self.metadata(name, scoped), **body}

    def body(self, kind: str) -> tuple[str, dict[str, Any], bool]:
        r = self.r
        if kind in ("Deployment", "StatefulSet", "DaemonSet"):
            spec: dict[str, Any] = {"selector": {"matchLabels": self.labels()}, "template": self.template()}
            if kind != "DaemonSet" and self.chance(0.6):
                spec["replicas"] = r.randint(1, 4)
            if kind == "StatefulSet":
                spec["serviceName"] = r.choice(NAMES)
                if self.chance(0.5):
                    spec["volumeClaimTemplates"] = [
                        {"metadata": {"name": "data"}, "spec": {"storageClassName": "fast"}}
                    ]
            return "apps/v1", {"spec": spec}, True
        if kind == "Job":
            return "batch/v1", {"spec": {"template": self.template()}}, True
        if kind == "CronJob":
            return (
                "batch/v1",
                {"spec": {"schedule": "* * * * *", "jobTemplate": {"spec": {"template": self.template()}}}},
                True,
            )
        if kind == "Pod":
            return "v1", {"spec": self.pod_spec()}, True
        if kind == "Service":
            ports = [
                {"port": p, **({"protocol": "TCP"} if self.chance(0.5) else {}), "targetPort": p}
                for p in self.some((80, 443, 53))
            ]
            return "v1", {"spec": {"selector": self.labels(), "ports": ports}}, True
        if kind in ("ConfigMap", "Secret"):
            field = "data" if kind == "ConfigMap" else "stringData"
            return (
                "v1",
                {field: {k: r.choice(("x", "", "a\nb\n", "<&>", "5")) for k in self.some(("k", "l", "m"))}},
                True,
            )
        if kind == "ServiceAccount":
            return (
                "v1",
                {"imagePullSecrets": [{"name": n} for n in self.some(NAMES)], "secrets": [{"name": "db"}]},
                True,
            )
        if kind == "Namespace":
            return "v1", {}, False
        if kind in ("Role", "ClusterRole"):
            rule = {
                "apiGroups": [""],
                "resources": ["configmaps"],
                "verbs": ["get"],
                "resourceNames": self.some((*NAMES, "cfg")),
            }
            return "rbac.authorization.k8s.io/v1", {"rules": [rule]}, kind == "Role"
        if kind in ("RoleBinding", "ClusterRoleBinding"):
            subjects = [
                {
                    "kind": "ServiceAccount",
                    "name": n,
                    **({"namespace": r.choice(("default", "shop", "prod"))} if self.chance(0.5) else {}),
                }
                for n in self.some((*NAMES, "default"))
            ]
            ref = {
                "apiGroup": "rbac.authorization.k8s.io",
                "kind": r.choice(("Role", "ClusterRole")),
                "name": r.choice(NAMES),
            }
            return "rbac.authorization.k8s.io/v1", {"roleRef": ref, "subjects": subjects}, kind == "RoleBinding"
        if kind == "Ingress":
            path = {"path": "/", "backend": {"service": {"name": r.choice(NAMES), "port": {"number": 80}}}}
            return (
                "networking.k8s.io/v1",
                {
                    "spec": {
                        "rules": [{"host": "h", "http": {"paths": [path]}}],
                        "tls": [{"secretName": r.choice(NAMES)}],
                    }
                },
                True,
            )
        if kind == "HorizontalPodAutoscaler":
            return (
                f"autoscaling/{r.choice(('v1', 'v2'))}",
                {"spec": {"scaleTargetRef": {"kind": "Deployment", "name": r.choice(NAMES)}, "minReplicas": 1}},
                True,
            )
        if kind == "PodDisruptionBudget":
            return "policy/v1", {"spec": {"selector": {"matchLabels": self.labels()}, "maxUnavailable": 1}}, True
        if kind == "NetworkPolicy":
            peer = {"podSelector": {"matchLabels": self.labels()}}
            return (
                "networking.k8s.io/v1",
                {"spec": {"podSelector": {"matchLabels": self.labels()}, "ingress": [{"from": [peer]}]}},
                True,
            )
        if kind == "PersistentVolumeClaim":
            return "v1", {"spec": {"storageClassName": "fast", "resources": {"requests": {"storage": "1Gi"}}}}, True
        if kind == "ValidatingWebhookConfiguration":
            hook = {
                "name": "h.io",
                "clientConfig": {
                    "service": {"name": r.choice(NAMES), "namespace": r.choice(("default", "shop")), "path": "/"}
                },
            }
            return "admissionregistration.k8s.io/v1", {"webhooks": [hook]}, False
        if kind == "CustomResourceDefinition":
            return "apiextensions.k8s.io/v1", {"spec": {"group": "x.io", "names": {"kind": "X"}, "status": None}}, False
        spec = {
            "items": [{"name": "a", "v": 1}, {"name": "b"}],
            "template": {"spec": {"containers": [self.container("app")]}},
            "nothing": None,
        }
        return "example.com/v1", {"spec": spec}, True
