"""JSON Patch (RFC 6902) on a resource, with the readings of the library that kustomize uses."""

from __future__ import annotations

import json
import re
from typing import Any

from atmos_cli.kustomize.read import as_json
from atmos_cli.kustomize.values import text

_OPERATIONS = frozenset({"add", "remove", "replace", "move", "copy", "test"})
_INDEX = re.compile(r"0|[1-9][0-9]{0,8}")
_MAX_OPERATIONS = 5_000


class PatchFailedError(ValueError):
    """An operation cannot be applied; `number` counts operations from 0."""

    def __init__(self, message: str, number: int) -> None:
        super().__init__(message)
        self.number = number


class BeyondPatchError(ValueError):
    """An operation that only the real tool may decide."""


def operations(value: Any) -> list[dict[str, Any]]:
    """Return the operations of a patch after checking them. Raises PatchFailedError."""
    if not isinstance(value, list):
        raise PatchFailedError("a JSON patch is a list of operations", 0)
    if len(value) > _MAX_OPERATIONS:
        raise PatchFailedError(f"a JSON patch may have {_MAX_OPERATIONS} operations", 0)
    for number, operation in enumerate(value):
        if not isinstance(operation, dict):
            raise PatchFailedError("an operation must be a mapping with op, path and value", number)
        op = text(operation.get("op"))
        if op not in _OPERATIONS:
            raise PatchFailedError(f"`{op}` is not an operation: use add, remove, replace, move, copy or test", number)
        for field in ("path", *(("from",) if op in ("move", "copy") else ())):
            if not isinstance(operation.get(field), str):
                raise PatchFailedError(f"the operation {op} needs `{field}`", number)
            if not operation[field].startswith("/"):
                raise BeyondPatchError(f"the path `{operation[field]}` does not start with a slash")
    return value


def parse_json(written: str) -> Any:
    """Parse a patch written as JSON. Raises PatchFailedError."""
    try:
        return json.loads(written)
    except (ValueError, RecursionError):
        raise PatchFailedError("the patch starts with [ and is not JSON", 0) from None


def apply(resource: dict[str, Any], patch: list[dict[str, Any]]) -> dict[str, Any]:
    """Return a patched copy of the resource. Raises PatchFailedError and BeyondPatchError."""
    document = as_json(resource)
    for number, operation in enumerate(patch):
        try:
            _apply_one(document, operation)
        except LookupError as error:
            raise PatchFailedError(f"{operation['op']} {operation['path']}: {error.args[0]}", number) from None
    return dict(document)


def pointer_parts(pointer: str) -> list[str]:
    """Split a JSON pointer: `/a/b~1c` -> ["a", "b/c"]."""
    return [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]


def _apply_one(document: Any, operation: dict[str, Any]) -> None:
    op = operation["op"]
    parent, key = _parent(document, operation["path"])
    if op == "add":
        _add(parent, key, as_json(operation.get("value")))
    elif op == "remove":
        _remove(parent, key)
    elif op == "replace":
        _replace(parent, key, as_json(operation.get("value")))
    elif op == "test":
        _test(parent, key, as_json(operation.get("value")))
    else:
        source, name = _parent(document, operation["from"])
        value = as_json(source.get(name) if isinstance(source, dict) else _get(source, name))
        if op == "move":
            _remove(source, name)
            parent, key = _parent(document, operation["path"])
        _add(parent, key, value)


def _parent(document: Any, pointer: str) -> tuple[Any, str]:
    *way, last = pointer_parts(pointer)
    node = document
    for part in way:
        node = _get(node, part)
        if not isinstance(node, dict | list):
            raise LookupError(f"there is nothing at `{part}`")  # noqa: TRY004 - one exception for all that is missing
    return node, last


def _index(items: list[Any], key: str) -> int:
    if not _INDEX.fullmatch(key):
        if re.fullmatch(r"[-+]?[0-9]+", key):
            raise BeyondPatchError(f"the list index `{key}`")
        raise LookupError(f"`{key}` is not an index of a list")
    if int(key) >= len(items):
        raise LookupError(f"the list has {len(items)} items, there is no index {key}")
    return int(key)


def _get(node: Any, key: str) -> Any:
    if isinstance(node, list):
        return node[_index(node, key)]
    if not isinstance(node, dict) or key not in node:
        raise LookupError(f"there is no `{key}`")
    return node[key]


def _replace(node: Any, key: str, value: Any) -> None:
    """Replace the value of a key, or add the key if it is missing: the library does not look."""
    if isinstance(node, list):
        node[_index(node, key)] = value
    else:
        node[key] = value


def _add(node: Any, key: str, value: Any) -> None:
    if isinstance(node, dict):
        node[key] = value
    elif key in ("-", str(len(node))):
        node.append(value)
    else:
        node.insert(_index(node, key), value)


def _remove(node: Any, key: str) -> None:
    if isinstance(node, list):
        del node[_index(node, key)]
    else:
        _get(node, key)
        del node[key]


def _test(node: Any, key: str, expected: Any) -> None:
    """Compare a value with the expected one; a missing key is equal to null."""
    value = node.get(key) if isinstance(node, dict) else _get(node, key)
    if json.dumps(value, sort_keys=True) != json.dumps(expected, sort_keys=True):
        raise LookupError("the value is another one")
