"""Kustomize's strategic merge: what `kyaml/yaml/merge2` does to a resource, oddities included.

Patched lists come before what was there; `$patch` directives work on mappings and on whole lists; `$patch: replace` on
one item of a keyed list has no effect; every merge drops empty fields (`a:`) of the target, but keeps written nulls.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

from atmos_cli.kube.listkeys import keyed_lists
from atmos_cli.kustomize.kinds import built_in
from atmos_cli.kustomize.model import split_version
from atmos_cli.kustomize.values import BLANK, NOTHING, assign, text

if TYPE_CHECKING:
    from collections.abc import Mapping


_DIRECTIVE = "$patch"


class MergeError(ValueError):
    """The patch does not fit; `path` is the field."""

    def __init__(self, message: str, path: tuple[str, ...]) -> None:
        super().__init__(message)
        self.path = path


class NotPortableError(ValueError):
    """A case in which the real tool is the only authority."""


class _Schema(NamedTuple):
    lists: Mapping[tuple[str, ...], tuple[str, ...]]
    path: tuple[str, ...]

    def field(self, name: str) -> _Schema:
        return _Schema(self.lists, (*self.path, name))


def strategic_merge(target: dict[str, Any], patch: dict[str, Any]) -> dict[str, Any] | None:
    """The patched target, None when the patch deletes it. Consumes both. Raises MergeError and NotPortableError.

    `$patch: replace` at the top has no effect: kustomize forgets to take the replacement over.
    """
    merged = _walk(target, patch, None, ())
    if merged is patch:
        return target
    return merged if isinstance(merged, dict) and merged else None


def _null(value: Any) -> bool:
    return value is None or value is NOTHING or value is BLANK


def _shape(value: Any) -> type:
    return type(value) if isinstance(value, dict | list) else str


def _walk(dest: Any, src: Any, schema: _Schema | None, path: tuple[str, ...]) -> Any:
    if schema is None:
        schema = _schema_of(dest) or _schema_of(src)
    if _null(dest) and _null(src):
        return _walk_map(dest, src, schema, path)
    shape = _shape(src if _null(dest) else dest)
    if not _null(src) and _shape(src) is not shape:
        raise MergeError(
            f"`{'.'.join(path)}` is {_NAMES[shape]} in the resource and {_NAMES[_shape(src)]} in the patch", path
        )
    if shape is dict:
        return _walk_map(dest, src, schema, path)
    if shape is list:
        return _walk_list(dest, src, schema, path)
    if src is NOTHING:
        return dest
    return NOTHING if _null(src) else src


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
    """The mapping to go on with, or what takes its place: NOTHING, or a null that was written out."""
    if _null(dest):
        if isinstance(src, dict):
            return NOTHING if _directive(src, path, strict=False) == "delete" else src
        return None if dest is None and src is NOTHING else NOTHING
    if src is NOTHING:
        return dest
    if _null(src):
        return NOTHING
    directive = _directive(src, path)
    if directive == "delete":
        return NOTHING
    return src if directive == "replace" else dest


def _directive(patch: dict[str, Any], path: tuple[str, ...], *, strict: bool = True) -> str:
    """Takes the directive out of a mapping of the patch."""
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
    """Takes the directive out of a list of the patch: an item that is nothing but `$patch: …`."""
    found = next((item for item in patch if isinstance(item, dict) and _DIRECTIVE in item), None)
    if found is None or len(found) > 1:
        return "merge"
    directive = text(found[_DIRECTIVE])
    if directive not in _DIRECTIVES:
        raise MergeError(f"`$patch: {directive}` is not a directive: use delete, replace or merge", path)
    _put(patch, None, (_DIRECTIVE,), (directive,))
    return directive


def _walk_list(dest: Any, src: Any, schema: _Schema | None, path: tuple[str, ...]) -> Any:
    keys = schema.lists.get(schema.path) if schema else None
    if schema is None or keys is None:
        return NOTHING if _null(src) and src is not NOTHING else dest if src is NOTHING else src
    result = src if _null(dest) else dest
    if not _null(dest):
        if _null(src) and src is not NOTHING:
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
    """A set of scalars: those of the patch first."""
    found: dict[str, Any] = {}
    for item in [*(src if isinstance(src, list) else ()), *result]:
        if isinstance(item, dict | list) or _null(item):
            raise NotPortableError("a list of plain values holds something else")
        found.setdefault(text(item), item)
    return list(found.values())


def _merge_items(dest: list[Any], src: Any, keys: tuple[str, ...], schema: _Schema, path: tuple[str, ...]) -> list[Any]:
    patch: list[Any] = src if isinstance(src, list) else []
    values = _identities(dest, patch, keys)
    merged: list[Any] = []
    used: tuple[str, ...] = keys
    for each in values:
        used, wanted = _valid(values, each, keys)
        at, by = _valid([each], each, keys)
        item = _walk(_find(dest, at, by), _find(patch, at, by) if isinstance(src, list) else NOTHING, schema, path)
        if _null(item) or item == {}:
            _put(dest, None, used, wanted)
            continue
        for key, value in zip(used, wanted, strict=False):
            if key not in item and value:
                item[key] = int(value) if value.isdigit() else value
        _put(merged, item, used, wanted)
    if not values:
        return dest
    for item in dest:
        _append(merged, item, used)
    return merged


def _identities(dest: list[Any], patch: list[Any], keys: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The key values of every item, those of the patch first, each once; partial ones are completed from others."""
    seen: dict[tuple[str, ...], None] = {}
    for item in (*patch, *dest):
        if not isinstance(item, dict):
            raise NotPortableError("a list that is merged by key holds something else than mappings")
        value = tuple(text(item.get(key)) for key in keys)
        if not any(value):
            raise NotPortableError(f"an item of a list that is merged by {' and '.join(keys)} has no {keys[0]}")
        seen[value] = None
    values = list(seen)
    if len(keys) > 1:
        for i in range(len(values)):
            one = values[i]
            for j in range(len(values)):
                common = _common(one, values[j])
                if common:
                    values[i] = values[j] = common
    return values


def _common(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...] | None:
    pairs = list(zip(one, other, strict=True))
    if any(a != b and a and b for a, b in pairs) or all(a != b for a, b in pairs):
        return None
    return tuple(a or b for a, b in pairs)


def _valid(
    every: list[tuple[str, ...]], values: tuple[str, ...], keys: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The keys that any item uses, and the values of one item for them."""
    used = {key for each in every for key, value in zip(keys, each, strict=True) if value}
    kept = [(key, value) for key, value in zip(keys, values, strict=True) if key in used]
    return tuple(key for key, _ in kept), tuple(value for _, value in kept)


def _matches(item: Any, key: str, value: str) -> bool:
    """An empty value matches any item that has the field, as in kyaml."""
    return isinstance(item, dict) and key in item and (not value or text(item[key]) == value)


def _find(items: list[Any], keys: tuple[str, ...], values: tuple[str, ...]) -> Any:
    pairs = list(zip(keys, values, strict=True))
    return next((item for item in items if all(_matches(item, *pair) for pair in pairs)), NOTHING)


def _put(items: list[Any], new: Any, keys: tuple[str, ...], values: tuple[str, ...]) -> None:
    """Replaces every item that matches, or appends; without `new` it removes them. kyaml's ElementSetter."""
    kept: list[Any] = []
    found = False
    for item in items:
        if _null(item) or item == {}:
            continue
        if not _is_element(item, keys, values):
            kept.append(item)
        elif new is not None:
            kept.append(new)
            found = True
    items[:] = kept
    if new is not None and not found:
        items.append(new)


def _is_element(item: Any, keys: tuple[str, ...], values: tuple[str, ...]) -> bool:
    """Fewer values than keys: the last comparison decides for the rest."""
    return isinstance(item, dict) and all(_matches(item, key, value) for key, value in zip(keys, values, strict=False))


def _append(merged: list[Any], item: Any, keys: tuple[str, ...]) -> None:
    """Puts an item of the target behind those of the patch, in the place of its merged self if that is there."""
    values: list[str] = []
    for key in keys:
        if key in item:
            values.append(text(item[key]))
        else:
            merged.append(item)
    if len(keys) > 1:
        _put(merged, None, keys, tuple(values))
    _put(merged, item, keys, tuple(values))


_DIRECTIVES = frozenset({"delete", "replace", "merge"})
_NAMES: dict[type, str] = {dict: "a mapping", list: "a list", str: "a plain value"}
