"""What a value is once an edit is applied to it: the other half of the proof that the text was edited right."""

from __future__ import annotations

from typing import Any

from atmos_cli.yamlio.edits import Edit, InsertItem, Path, RemoveValue, SetValue
from atmos_cli.yamlio.locate import field_of


class NotThereError(ValueError):
    """The path of an edit leads nowhere; `path` is how far it leads."""

    def __init__(self, message: str, path: Path) -> None:
        super().__init__(message)
        self.path = path


def after_edit(value: Any, edit: Edit) -> Any:
    """Return the value with the edit applied; what is not on its path is shared with the one before."""
    return _changed(value, edit, 0)


def nested(path: Path, value: Any) -> Any:
    """Return mappings in mappings, one for each key of `path`, around a value."""
    for part in reversed(path):
        value = {part: value}
    return value


def _changed(value: Any, edit: Edit, depth: int) -> Any:
    if depth == len(edit.path):
        return _inserted(value, edit) if isinstance(edit, InsertItem) else _whole(edit)
    part, last = edit.path[depth], depth + 1 == len(edit.path)
    if isinstance(value, list) and isinstance(part, int):
        index = part + len(value) if part < 0 else part
        if not 0 <= index < len(value):
            raise NotThereError(f"`{field_of(edit.path[:depth])}` has no item {part}", edit.path[:depth])
        if last and isinstance(edit, RemoveValue):
            return [*value[:index], *value[index + 1 :]]
        return [*value[:index], _changed(value[index], edit, depth + 1), *value[index + 1 :]]
    if isinstance(value, dict | None) and isinstance(part, str):
        return _changed_key(value or {}, part, edit, depth)
    shown = field_of(edit.path[:depth]) or "the document"
    raise NotThereError(f"`{shown}` is {_kind(value)}, which has no {_place(part)}", edit.path[:depth])


def _changed_key(value: dict[str, Any], part: str, edit: Edit, depth: int) -> dict[str, Any]:
    last = depth + 1 == len(edit.path)
    if isinstance(edit, RemoveValue):
        if part not in value:
            raise NotThereError(f"`{field_of(edit.path[: depth + 1])}` does not exist", edit.path[:depth])
        if last:
            return {key: each for key, each in value.items() if key != part}
    if part in value:
        return {key: _changed(each, edit, depth + 1) if key == part else each for key, each in value.items()}
    new = {part: _changed(None, edit, depth + 1)}
    if last and isinstance(edit, SetValue) and edit.after in value:
        found: dict[str, Any] = {}
        for key, each in value.items():
            found |= {key: each} | (new if key == edit.after else {})
        return found
    return value | new


def _inserted(value: Any, edit: InsertItem) -> list[Any]:
    if not isinstance(value, list | None):
        raise NotThereError(f"`{field_of(edit.path) or 'the document'}` is {_kind(value)}, no list", edit.path)
    items = value or []
    index = len(items) if edit.index is None else edit.index
    if not 0 <= index <= len(items):
        raise NotThereError(f"`{field_of(edit.path)}` has {len(items)} items and so no position {index}", edit.path)
    return [*items[:index], edit.value, *items[index:]]


def _whole(edit: Edit) -> Any:
    if isinstance(edit, RemoveValue):
        raise NotThereError("a whole document is removed by itself", ())
    return edit.value


def _kind(value: Any) -> str:
    names = {dict: "a mapping", list: "a list", str: "a text", bool: "a boolean", type(None): "empty"}
    return names.get(type(value), "a number")


def _place(part: str | int) -> str:
    return f"item {part}" if isinstance(part, int) else f"key `{part}`"
