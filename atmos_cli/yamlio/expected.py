"""What a value is once an edit is applied to it: the other half of the proof that the text was edited right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.yamlio.locate import field_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class NotThereError(ValueError):
    """The path of an edit leads nowhere; `path` is how far it leads."""

    def __init__(self, message: str, path: Sequence[str | int]) -> None:
        super().__init__(message)
        self.path = path


def after_set(value: Any, path: Sequence[str | int], new: Any, *, after: str | None) -> Any:
    """Return a value with `new` at `path`; what is not on the path is shared with the value before."""

    def act(parent: Any) -> Any:
        part = path[-1]
        if isinstance(parent, list) and isinstance(part, int):
            index = _index(parent, part, path[:-1])
            return [*parent[:index], new, *parent[index + 1 :]]
        mapping = _mapping(parent, part, path[:-1])
        if part in mapping or after not in mapping:
            return {**mapping, part: new}
        place = list(mapping).index(after) + 1
        entries = list(mapping.items())
        return dict([*entries[:place], (part, new), *entries[place:]])

    return _along(value, path, len(path) - 1, act, makes=True) if path else new


def after_removal(value: Any, path: Sequence[str | int]) -> Any:
    """Return a value without the key or item at `path`."""

    def act(parent: Any) -> Any:
        part = path[-1]
        if isinstance(parent, list) and isinstance(part, int):
            index = _index(parent, part, path[:-1])
            return [*parent[:index], *parent[index + 1 :]]
        mapping = _mapping(parent, part, path[:-1])
        if part not in mapping:
            raise NotThereError(f"`{field_of(path)}` does not exist", path[:-1])
        return {key: each for key, each in mapping.items() if key != part}

    if not path:
        raise NotThereError("a whole document is removed by itself", ())
    return _along(value, path, len(path) - 1, act, makes=False)


def after_insertion(value: Any, path: Sequence[str | int], item: Any, index: int | None) -> Any:
    """Return a value with an item more in the list at `path`."""

    def act(items: Any) -> Any:
        if not isinstance(items, list | None):
            raise NotThereError(f"`{field_of(path) or 'the document'}` is {_kind(items)}, no list", path)
        items = items or []
        at = len(items) if index is None else index
        if not 0 <= at <= len(items):
            count = f"{len(items)} item{'' if len(items) == 1 else 's'}"
            raise NotThereError(f"`{field_of(path) or 'the document'}` has {count} and so no position {at}", path)
        return [*items[:at], item, *items[at:]]

    return _along(value, path, len(path), act, makes=True)


def nested(path: Sequence[str | int], value: Any) -> Any:
    """Return mappings in mappings, one for each key of `path`, around a value."""
    for part in reversed(path):
        value = {part: value}
    return value


def same_in_order(left: Any, right: Any) -> bool:
    """Return whether two values are equal in type and order, too; `1.0` is 1, as JSON has it."""
    if isinstance(left, dict):
        keys_in_order = isinstance(right, dict) and list(left) == list(right)
        return keys_in_order and all(same_in_order(left[key], right[key]) for key in left)
    if isinstance(left, list):
        return isinstance(right, list) and len(left) == len(right) and all(map(same_in_order, left, right))
    if isinstance(left, bool) or isinstance(right, bool) or left is None or right is None:
        return left is right
    return isinstance(left, str) is isinstance(right, str) and bool(left == right)


def _along(
    value: Any, path: Sequence[str | int], steps: int, act: Callable[[Any], Any], *, makes: bool, depth: int = 0
) -> Any:
    """Return a value with `act` done to what `steps` steps of the path lead to."""
    if depth == steps:
        return act(value)
    part = path[depth]
    if isinstance(value, list) and isinstance(part, int):
        index = _index(value, part, path[:depth])
        inner = _along(value[index], path, steps, act, makes=makes, depth=depth + 1)
        return [*value[:index], inner, *value[index + 1 :]]
    mapping = _mapping(value, part, path[:depth])
    if part not in mapping and not makes:
        raise NotThereError(f"`{field_of(path[: depth + 1])}` does not exist", path[:depth])
    return {**mapping, part: _along(mapping.get(part), path, steps, act, makes=makes, depth=depth + 1)}


def _index(items: list[Any], part: int, path: Sequence[str | int]) -> int:
    index = part + len(items) if part < 0 else part
    if not 0 <= index < len(items):
        raise NotThereError(f"`{field_of(path) or 'the document'}` has no item {part}", path)
    return index


def _mapping(value: Any, part: str | int, path: Sequence[str | int]) -> dict[Any, Any]:
    if isinstance(part, str) and isinstance(value, dict | None):
        return value or {}
    place = f"item {part}" if isinstance(part, int) else f"key `{part}`"
    raise NotThereError(f"`{field_of(path) or 'the document'}` is {_kind(value)}, which has no {place}", path)


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "a boolean", type(None): "empty"}
    return names.get(type(value), "a number")
