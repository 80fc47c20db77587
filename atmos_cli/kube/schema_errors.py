"""What the validator found, in the words of the API server, with the path and the likely mistake."""

from __future__ import annotations

import json
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from atmos_cli.yamlio.locate import field_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from jsonschema_rs import ValidationError

    from atmos_cli.kube.resource import Resource

Path = tuple[str | int, ...]
LIMIT = 50
_NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "an integer",
    "number": "a number",
    "boolean": "true or false",
    "null": "empty",
}
_KINDS = {
    "minimum": "range",
    "maximum": "range",
    "exclusiveMinimum": "range",
    "exclusiveMaximum": "range",
    "multipleOf": "range",
    "minLength": "size",
    "maxLength": "size",
    "minItems": "size",
    "maxItems": "size",
    "minProperties": "size",
    "maxProperties": "size",
}


@dataclass(frozen=True, slots=True)
class SchemaError:
    """`kind` is unknown-field, type, required, enum, pattern, range, size or value; `message` names the path."""

    path: Path
    kind: str
    message: str
    hint: str = ""


def unreadable(reason: str) -> SchemaError:
    return SchemaError((), "value", f"the object cannot be checked: {reason[:200]}")


def explain(
    errors: Iterable[ValidationError], *, schema: dict[str, Any], resource: Resource, custom: bool
) -> tuple[SchemaError, ...]:
    """Return at most `LIMIT` errors, ordered by path. `custom`: the API server drops nulls of a custom resource."""
    found: dict[tuple[Path, str], SchemaError] = {}
    secret = resource.get("kind") == "Secret"
    for error in errors:
        path: Path = tuple(error.instance_path)
        if custom and error.instance is None and not _must_be(path, schema):
            continue
        for one in _translated(error, path, schema=schema, resource=resource, secret=secret):
            found.setdefault((one.path, one.kind), one)
        if len(found) >= LIMIT:
            break
    return tuple(sorted(found.values(), key=lambda one: [(str(s).zfill(6), str(s)) for s in one.path]))


def _translated(
    error: ValidationError, path: Path, *, schema: dict[str, Any], resource: Resource, secret: bool
) -> Iterator[SchemaError]:
    facts = error.kind.as_dict()
    name = error.kind.name
    field = field_of(path) or "the object"
    shown = "" if secret else _shown(error.instance)
    if name == "additionalProperties":
        for unexpected in facts["unexpected"]:
            yield _unknown((*path, unexpected), schema=schema, resource=resource)
    elif name == "required":
        missing = (*path, str(facts["property"]))
        yield SchemaError(missing, "required", f'missing required field "{field_of(missing)}"')
    elif name == "type":
        yield _wrong_type(error.instance, facts["types"], path, shown)
    elif name == "enum":
        yield _not_allowed(error.instance, facts["options"], path, shown)
    elif name == "pattern":
        yield SchemaError(path, "pattern", f"{field}: invalid value{shown}", _pattern_hint(str(facts["pattern"])))
    elif name in _KINDS:
        word = _bound(name, facts)
        yield SchemaError(path, _KINDS[name], f"{field}: invalid value{shown if name in _KINDS else ''}: {word}")
    elif name in ("oneOf", "anyOf", "oneOfNotValid", "oneOfMultipleValid"):
        yield SchemaError(path, "value", f"{field}: {_alternatives(facts)}")
    else:
        yield SchemaError(path, "value", f"{field}: invalid value{shown}")


def _wrong_type(value: Any, types: list[str], path: Path, shown: str) -> SchemaError:
    wanted = [one for one in types if one != "null"] or types
    expected = " or ".join(_NAMES[one] for one in wanted)
    if value is None:
        return SchemaError(
            path, "type", f"{field_of(path)}: must be {expected}, not empty", "give it a value or remove it"
        )
    hint = ""
    if "string" in wanted and isinstance(value, bool):
        hint = "quote it: an unquoted yes, no, on, off, true or false is a boolean in YAML"
    elif "string" in wanted and isinstance(value, int | float):
        hint = f'quote it: "{value}"' if shown else "quote it"
    elif isinstance(value, str) and wanted[0] in ("integer", "number", "boolean"):
        hint = "remove the quotes" if _is_scalar(value, wanted[0]) else ""
    elif wanted == ["array"]:
        hint = "start each item with `- `"
    actual = f"the {_type(value)}{shown}" if shown else _NAMES[_type(value)]
    return SchemaError(path, "type", f"{field_of(path) or 'the object'}: must be {expected}, not {actual}", hint)


def _not_allowed(value: Any, options: list[Any], path: Path, shown: str) -> SchemaError:
    words = [str(one) for one in options if one not in (None, "")]
    close = get_close_matches(str(value)[:80].lower(), [word.lower() for word in words], n=1, cutoff=0.6)
    hint = next((f'did you mean "{word}"?' for word in words if close and word.lower() == close[0]), "")
    supported = ", ".join(f'"{word}"' for word in words)
    message = f"{field_of(path)}: unsupported value{shown}; supported values: {supported}"
    return SchemaError(path, "enum", message, hint)


def _unknown(path: Path, *, schema: dict[str, Any], resource: Resource) -> SchemaError:
    field, parent = str(path[-1]), path[:-1]
    known = fields_at(schema, parent)
    message = f'unknown field "{field_of(path)}"'
    same = [name for name in known if name.lower() == field.lower()]
    elsewhere = _elsewhere(field, parent, schema=schema, resource=resource)
    close = same or ([] if elsewhere else get_close_matches(field[:80], sorted(known), n=1, cutoff=0.7))
    if close:
        return SchemaError(
            path, "unknown-field", f'{message}; did you mean "{close[0]}"?', f'rename it to "{close[0]}"'
        )
    if elsewhere:
        return SchemaError(
            path, "unknown-field", message, f'move it: "{field}" belongs in "{elsewhere}"; check its indentation'
        )
    return SchemaError(path, "unknown-field", message, "remove it, or check its spelling and indentation")


def _elsewhere(field: str, parent: Path, *, schema: dict[str, Any], resource: Resource) -> str:
    """Return where the field would be known: up to three levels up, or one level down (existing keys first)."""
    for cut in range(1, 4):
        if len(parent) >= cut and field in fields_at(schema, parent[:-cut]):
            return field_of(parent[:-cut])
    below = [
        (*parent, child, *step)
        for child in sorted(fields_at(schema, parent))
        for step in ((), (0,))
        if field in fields_at(schema, (*parent, child, *step))
    ]
    node: Any = resource
    for step in parent:
        node = node[step]
    present = [path for path in below if isinstance(node, dict) and path[len(parent)] in node]
    choice = present or (below if len(below) == 1 else [])
    return field_of(choice[0]) if choice else ""


def fields_at(schema: dict[str, Any], path: Path) -> frozenset[str]:
    """Return the fields that the schema knows at a path of the object; empty for free maps and unknown places."""
    node = _schema_at(schema, path)
    return frozenset(node.get("properties", ())) if node else frozenset()


def _schema_at(schema: dict[str, Any], path: Path) -> dict[str, Any] | None:
    node = _resolved(schema, schema)
    for step in path:
        if node is None:
            return None
        if isinstance(step, int):
            node = _resolved(node.get("items"), schema)
        else:
            node = _resolved(node.get("properties", {}).get(step, node.get("additionalProperties")), schema)
    return node


def _resolved(node: Any, schema: dict[str, Any]) -> dict[str, Any] | None:
    while isinstance(node, dict) and "$ref" in node:
        node = schema["$defs"][node["$ref"].removeprefix("#/$defs/")]
    return node if isinstance(node, dict) else None


def _must_be(path: Path, schema: dict[str, Any]) -> bool:
    """Return whether null at `path` stays null: a list item, or a field that is required."""
    if not path or isinstance(path[-1], int):
        return True
    parent = _schema_at(schema, path[:-1])
    return parent is None or path[-1] in parent.get("required", ())


def _alternatives(facts: dict[str, Any]) -> str:
    branches = [[inner.kind for inner in branch] for branch in facts.get("context", ())]
    fields = [str(kinds[0].as_dict()["property"]) for kinds in branches if kinds and kinds[0].name == "required"]
    if fields and len(fields) == len(branches):
        return "one of " + ", ".join(f'"{field}"' for field in fields) + " must be set"
    types = [one for kinds in branches for kind in kinds if kind.name == "type" for one in kind.as_dict()["types"]]
    if types and len(types) == len(branches):
        return "must be " + " or ".join(_NAMES[one] for one in dict.fromkeys(types))
    return "must have exactly one of its allowed forms" if not branches else "has none of its allowed forms"


def _bound(name: str, facts: dict[str, Any]) -> str:
    limit = facts.get("limit", facts.get("multipleOf", facts.get("multiple_of")))
    words = {
        "minimum": "must be greater than or equal to {}",
        "maximum": "must be less than or equal to {}",
        "exclusiveMinimum": "must be greater than {}",
        "exclusiveMaximum": "must be less than {}",
        "multipleOf": "must be a multiple of {}",
        "minLength": "must be at least {} characters long",
        "maxLength": "must be at most {} characters long",
        "minItems": "must have at least {} items",
        "maxItems": "must have at most {} items",
        "minProperties": "must have at least {} entries",
        "maxProperties": "must have at most {} entries",
    }
    return words[name].format(limit)


def _pattern_hint(pattern: str) -> str:
    if "numkMGTPE" in pattern:
        return "write a quantity: a number with an optional suffix such as 500m, 1.5, 256Mi or 2Gi"
    if "A-Za-z0-9+/" in pattern:
        return "this field takes base64"
    if "T[0-9]" in pattern:
        return "write the time as 2006-01-02T15:04:05Z"
    return f"it must match {pattern}" if len(pattern) < 200 else ""


def _shown(value: Any) -> str:
    if isinstance(value, dict | list):
        return ""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return f" {text if len(text) <= 60 else text[:57] + '...'}"


def _type(value: Any) -> str:
    for kind, name in ((bool, "boolean"), (int, "integer"), (float, "number"), (str, "string"), (list, "array")):
        if isinstance(value, kind):
            return name
    return "null" if value is None else "object"


def _is_scalar(value: str, wanted: str) -> bool:
    if wanted == "boolean":
        return value in ("true", "false")
    return value.lstrip("-").replace(".", "", 1 if wanted == "number" else 0).isdigit()
