"""Items of lists that are merged by key, as kyaml finds, replaces and appends them."""

from __future__ import annotations

from typing import Any

from atmos_cli.kustomize.values import NOTHING, is_null, text, written


class NotPortableError(ValueError):
    """A case in which the real tool is the only authority."""


def identities(dest: list[Any], patch: list[Any], keys: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the key values of every item, those of the patch first, each once; others complete partial ones."""
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


def in_use(
    every: list[tuple[str, ...]], values: tuple[str, ...], keys: tuple[str, ...]
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the keys that any item uses, and the values of one item for them."""
    used = {key for identity in every for key, value in zip(keys, identity, strict=True) if value}
    kept = [(key, value) for key, value in zip(keys, values, strict=True) if key in used]
    return tuple(key for key, _ in kept), tuple(value for _, value in kept)


def _matches(item: Any, key: str, value: str) -> bool:
    """Return whether the item has this value; an empty value matches any item that has the field, as in kyaml."""
    return isinstance(item, dict) and key in item and (not value or written(item[key]) == value)


def find(items: list[Any], keys: tuple[str, ...], values: tuple[str, ...]) -> Any:
    pairs = list(zip(keys, values, strict=True))
    return next((item for item in items if all(_matches(item, *pair) for pair in pairs)), NOTHING)


def put(items: list[Any], new: Any, keys: tuple[str, ...], values: tuple[str, ...]) -> None:
    """Replace every item that matches, or append `new`; without `new`, remove them (kyaml's ElementSetter)."""
    kept: list[Any] = []
    found = False
    for item in items:
        if is_null(item) or item == {}:
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
    """Compare an item with values; fewer values than keys: the last comparison decides for the rest."""
    return isinstance(item, dict) and all(_matches(item, key, value) for key, value in zip(keys, values, strict=False))


def append_own(merged: list[Any], item: Any, keys: tuple[str, ...]) -> None:
    """Put an item of the target behind those of the patch, or in the place of its merged self if there is one."""
    values: list[str] = []
    for key in keys:
        if key in item:
            values.append(written(item[key]))
        else:
            merged.append(item)
    if len(keys) > 1:
        put(merged, None, keys, tuple(values))
    put(merged, item, keys, tuple(values))
