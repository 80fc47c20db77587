"""Random kustomizations for the differential test: every feature of the subset, mixed, with collisions and mistakes.

`random_tree(seed)` gives the files of a small repo whose directory `overlay` is to be built. The same seed gives the same files.
"""

from __future__ import annotations

import json
import random
from typing import Any

import yaml

NAMES = ("web", "worker", "db", "cache")
CONTAINERS = ("app", "sidecar", "init")
IMAGES = ("nginx", "registry.io/team/app", "localhost:5000/app", "app", "app/app", "busybox")
NAMESPACES = ("default", "shop", "prod", "")
KEYS = ("app", "team", "tier", "app.kubernetes.io/name")
WORDS = ("a", "b", "web", "5", "true", "on", "1.10", "x y", "null", "")


class Maker:
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

    # resources

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

    # patches

    def merge_patch(self, target: dict[str, Any]) -> dict[str, Any]:
        """A partial object of the same kind: pieces of a fresh body, and directives."""
        version, body, _ = self.body(target["kind"])
        patch = {"apiVersion": version, "kind": target["kind"], "metadata": {"name": target["metadata"]["name"]}}
        if space := target["metadata"].get("namespace"):
            patch["metadata"]["namespace"] = space
        if target["apiVersion"] != version:
            patch["apiVersion"] = target["apiVersion"]
        if self.chance(0.3):
            patch["metadata"]["labels"] = {**self.labels(), **(dict.fromkeys(self.some(KEYS, 1)))}
        if self.chance(0.3):
            patch["metadata"]["annotations"] = {**self.annotations(), **(dict.fromkeys(self.some(KEYS, 1)))}
        if self.chance(0.1):
            patch["metadata"]["finalizers"] = self.some(("f2", "f4"))
        if self.chance(0.85):
            patch.update(self.thinned(body))
        if self.chance(0.04):
            patch["$patch"] = self.r.choice(("delete", "replace", "merge"))
        if self.chance(0.02):
            patch["metadata"]["annotations"] = self.r.choice(
                (None, {"$patch": "replace", "n": "v"}, {"$patch": "delete"})
            )
        return patch

    def thinned(self, value: Any, depth: int = 0) -> Any:
        """Drops parts, and puts nulls and directives in."""
        if isinstance(value, dict):
            keys = ("name", "containerPort", "mountPath", "port", "ip", "topologyKey", "whenUnsatisfiable")
            result = {
                k: None if depth and k not in keys and self.chance(0.04) else self.thinned(v, depth + 1)
                for k, v in value.items()
                if k in keys or self.chance(0.75)
            }
            if depth and self.chance(0.04):
                result["$patch"] = self.r.choice(("delete", "replace", "merge"))
            return result
        if isinstance(value, list):
            items = [self.thinned(item, depth + 1) for item in value]
            if items and isinstance(items[0], dict) and self.chance(0.05):
                items.insert(self.r.randint(0, len(items)), {"$patch": self.r.choice(("delete", "replace", "merge"))})
            return items
        return value

    def target(self, among: list[dict[str, Any]]) -> dict[str, Any]:
        one = self.r.choice(among)
        result: dict[str, Any] = {}
        if self.chance(0.6):
            result["kind"] = self.r.choice((one["kind"], "Deployment|StatefulSet", ".*Set", "Role.*", "Deploy"))
        if self.chance(0.4):
            result["name"] = self.r.choice((one["metadata"]["name"], "w.*", "web|db", "^web$", ".*"))
        if self.chance(0.2):
            result["namespace"] = self.r.choice((one["metadata"].get("namespace", "default"), "prod|shop", "default"))
        if self.chance(0.15):
            result["group"] = self.r.choice(("apps", "", "a.*"))
        if self.chance(0.1):
            result["version"] = self.r.choice(("v1", "v.*"))
        if self.chance(0.2):
            result["labelSelector"] = self.r.choice(
                ("app=a", "app in (a,b)", "!app", "app", "app!=a", "team notin (a),app", "app=web,team=b")
            )
        if self.chance(0.1):
            result["annotationSelector"] = self.r.choice(("app=a", "team"))
        return result or {"kind": one["kind"]}

    def operations(self, kind: str) -> list[dict[str, Any]]:
        """Mostly operations that fit the kind."""
        make: tuple[Any, ...] = (
            lambda: {"op": "add", "path": "/metadata/annotations/x~1y", "value": self.r.choice(WORDS)},
            lambda: {"op": "add", "path": "/metadata/labels", "value": self.labels()},
            lambda: {"op": "replace", "path": "/metadata/name", "value": self.r.choice((*NAMES, "other"))},
            lambda: {"op": "add", "path": "/spec/replicas", "value": self.r.randint(0, 9)},
            lambda: {"op": "replace", "path": "/spec/replicas", "value": 7},
            lambda: {"op": "remove", "path": "/spec/replicas"},
            lambda: {"op": "add", "path": "/spec/template/spec/containers/-", "value": self.container("extra")},
            lambda: {"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": "patched:1"},
            lambda: {
                "op": "add",
                "path": "/spec/template/spec/containers/0/env/0",
                "value": {"name": "Z", "value": "z"},
            },
            lambda: {"op": "remove", "path": "/spec/template/spec/containers/0"},
            lambda: {"op": "test", "path": "/kind", "value": "Deployment"},
            lambda: {"op": "copy", "from": "/metadata/name", "path": "/metadata/annotations/copied"},
            lambda: {"op": "move", "from": "/spec/replicas", "path": "/spec/count"},
            lambda: {"op": "remove", "path": "/metadata/annotations"},
            lambda: {"op": "add", "path": "/spec/extra", "value": {"a": None, "b": [1, 2.0, None]}},
        )
        pods = kind in ("Deployment", "StatefulSet", "DaemonSet", "Job")
        spec = pods or kind in ("Service", "CronJob", "Pod", "Widget", "PersistentVolumeClaim")
        weights: tuple[float, ...] = (
            6,
            4,
            1,
            6 * spec,
            2 * spec,
            0.3,
            2 * pods,
            2 * pods,
            0.3 * pods,
            1 * pods,
            0.3,
            3,
            0.3,
            1,
            3 * spec,
        )
        return [build() for build in self.r.choices(make, weights, k=self.r.randint(1, 2))]

    def patches(self, among: list[dict[str, Any]], directory: str) -> list[dict[str, Any]]:
        result = []
        for number in range(self.r.randint(1, 4)):
            chosen = self.r.choice(among)
            if self.chance(0.25):
                entry: dict[str, Any] = {"target": {"kind": chosen["kind"], **self.target([chosen])}}
                text = (
                    json.dumps(self.operations(chosen["kind"]))
                    if self.chance(0.3)
                    else dump(self.operations(chosen["kind"]))
                )
            elif self.chance(0.3):
                entry = {"target": self.target([chosen])}
                text = dump(self.merge_patch(chosen))
            else:
                entry = {}
                text = "---\n".join(
                    dump(self.merge_patch(each)) for each in [chosen, *self.some(among, 1)][: self.r.randint(1, 2)]
                )
            if self.chance(0.3):
                entry["path"] = f"patch{number}.yaml"
                self.files[f"{directory}/patch{number}.yaml"] = text.encode()
            else:
                entry["patch"] = text
            result.append(entry)
        return result

    # kustomizations

    def generators(self, directory: str, names: tuple[str, ...], behaviors: tuple[str, ...]) -> list[dict[str, Any]]:
        result = []
        for name in names:
            entry: dict[str, Any] = {"name": name}
            if self.chance(0.9):
                entry["literals"] = [
                    f"{k}={self.r.choice(('v', chr(34) + 'q' + chr(34), '<x>&', 'a=b', 'ü', ''))}"
                    for k in self.some(("A", "B", "C"))
                ]
            if self.chance(0.3):
                entry["files"] = self.some(("conf.ini", "bin=blob.bin", "renamed=conf.ini"), 2)
                self.files[f"{directory}/conf.ini"] = b"[a]\nb=1\n"
                self.files[f"{directory}/blob.bin"] = bytes([0xFF, 0, 1, 2]) * self.r.choice((3, 40))
            if self.chance(0.25):
                entry["envs"] = ["vars.env"]
                self.files[f"{directory}/vars.env"] = b'# c\n\nE=1\n F = 2 \nG\nH="q"\n'
            if behavior := self.r.choice(behaviors):
                entry["behavior"] = behavior
            if self.chance(0.3):
                options: dict[str, Any] = {}
                if self.chance(0.5):
                    options["disableNameSuffixHash"] = self.chance(0.7)
                if self.chance(0.4):
                    options["labels"] = self.labels()
                if self.chance(0.3):
                    options["annotations"] = {"n" if self.chance(0.03) else "note": "v"}
                if self.chance(0.3):
                    options["immutable"] = True
                entry["options"] = options
            if self.chance(0.1):
                entry["namespace"] = self.r.choice(("shop", "prod"))
            result.append(entry)
        return result

    def customise(self, k: dict[str, Any], among: list[dict[str, Any]], directory: str) -> None:
        r = self.r
        if among and self.chance(0.6):
            k["patches"] = self.patches(among, directory)
        if self.chance(0.4):
            k["namespace"] = r.choice(("shop", "prod", "default"))
        if self.chance(0.15):
            k["namePrefix"] = r.choice(("pre-", "x-"))
        if self.chance(0.1):
            k["nameSuffix"] = r.choice(("-suf", "-v2"))
        if self.chance(0.4):
            k["labels"] = [self.label() for _ in range(r.randint(1, 2))]
        if self.chance(0.05):
            k["commonLabels"] = {"common": "yes"}
        if self.chance(0.25):
            k["commonAnnotations"] = {"note": r.choice(WORDS), **({"app": "x"} if self.chance(0.3) else {})}
        if self.chance(0.5):
            k["images"] = [self.image_entry() for _ in range(r.randint(1, 3))]
        scaled = [x["metadata"]["name"] for x in among if x["kind"] in ("Deployment", "StatefulSet")]
        if scaled and self.chance(0.3):
            k["replicas"] = [{"name": n, "count": r.randint(0, 9)} for n in self.some(scaled, 2)]

    def label(self) -> dict[str, Any]:
        entry: dict[str, Any] = {
            "pairs": {k: self.r.choice(("x", "5", "true")) for k in self.some((*KEYS, "extra"), 2)}
        }
        if self.chance(0.3):
            entry["includeSelectors"] = self.chance(0.8)
        if self.chance(0.4):
            entry["includeTemplates"] = True
        if self.chance(0.15):
            fields = (
                {"path": "spec/extra/labels", "create": True, "kind": "Widget"},
                {"path": "spec/template/metadata/labels", "create": False},
            )
            entry["fields"] = [self.r.choice(fields)]
        return entry

    def image_entry(self) -> dict[str, Any]:
        entry: dict[str, Any] = {"name": self.r.choice((*IMAGES, "app", "registry.io/team/app"))}
        if self.chance(0.4):
            entry["newName"] = self.r.choice(("mirror/app", "app", "nginx"))
        if self.chance(0.6):
            entry["newTag"] = self.r.choice(("9", "v9", "1.2.3"))
        if self.chance(0.3):
            entry["digest"] = "sha256:0123"
        return entry

    def write(self, directory: str, k: dict[str, Any]) -> None:
        self.files[f"{directory}/kustomization.yaml"] = dump(k).encode()

    def base(self, directory: str, kinds: tuple[str, ...], count: int) -> list[dict[str, Any]]:
        objects: dict[tuple[str, str], dict[str, Any]] = {}
        for _ in range(count):
            kind, name = self.r.choice(kinds), self.r.choice(NAMES)
            objects[kind, name] = self.resource(kind, name)
        made = list(objects.values())
        if self.chance(0.2):
            many = "---\n".join(dump(each) for each in made)
            self.files[f"{directory}/all.yaml"] = many.encode()
            entries = ["all.yaml"]
        elif self.chance(0.1):
            self.files[f"{directory}/list.yaml"] = dump({"apiVersion": "v1", "kind": "List", "items": made}).encode()
            entries = ["list.yaml"]
        else:
            entries = []
            for number, each in enumerate(made):
                entries.append(f"r{number}.yaml")
                self.files[f"{directory}/r{number}.yaml"] = dump(each).encode()
        k: dict[str, Any] = {"resources": entries}
        if self.chance(0.3):
            k["configMapGenerator"] = self.generators(directory, ("cfg",), ("", "create"))
        if self.chance(0.4):
            self.customise(k, made, directory)
        self.write(directory, k)
        return made


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


def random_tree(seed: int) -> dict[str, bytes]:
    m = Maker(seed)
    made = m.base("base", KINDS, m.r.randint(1, 7))
    k: dict[str, Any] = {"resources": ["../base"]}
    if m.chance(0.2):
        other = m.base("other", ("Widget", "ConfigMap", "ServiceAccount"), 2)
        k["resources"].append("../other")
        made += other
    below = "overlay"
    if m.chance(0.3):
        below = "middle"
    if m.chance(0.3):
        component: dict[str, Any] = {"apiVersion": "kustomize.config.k8s.io/v1alpha1", "kind": "Component"}
        if m.chance(0.4):
            m.files["component/extra.yaml"] = dump(m.resource(m.r.choice(KINDS), "extra")).encode()
            component["resources"] = ["extra.yaml"]
        if m.chance(0.3):
            component["configMapGenerator"] = m.generators("component", ("settings",), ("",))
        m.customise(component, made, "component")
        m.write("component", component)
        k["components"] = ["../component"]
    if m.chance(0.3):
        generated = any(b"configMapGenerator" in data for path, data in m.files.items() if path.startswith("base/"))
        if generated and m.chance(0.8):
            k["configMapGenerator"] = m.generators(below, ("cfg",), ("merge",) * 6 + ("replace",) * 6 + ("",))
        else:
            k["configMapGenerator"] = m.generators(below, ("own",), ("",) * 12 + ("create", "merge"))
    if m.chance(0.1):
        k["generatorOptions"] = {"disableNameSuffixHash": m.chance(0.5), "labels": m.labels()}
    if m.chance(0.3):
        m.files[f"{below}/own.yaml"] = dump(m.resource(m.r.choice(KINDS), "own")).encode()
        k["resources"].insert(m.r.randint(0, 1), "own.yaml")
    m.customise(k, made, below)
    if m.chance(0.1):
        k["sortOptions"] = m.r.choice(
            (
                {"order": "fifo"},
                {"order": "legacy"},
                {"order": "legacy", "legacySortOptions": {"orderFirst": ["Service"], "orderLast": ["Deployment"]}},
            )
        )
    m.write(below, k)
    if below == "middle":
        top: dict[str, Any] = {"resources": ["../middle"]}
        m.customise(top, made, "overlay")
        m.write("overlay", top)
    return m.files
