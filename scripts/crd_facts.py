"""Facts of CustomResourceDefinitions: condensed for the repo, and as strict JSON Schema for the pack."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from schema_hardening import FORMATS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

Schema = dict[str, Any]
SHARED_SIZE = 160
_LISTS = ("allOf", "anyOf", "oneOf")
_KEYWORDS = (
    *("type", "enum", "required", "pattern", "minimum", "maximum", "multipleOf", "minLength", "maxLength", "minItems"),
    *("maxItems", "uniqueItems", "minProperties", "maxProperties"),
)


def condense(crds: list[Schema]) -> list[Schema]:
    """One entry for each kind: `{group, kind, plural, scope, versions: [{name, served, schema}]}`, without prose."""
    found = [
        {
            "group": crd["spec"]["group"],
            "kind": crd["spec"]["names"]["kind"],
            "plural": crd["spec"]["names"]["plural"],
            "scope": crd["spec"]["scope"],
            "versions": [
                {"name": v["name"], "served": bool(v.get("served")), "schema": _facts(v["schema"]["openAPIV3Schema"])}
                for v in crd["spec"]["versions"]
            ],
        }
        for crd in crds
    ]
    for entry in found:
        for version in entry["versions"]:
            version["schema"].get("properties", {}).pop("status", None)
            if not version["served"]:
                del version["schema"]
    return sorted(found, key=lambda entry: (entry["group"], entry["kind"]))


def _facts(schema: Schema) -> Schema:
    kept = {k: v for k, v in schema.items() if k not in ("description", "title", "example", "externalDocs")}
    return _mapped(kept, _facts)


def _mapped(schema: Schema, change: Callable[[Schema], Schema]) -> Schema:
    """`schema` with `change` applied to every schema directly inside it."""
    out = dict(schema)
    if isinstance(out.get("properties"), dict):
        out["properties"] = {name: change(inner) for name, inner in out["properties"].items()}
    for key in ("items", "additionalProperties", "not"):
        if isinstance(out.get(key), dict):
            out[key] = change(out[key])
    for key in _LISTS:
        if isinstance(out.get(key), list):
            out[key] = [change(inner) for inner in out[key]]
    return out


def share(roots: list[Schema]) -> tuple[list[Schema], dict[str, Schema]]:
    """`roots` with every big schema that occurs twice replaced by a `$ref`, and the shared definitions by digest."""
    seen: dict[str, int] = {}
    for root in roots:
        for inner in _inside(root):
            text = _text(inner)
            if len(text) > SHARED_SIZE:
                seen[text] = seen.get(text, 0) + 1
    names = {text: hashlib.sha256(text.encode()).hexdigest()[:10] for text, count in seen.items() if count > 1}
    shared: dict[str, Schema] = {}

    def change(schema: Schema) -> Schema:
        name = names.get(_text(schema))
        if name is None:
            return _mapped(schema, change)
        if name not in shared:
            shared[name] = _mapped(schema, change)
        return {"$ref": f"#/$defs/{name}"}

    return [change(root) for root in roots], dict(sorted(shared.items()))


def unshare(schema: Schema, shared: dict[str, Schema]) -> Schema:
    """The inverse of `share`."""
    name = schema.get("$ref", "").removeprefix("#/$defs/")
    return _mapped(shared[name] if name else schema, lambda inner: unshare(inner, shared))


def _inside(schema: Schema) -> Iterator[Schema]:
    yield schema
    inner: list[Schema] = []
    _mapped(schema, lambda s: inner.append(s) or s)
    for one in inner:
        yield from _inside(one)


def _text(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))


def root(schema: Schema) -> Schema:
    """The strict schema of a whole custom resource."""
    out = strict(schema)
    out["properties"] = {
        **out.get("properties", {}),
        "apiVersion": {"type": "string"},
        "kind": {"type": "string"},
        "metadata": {"$ref": "#/$defs/meta.v1.ObjectMeta"},
        "status": {},
    }
    return out


def strict(schema: Schema, *, closed: bool = True) -> Schema:
    """A structural schema as JSON Schema 2020-12 that refuses unknown fields, as strict decoding does.

    `closed` is False inside allOf, anyOf, oneOf and not, where a schema only restricts values. Differences that the API
    server makes: a required field with a default is never missing; `nullable` adds null; int-or-string is one type; the
    range of int32 and int64 is not looked at.
    """
    out: Schema = {key: schema[key] for key in _KEYWORDS if key in schema}
    if schema.get("format") in ("date-time", "byte"):
        out.setdefault("pattern", FORMATS[schema["format"]]["pattern"])
    for bound in ("Minimum", "Maximum"):
        if schema.get(f"exclusive{bound}") is True:
            out[f"exclusive{bound}"] = out.pop(bound.lower())
    if schema.get("x-kubernetes-int-or-string"):
        out["type"] = ["integer", "string"]
    for key in (*_LISTS, "not"):
        if key in schema and not (key == "anyOf" and schema.get("x-kubernetes-int-or-string")):
            inner = schema[key]
            out[key] = strict(inner, closed=False) if key == "not" else [strict(s, closed=False) for s in inner]
    _children(schema, out, closed=closed)
    if schema.get("nullable") and "type" in out:
        out["type"] = [*([out["type"]] if isinstance(out["type"], str) else out["type"]), "null"]
        if "enum" in out:
            out["enum"] = [*out["enum"], None]
    return out


def _children(schema: Schema, out: Schema, *, closed: bool) -> None:
    properties = schema.get("properties", {})
    if properties:
        out["properties"] = {name: strict(inner, closed=closed) for name, inner in sorted(properties.items())}
    if "required" in out:
        out["required"] = [name for name in out["required"] if "default" not in properties.get(name, {})]
        if not out["required"]:
            del out["required"]
    if isinstance(schema.get("items"), dict):
        out["items"] = strict(schema["items"], closed=closed)
    extra = schema.get("additionalProperties")
    if isinstance(extra, dict):
        out["additionalProperties"] = strict(extra, closed=closed)
    elif closed and schema.get("type") == "object" and extra is not True:
        if schema.get("x-kubernetes-embedded-resource"):
            meta = {"apiVersion": {"type": "string"}, "kind": {"type": "string"}}
            out["properties"] = {
                **out.get("properties", {}),
                **meta,
                "metadata": {"$ref": "#/$defs/meta.v1.ObjectMeta"},
            }
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            out["additionalProperties"] = False
