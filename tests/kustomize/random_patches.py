"""Random patches: strategic merge and JSON, mostly ones that fit, with directives, nulls and targets that match nothing."""

from __future__ import annotations

import json
from typing import Any

from tests.kustomize.random_resources import KEYS, NAMES, WORDS, ResourceMaker, dump


class PatchMaker(ResourceMaker):
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
