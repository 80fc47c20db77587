"""A YAML text as ruamel.yaml's nodes, whose marks say where each stands, and where each really ends.

The events are libyaml's: nothing parses here that `load` would not read, and ruamel's own scanner needs 14 s for 1 MB.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import yaml.events
from ruamel.yaml.composer import Composer
from ruamel.yaml.events import (
    AliasEvent,
    DocumentEndEvent,
    DocumentStartEvent,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
    StreamStartEvent,
)
from ruamel.yaml.nodes import MappingNode, ScalarNode, SequenceNode
from ruamel.yaml.tag import Tag

from atmos_cli.yamlio.parse import events
from atmos_cli.yamlio.scalars import ScalarError, plain_key, tagged_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


class AliasNode(ScalarNode):
    """An alias where it stands; its value is its name."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Tree:
    """One document that is not empty; `aliases` are names and offsets."""

    root: Any
    aliases: tuple[tuple[str, int], ...]


def compose(text: str) -> tuple[Tree, ...]:
    """Return the documents of a text that parses, in order, without the empty ones. Offsets count characters."""
    composer = _MarkedComposer(_Loader(_Events(text)))
    found: list[Tree] = []
    while composer.check_node():
        composer.aliases = []
        root = composer.get_node()
        if not _is_null(root):
            found.append(Tree(root, tuple(composer.aliases)))
    return tuple(found)


def key_text(node: Any) -> str | None:
    """Return the key that Kubernetes makes of a node, None for a merge and for what is no text."""
    if type(node) is not ScalarNode:
        return None
    text: str = node.value
    try:
        if node.tag:
            return None if node.tag == "tag:yaml.org,2002:merge" else tagged_key(text, node.tag)
        if node.style is None:
            return None if text == "<<" else plain_key(text)
    except ScalarError:
        return None
    return text


def is_flow(node: Any) -> bool:
    """Return whether a node is a collection in brackets."""
    return isinstance(node, MappingNode | SequenceNode) and node.flow_style is True


def is_block(node: Any) -> bool:
    """Return whether a node is a collection with a line for each of its entries."""
    return isinstance(node, MappingNode | SequenceNode) and not node.flow_style


def is_mapping(node: Any) -> bool:
    """Return whether a node is a mapping."""
    return isinstance(node, MappingNode)


def is_sequence(node: Any) -> bool:
    """Return whether a node is a list."""
    return isinstance(node, SequenceNode)


def is_text_block(node: Any) -> bool:
    """Return whether a node is a text behind `|` or `>`."""
    return isinstance(node, ScalarNode) and node.style in {"|", ">"}


def is_empty(node: Any) -> bool:
    """Return whether nothing is written where the value would stand."""
    return isinstance(node, ScalarNode) and node.style is None and not node.value and not node.anchor and not node.tag


def children(node: Any) -> list[Any]:
    """Return the values of a collection, in order."""
    return [value for _, value in node.value] if isinstance(node, MappingNode) else list(node.value)


def below(node: Any) -> Iterator[Any]:
    """Return a node and every node in it, keys included, in no order."""
    left = [node]
    while left:
        node = left.pop()
        yield node
        if isinstance(node, MappingNode):
            for pair in node.value:
                left.extend(pair)
        elif isinstance(node, SequenceNode):
            left.extend(node.value)


def content_end(text: str, node: Any) -> int:
    """Return the offset behind the last character of a node: its end mark lies behind the comments that follow it."""
    while is_block(node) and node.value:
        last = node.value[-1]
        if isinstance(node, MappingNode):
            key, node = last
            if is_empty(node) and text[node.start_mark.index - 1 : node.start_mark.index] != ":":
                return int(key.end_mark.index)
        else:
            node = last
    if is_text_block(node):
        return text_block(text, node).end
    return min(int(node.end_mark.index), len(text))


@dataclass(frozen=True, slots=True)
class TextBlock:
    """A `|` or `>` text: its header is `start` to `header_end`, its lines are those from `body` to `end` (exclusive).

    `indent` is the column of its text, 0 where there is none.
    """

    start: int
    header_end: int
    body: int
    end: int
    indent: int


def text_block(text: str, node: Any) -> TextBlock:
    """Return where a block of text stands: without the blank lines behind it, unless `+` makes them part of it."""
    start, stop = int(node.start_mark.index), min(int(node.end_mark.index), len(text))
    header = _HEADER.search(text, start)
    header_end = header.end() if header else start
    line_end = text.find("\n", header_end)
    body = line_end + 1 if line_end >= 0 else len(text)
    lines = text[body:stop].split("\n") if body < stop else []
    indent = next((len(line) - len(line.lstrip(" ")) for line in lines if line.strip()), 0)
    if header and "+" in header[0]:
        end = stop - 1 if text[stop - 1 : stop] == "\n" else stop
        end -= text[end - 1 : end] == "\r"
        return TextBlock(start, header_end, body, max(end, header_end), indent)
    while lines and not lines[-1].strip() and len(lines[-1].rstrip("\r")) <= indent:
        lines.pop()
    end = body + len("\n".join(lines)) if lines else header_end
    end -= text[end - 1 : end] == "\r"
    return TextBlock(start, header_end, body, end, indent)


def _is_null(node: Any) -> bool:
    if type(node) is not ScalarNode or node.style is not None:
        return False
    return node.value in _NULLS and node.tag in {"", "tag:yaml.org,2002:null"}


class _Events:
    """What a ruamel Composer asks of its parser, answered by PyYAML."""

    def __init__(self, text: str) -> None:
        self._next = events((text if text.endswith("\n") else text + "\n").encode())
        self._event: Any = None

    def peek_event(self) -> Any:
        if self._event is None:
            event = self._next()
            self._event = _CONVERTED[event.__class__](event)
        return self._event

    def get_event(self) -> Any:
        event = self.peek_event()
        self._event = None
        return event

    def check_event(self, *kinds: Any) -> bool:
        return isinstance(self.peek_event(), kinds)


class _Resolver:
    """Tags are resolved by `yamlio.scalars` alone; here an untagged node stays so."""

    def descend_resolver(self, parent: Any, index: Any) -> None:
        pass

    def ascend_resolver(self) -> None:
        pass

    def resolve(self, kind: Any, value: Any, implicit: Any) -> Any:
        del kind, value, implicit
        return _UNTAGGED


@dataclass(slots=True)
class _Loader:
    _parser: _Events
    _resolver: _Resolver = field(default_factory=_Resolver)
    _composer: Any = None
    max_depth: int | None = None


class _MarkedComposer(Composer):
    def __init__(self, loader: _Loader) -> None:
        super().__init__(loader)
        self.warn_double_anchors = False
        self.aliases: list[tuple[str, int]] = []

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.parser.peek_event()
        if not isinstance(event, AliasEvent):
            return super().compose_node(parent, index)
        self.parser.get_event()
        self.aliases.append((event.anchor, event.start_mark.index))
        return AliasNode(_UNTAGGED, event.anchor, event.start_mark, event.end_mark)


def _tag(event: Any) -> Any:
    return None if event.tag is None else Tag(suffix=event.tag)


def _collection(kind: Any) -> Callable[[Any], Any]:
    return lambda e: kind(e.anchor, _tag(e), e.implicit, e.start_mark, e.end_mark, flow_style=e.flow_style)


def _scalar(event: Any) -> Any:
    style = event.style if event.style in _STYLES else None
    return ScalarEvent(
        event.anchor, _tag(event), event.implicit, event.value, event.start_mark, event.end_mark, style=style
    )


def _bare(kind: Any) -> Callable[[Any], Any]:
    return lambda e: kind(e.start_mark, e.end_mark)


_UNTAGGED = Tag(suffix="")
_NULLS = ("", "~", "null", "Null", "NULL")
_STYLES = ('"', "'", "|", ">")
_HEADER = re.compile(r"[|>][-+0-9]*")
_CONVERTED: dict[Any, Callable[[Any], Any]] = {
    yaml.events.StreamStartEvent: _bare(StreamStartEvent),
    yaml.events.StreamEndEvent: _bare(StreamEndEvent),
    yaml.events.DocumentStartEvent: _bare(DocumentStartEvent),
    yaml.events.DocumentEndEvent: _bare(DocumentEndEvent),
    yaml.events.AliasEvent: lambda e: AliasEvent(e.anchor, e.start_mark, e.end_mark),
    yaml.events.ScalarEvent: _scalar,
    yaml.events.SequenceStartEvent: _collection(SequenceStartEvent),
    yaml.events.SequenceEndEvent: _bare(SequenceEndEvent),
    yaml.events.MappingStartEvent: _collection(MappingStartEvent),
    yaml.events.MappingEndEvent: _bare(MappingEndEvent),
}
