"""Kustomize's strategic merge: what `kyaml/yaml/merge2` does to a resource, oddities included.

Patched lists come before what was there; `$patch` directives work on mappings and on whole lists; `$patch: replace` on
one item of a keyed list has no effect; every merge drops empty fields (`a:`) of the target, but keeps written nulls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from atmos_cli.kube.listkeys import keyed_lists
from atmos_cli.kustomize.keyed import NotPortableError, append_own, find, identities, in_use, put
from atmos_cli.kustomize.kinds import built_in
from atmos_cli.kustomize.model import split_version
from atmos_cli.kustomize.values import NOTHING, assign, is_null, text

if TYPE_CHECKING:
    from collections.abc import Mapping


_DIRECTIVE = "$patch"


class MergeError(ValueError):
    """The patch does not fit; `path` is the field."""

    def __init__(self, message: str, path: tuple[str, ...]) -> None:
        super().__init__(message)
        self.path = path


class _Schema(NamedTuple):
    lists: Mapping[tuple[str, ...], tuple[str, ...]]
    path: tuple[str, ...]

    def field(self, name: str) -> _Schema:
        return _Schema(self.lists, (*self.path, name))


def strategic_merge(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any] | None:
    """Merge the patch into the target; return None if it deletes that. Raises MergeError, NotPortableError.

    `$patch: replace` at the top has no effect: kustomize forgets to take the replacement over.
    """
    merged = _walk(target, patch, None, ())
    if merged is patch:
        return target
    return merged if isinstance(merged, dict) and merged else None


def _shape(value: Any) -> type:
    return type(value) if isinstance(value, dict | list) else str


def _walk(dest: Any, src: Any, schema: _Schema | None, path: tuple[str, ...]) -> Any:
    if schema is None:
        schema = _schema_of(dest) or _schema_of(src)
    if is_null(dest) and is_null(src):
        return _walk_map(dest, src, schema, path)
    shape = _shape(src if is_null(dest) else dest)
    if not is_null(src) and _shape(src) is not shape:
        raise MergeError(
            f"`{'.'.join(path)}` is {_NAMES[shape]} in the resource and {_NAMES[_shape(src)]} in the patch", path
        )
    if shape is dict:
        return _walk_map(dest, src, schema, path)
    if shape is list:
        return _walk_list(dest, src, schema, path)
    if src is NOTHING:
        return dest
    return NOTHING if is_null(src) else src


def _schema_of(value: Any) -> _Schema | None:
    if not isinstance(value, dict):
        return None
    api_version, kind = text(value.get("apiVersion")), text(value.get("kind"))
    return _Schema(keyed_lists(split_version(api_version)[0], kind), ()) if built_in(api_version, kind) else None


def _walk_map(dest: Any, src: Any, schema: _Schema | None, path: tuple[str, ...]) -> Any:
    result = _map_start(dest, src, path)
    if not isinstance(result, dict):
        return result
    patched: dict[str, Any] = src if isinstance(src, dict) else {}
    for key in sorted({*result, *patched}):
        within = schema.field(key) if schema else None
        value = _walk(result.get(key, NOTHING), patched.get(key, NOTHING), within, (*path, key))
        if value is NOTHING:
            result.pop(key, None)
        elif key in result:
            assign(result, key, value)
        else:
            result[key] = value
    return result


def _map_start(dest: Any, src: Any, path: tuple[str, ...]) -> Any:
    """Return the mapping to go on with, or what takes its place: NOTHING, or a null that was written out."""
    if is_null(dest):
        if isinstance(src, dict):
            return NOTHING if _directive(src, path, strict=False) == "delete" else src
        return None if dest is None and src is NOTHING else NOTHING
    if src is NOTHING:
        return dest
    if is_null(src):
        return NOTHING
    directive = _directive(src, path)
    if directive == "delete":
        return NOTHING
    return src if directive == "replace" else dest


def _directive(patch: dict[str, Any], path: tuple[str, ...], *, strict: bool = True) -> str:
    """Take the directive out of a mapping of the patch."""
    directive = text(patch.get(_DIRECTIVE, "merge"))
    if _DIRECTIVE in patch:
        if directive in _DIRECTIVES:
            del patch[_DIRECTIVE]
        elif strict:
            raise MergeError(
                f"`$patch: {directive}` is not a directive: use delete, replace or merge", (*path, _DIRECTIVE)
            )
    return directive


def _list_directive(patch: list[Any], path: tuple[str, ...]) -> str:
    """Take the directive out of a list of the patch: an item that is nothing but `$patch: …`."""
    found = next((item for item in patch if isinstance(item, dict) and _DIRECTIVE in item), None)
    if found is None or len(found) > 1:
        return "merge"
    directive = text(found[_DIRECTIVE])
    if directive not in _DIRECTIVES:
        raise MergeError(f"`$patch: {directive}` is not a directive: use delete, replace or merge", path)
    put(patch, None, (_DIRECTIVE,), (directive,))
    return directive


def _walk_list(dest: Any, src: Any, schema: _Schema | None, path: tuple[str, ...]) -> Any:
    keys = schema.lists.get(schema.path) if schema else None
    if schema is None or keys is None:
        return NOTHING if is_null(src) and src is not NOTHING else dest if src is NOTHING else src
    result = src if is_null(dest) else dest
    if not is_null(dest):
        if is_null(src) and src is not NOTHING:
            return NOTHING
        directive = _list_directive(src, path) if isinstance(src, list) else "merge"
        if directive == "delete":
            return NOTHING
        if directive == "replace":
            result = src
    if not keys:
        return _union(result, src)
    return _merge_items(result, src, keys, schema, path)


def _union(result: list[Any], src: Any) -> list[Any]:
    """Merge a set of scalars: those of the patch first."""
    found: dict[str, Any] = {}
    for item in [*(src if isinstance(src, list) else ()), *result]:
        if isinstance(item, dict | list) or is_null(item):
            raise NotPortableError("a list of plain values holds something else")
        found.setdefault(text(item), item)
    return list(found.values())


def _merge_items(dest: list[Any], src: Any, keys: tuple[str, ...], schema: _Schema, path: tuple[str, ...]) -> list[Any]:
    patch: list[Any] = src if isinstance(src, list) else []
    values = identities(dest, patch, keys)
    merged: list[Any] = []
    used: tuple[str, ...] = keys
    for identity in values:
        used, wanted = in_use(values, identity, keys)
        at, by = in_use([identity], identity, keys)
        item = _walk(find(dest, at, by), find(patch, at, by) if isinstance(src, list) else NOTHING, schema, path)
        if is_null(item) or item == {}:
            put(dest, None, used, wanted)
            continue
        for key, value in zip(used, wanted, strict=False):
            if key not in item and value:
                item[key] = int(value) if value.isdigit() else value
        put(merged, item, used, wanted)
    if not values:
        return dest
    for item in dest:
        append_own(merged, item, used)
    return merged


_DIRECTIVES = frozenset({"delete", "replace", "merge"})
_NAMES: dict[type, str] = {dict: "a mapping", list: "a list", str: "a plain value"}
