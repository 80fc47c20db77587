"""Finds the place of a value in its file by a second parse, made only when a place is asked for."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from yaml.error import YAMLError

from atmos_cli.diagnostics import Location
from atmos_cli.yamlio.nodes import Node, compose
from atmos_cli.yamlio.store import read_once

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def locate(data: bytes, index: int, path: Sequence[str | int]) -> tuple[int, int]:
    """Return line and column (from 1) of the key or item at `path` of document `index`, or its nearest ancestor."""
    at, _ = _find(data, index, path)
    return at.line, at.column


def block_line(data: bytes, index: int, path: Sequence[str | int]) -> int:
    """Return the first line (from 1) of content of the text at `path`: the one below `|` for a block scalar."""
    _, value = _find(data, index, path)
    return value.line + 1 if value.block else value.line


def located(data: bytes, index: int, path: Sequence[str | int], *, file: str) -> Location:
    """Return the same place as `locate`, as a Location in `file` with its field: `spec.containers[0].image`."""
    line, column = locate(data, index, path)
    return Location(file, line, column, field=field_of(path))


def field_of(path: Sequence[str | int]) -> str:
    """Return a path as people write it: `spec.containers[0].image`; a key with a dot is in brackets."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            text += f"[{part}]" if "." in part or "[" in part else f".{part}"
    return text.removeprefix(".")


def _roots(data: bytes) -> tuple[Node, ...]:
    roots: list[Node] = []
    with suppress(YAMLError):
        roots.extend(compose(data))
    return tuple(roots)


def _find(data: bytes, index: int, path: Sequence[str | int]) -> tuple[Node, Node]:
    roots = read_once(_roots, data)
    at = value = roots[index] if 0 <= index < len(roots) else Node(1, 1)
    for part in path:
        below = _child(value, part)
        if below is None:
            break
        at, value = below
    return at, value


def _child(node: Node, part: str | int) -> tuple[Node, Node] | None:
    if isinstance(part, int):
        found = node.items is not None and -len(node.items) <= part < len(node.items)
        return (node.items[part], node.items[part]) if found and node.items is not None else None
    entries = node.entries or []
    for position in sorted((*node.positions(part)[-1:], *node.positions(None)), reverse=True):
        entry = entries[position]
        if entry.key is not None:
            return entry.at, entry.value
        for merged in _merged(entry.value):
            if (found_below := _child(merged, part)) is not None:
                return found_below
    return None


def _merged(node: Node) -> Iterator[Node]:
    """Yield the mappings of a merge, the strongest first."""
    yield from (node,) if node.items is None else node.items
