"""The second, slower reading of a file, made only when a place in it is asked for: a tree that keeps positions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yaml.error import YAMLError
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from atmos_cli.yamlio.parse import MAX_DEPTH, events
from atmos_cli.yamlio.scalars import ScalarError, is_merge, plain_key, tagged_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@dataclass(slots=True)
class Node:
    """`line` and `column` from 1. Exactly one of `entries`, `items` and neither (a scalar) is set."""

    line: int
    column: int
    block: bool = False
    null: bool = False
    text: str = ""
    entries: list[Entry] | None = None
    items: list[Node] | None = None
    _positions: dict[str | None, list[int]] | None = None

    def positions(self, key: str | None) -> list[int]:
        """Return where in `entries` a key stands, in order; None asks for merges. The entries are read once for all."""
        if self._positions is None:
            self._positions = {}
            for position, entry in enumerate(self.entries or ()):
                self._positions.setdefault(entry.key, []).append(position)
        return self._positions.get(key, [])


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a mapping. `key` is what Kubernetes makes of it, None for a merge."""

    key: str | None
    at: Node
    value: Node


def compose(data: bytes) -> Iterator[Node]:
    """Yield the root of every non-empty document, in order. Raises yaml.YAMLError when it comes to a syntax error."""
    next_event = events(data)
    while (event := next_event()).__class__ is not StreamEndEvent:
        if event.__class__ is DocumentStartEvent:
            root = _Composer(next_event).node(next_event(), 0)
            if not root.null:
                yield root


@dataclass(slots=True)
class _Composer:
    next_event: Callable[[], Any]
    anchors: dict[str, Node] = field(default_factory=dict)

    def node(self, event: Any, depth: int) -> Node:
        if depth > MAX_DEPTH:
            raise YAMLError("too deep")
        node = Node(event.start_mark.line + 1, event.start_mark.column + 1)
        if event.__class__ is AliasEvent:
            return self._alias(event, node)
        if event.anchor is not None:
            self.anchors[event.anchor] = node
        if event.__class__ is MappingStartEvent:
            node.entries = list(self._entries(depth + 1))
        elif event.__class__ is SequenceStartEvent:
            node.items = list(self._items(depth + 1))
        else:
            node.block = event.style in ("|", ">")
            node.null = event.implicit[0] and event.tag is None and event.value in _NULLS
            node.text = _text(event)
        return node

    def _alias(self, event: Any, node: Node) -> Node:
        target = self.anchors.get(event.anchor, node)
        node.entries, node.items, node.block, node.text = target.entries, target.items, target.block, target.text
        return node

    def _entries(self, depth: int) -> Iterator[Entry]:
        while (event := self.next_event()).__class__ is not MappingEndEvent:
            at = self.node(event, depth)
            merge = event.__class__ is ScalarEvent and event.value == "<<" and is_merge(event)
            yield Entry(None if merge else at.text, at, self.node(self.next_event(), depth))

    def _items(self, depth: int) -> Iterator[Node]:
        while (event := self.next_event()).__class__ is not SequenceEndEvent:
            yield self.node(event, depth)


def _text(event: Any) -> str:
    """Return the scalar as a key; a value is never asked for its text."""
    try:
        if event.tag is not None:
            return tagged_key(event.value, event.tag)
        return plain_key(event.value) if event.implicit[0] else str(event.value)
    except ScalarError:
        return str(event.value)


_NULLS = ("", "~", "null", "Null", "NULL")
