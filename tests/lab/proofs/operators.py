"""The CRDs of the operators that blueprints write for, made from the facts that the repo holds in `scripts/crds`."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

    from tests.lab.kube import Object

FACTS = Path(__file__).parents[3] / "scripts" / "crds"


def crds_for(kinds: Collection[tuple[str, str]]) -> list[Object]:
    """One CustomResourceDefinition for each `(group, kind)` that is not Kubernetes' own; others are left out."""
    return [crd for kind, crd in _known().items() if kind in kinds]


@functools.cache
def _known() -> dict[tuple[str, str], Object]:
    found = {}
    for path in sorted(FACTS.glob("*.json")):
        facts = json.loads(path.read_text())
        for entry in facts["kinds"]:
            found[entry["group"], entry["kind"]] = _crd(entry, facts["$defs"])
    return found


def _crd(entry: Object, definitions: Object) -> Object:
    served = [version for version in entry["versions"] if version["served"]]
    kind, plural = entry["kind"], entry["plural"]
    names = {"kind": kind, "listKind": f"{kind}List", "plural": plural, "singular": kind.lower()}
    versions = [_version(version, definitions, storage=version is served[0]) for version in served]
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        # Kubernetes protects its own groups, such as that of the Gateway API, by this annotation.
        "metadata": {
            "name": f"{plural}.{entry['group']}",
            "annotations": {"api-approved.kubernetes.io": "unapproved, a copy for tests"},
        },
        "spec": {"group": entry["group"], "scope": entry["scope"], "names": names, "versions": versions},
    }


def _version(version: Object, definitions: Object, *, storage: bool) -> Object:
    schema = _whole(version["schema"], definitions)
    # The facts hold no status, and tests play the operator that writes it.
    free = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    schema = {**schema, "properties": {**schema.get("properties", {}), "status": free}}
    return {
        "name": version["name"],
        "served": True,
        "storage": storage,
        "schema": {"openAPIV3Schema": schema},
        "subresources": {"status": {}},
    }


def _whole(value: Any, definitions: Object) -> Any:
    """A schema with every shared definition back in its place."""
    if isinstance(value, list):
        return [_whole(item, definitions) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(reference := value.get("$ref"), str):
        return _whole(definitions[reference.removeprefix("#/$defs/")], definitions)
    return {key: _whole(item, definitions) for key, item in value.items()}


def without_rules(value: Any) -> Any:
    """A schema without its CEL rules: an API server refuses a rule that calls a function newer than itself."""
    if isinstance(value, list):
        return [without_rules(item) for item in value]
    if not isinstance(value, dict):
        return value
    return {key: without_rules(item) for key, item in value.items() if key != "x-kubernetes-validations"}
