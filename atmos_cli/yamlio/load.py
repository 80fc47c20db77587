"""Reads YAML as Kubernetes reads it (sigs.k8s.io/yaml), and says where and why when it cannot."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NoReturn

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

from atmos_cli.diagnostics import MOST_IN_A_FILE, AtmosError, Code, Diagnostic, Location, fail, more
from atmos_cli.yamlio.parse import MAX_DEPTH, events
from atmos_cli.yamlio.scalars import Scalar, ScalarError, is_merge, key_of, plain_key, resolve_plain, tagged, tagged_key
from atmos_cli.yamlio.store import kept, read_once

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MAX_BYTES = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Document:
    """One document that is not empty: `index` counts these from 0, `line` (from 1) is where its content starts."""

    value: Any
    line: int
    index: int


def load_all(data: bytes, *, path: str = "") -> tuple[Document, ...]:
    """Return the documents of a file that are not empty; the caller may change them.

    Raises AtmosError (ATM301, 302, 303, 615), located in `path`.
    """
    found = shared(data, path=path)
    return found if kept() is None else tuple(Document(_copy(d.value, 0), d.line, d.index) for d in found)


def shared(data: bytes, *, path: str = "") -> tuple[Document, ...]:
    """Return the documents as `load_all` does, but shared between all callers, who must not change them."""
    if len(data) > MAX_BYTES:
        message = f"{path or 'the YAML'} is {len(data) / 2**20:.1f} MiB; atmos reads files up to {MAX_BYTES >> 20} MiB"
        raise fail(Code.FILE_TOO_LARGE, message, hint="split the file", where=Location(path))
    found = read_once(_parsed, data)
    if isinstance(found, AtmosError):
        raise in_file(found, path)
    return found


def in_file(error: AtmosError, path: str) -> AtmosError:
    """Return what is wrong with a text as what is wrong with the file at `path` that holds it."""
    return AtmosError(*(d.at(replace(d.where or Location(""), path=path)) for d in error.diagnostics))


def _parsed(data: bytes) -> tuple[Document, ...] | AtmosError:
    """Return the documents, or what is wrong with them as a value, too, whose places name no file yet."""
    builder = None
    try:
        _refuse_unread(data)
        builder = _Builder(events(data if data.endswith(b"\n") else data + b"\n"))  # as kubectl's line reader
        roots = [(value, line) for value, line in builder.documents() if value is not None]
    except YAMLError as error:
        from atmos_cli.yamlio.syntax import explained

        return AtmosError(*_duplicates(data, builder), explained(error, data))
    except AtmosError as error:
        return AtmosError(*error.diagnostics)  # without the traceback, which would hold on to all that was parsed
    if duplicates := _duplicates(data, builder):
        return AtmosError(*duplicates)
    return tuple(Document(value, line, index) for index, (value, line) in enumerate(roots))


def load(data: bytes, *, path: str = "") -> Any:
    """Return the value of the only document, None when there is none. Raises as `load_all`, and ATM303 for several."""
    documents = load_all(data, path=path)
    if len(documents) > 1:
        message = f"one YAML document is expected, and this is number 2 of {len(documents)}"
        where = Location(path, documents[1].line, 1)
        raise fail(Code.YAML_UNSUPPORTED, message, hint="keep one document in this file", where=where)
    return documents[0].value if documents else None


def _refuse_unread(data: bytes) -> None:
    """Refuse text behind a line that starts with `---`: Kubernetes cuts there, even inside a quoted text."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        hint = "save the file as UTF-8"
        raise fail(Code.YAML_SYNTAX, "the file is UTF-16, which kubectl garbles", hint=hint, where=Location("", 1, 1))
    starts = [m.start() + 1 for m in _BAD_SEPARATOR.finditer(data)]
    if data.startswith(b"---") and _BAD_SEPARATOR.match(b"\n" + data[:1000]):
        starts.insert(0, 0)
    if starts:
        message = "behind `---` only a comment may stand; Kubernetes refuses the rest"
        hint = "put it on the next line; a comment needs a space before its `#`"
        found = []
        line, counted = 1, 0
        for start in starts[:MOST_IN_A_FILE]:
            line, counted = line + data.count(b"\n", counted, start), start
            found.append(Diagnostic(Code.YAML_UNSUPPORTED, message, where=Location("", line, 4), hint=hint))
        if len(starts) > MOST_IN_A_FILE:
            found.append(more("", len(starts) - MOST_IN_A_FILE))
        raise AtmosError(*found)


def _duplicates(data: bytes, builder: _Builder | None) -> tuple[Diagnostic, ...]:
    if builder is None or not builder.duplicated:
        return ()
    from atmos_cli.yamlio.duplicates import duplicates

    return duplicates(data)


class _Builder:
    """Builds values from events. Collections recurse, one Python frame per level of nesting."""

    def __init__(self, next_event: Callable[[], Any]) -> None:
        self.duplicated = False
        self._next = next_event
        self._anchors: dict[str, Any] = {}
        self._sizes: dict[str, int] = {}
        self._nodes = 0
        self._aliased = 0
        self._flow = 0

    def documents(self) -> Iterator[tuple[Any, int]]:
        while (event := self._next()).__class__ is not StreamEndEvent:
            if event.__class__ is DocumentStartEvent:
                if event.version or event.tags:
                    self._refuse(event, "a `%` directive is refused by Kubernetes", hint="remove the line")
                self._anchors, self._sizes, self._nodes, self._aliased = {}, {}, 1, 0
                root = self._next()
                yield self._node(root, 0), root.start_mark.line + 1

    def _node(self, event: Any, depth: int) -> Any:
        kind = event.__class__
        if kind is ScalarEvent:
            return self._scalar(event)
        if kind is AliasEvent:
            return self._alias(event, depth)
        if depth == MAX_DEPTH:
            self._refuse(event, _TOO_DEEP, hint="flatten the structure")
        before = self._nodes
        if event.anchor is not None:
            self._anchors[event.anchor] = _OPEN
        flow = event.flow_style is True
        self._flow += flow
        value = self._mapping(depth + 1) if kind is MappingStartEvent else self._sequence(depth + 1)
        self._flow -= flow
        if event.anchor is not None:
            self._anchors[event.anchor] = value
            self._sizes[event.anchor] = self._nodes - before + 1
        return value

    def _mapping(self, depth: int) -> dict[str, Any]:
        next_event = self._next
        result: dict[str, Any] = {}
        own: set[str] | None = None  # the keys written here, once a merge has brought others
        while True:
            event = next_event()
            kind = event.__class__
            if kind is ScalarEvent:
                if event.value == "<<" and is_merge(event):
                    own = set(result) if own is None else own
                    self._merge(result, depth)
                    continue
                key = self._key(event)
            elif kind is MappingEndEvent:
                self._nodes += 2 * len(result)
                return result
            else:
                key = self._alias_key(event, depth)
            if key in (result if own is None else own):
                self.duplicated = True
            if own is not None:
                own.add(key)
            event = next_event()
            result[key] = self._scalar(event) if event.__class__ is ScalarEvent else self._node(event, depth)

    def _sequence(self, depth: int) -> list[Any]:
        next_event = self._next
        result: list[Any] = []
        while (event := next_event()).__class__ is not SequenceEndEvent:
            result.append(self._scalar(event) if event.__class__ is ScalarEvent else self._node(event, depth))
        self._nodes += len(result)
        return result

    def _merge(self, result: dict[str, Any], depth: int) -> None:
        """Merge in order, as Go does: a merged value replaces what is above it, and later keys replace it."""
        event = self._next()
        value = self._node(event, depth)
        parts = reversed(value) if event.__class__ is SequenceStartEvent else (value,)
        for part in parts:
            if not isinstance(part, dict):
                hint = "quote it if text is meant: '<<'"
                self._refuse(event, "`<<` needs a mapping or a list of mappings", hint=hint)
            result.update(part)

    def _scalar(self, event: Any) -> Scalar:
        value: Scalar = event.value
        try:
            if event.tag is not None:
                value = tagged(event.value, event.tag)
            elif event.implicit[0]:
                value = _plain(event.value)
                if self._flow:
                    self._check_flow(event)
        except ScalarError as error:
            self._refuse(event, str(error), hint=error.hint)
        if event.anchor is not None:
            self._anchors[event.anchor], self._sizes[event.anchor] = value, 1
        return value

    def _key(self, event: Any) -> str:
        key: str = event.value
        try:
            if event.tag is not None:
                key = tagged_key(event.value, event.tag)
            elif event.implicit[0]:
                key = _plain_key(event.value)
                if self._flow:
                    self._check_flow(event)
        except ScalarError as error:
            self._refuse(event, str(error), hint=error.hint)
        if event.anchor is not None:
            self._scalar(event)
        return key

    def _check_flow(self, event: Any) -> None:
        """Refuse a `?` in an unquoted text: Go ends the text there, which libyaml no longer does."""
        if "?" in event.value:
            hint = f'quote it: "{event.value}"'
            self._refuse(event, "Kubernetes refuses an unquoted `?` inside `[]` or `{}`", hint=hint)

    def _alias_key(self, event: Any, depth: int) -> str:
        value = self._alias(event, depth) if event.__class__ is AliasEvent else {}
        if event.__class__ is MappingStartEvent:
            hint = "quote a `{{ … }}` template, or render it first"
            self._refuse(event, "a key must be a text, not a mapping; an unquoted template reads as one", hint=hint)
        if isinstance(value, dict | list):
            self._refuse(event, "a key must be a text, not a list or a mapping", hint="quote it if text is meant")
        try:
            return key_of(value, str(value))
        except ScalarError as error:
            self._refuse(event, str(error), hint=error.hint)

    def _alias(self, event: Any, depth: int) -> Any:
        """Return a copy, as Go makes one: a change of one use changes no other."""
        name = event.anchor
        value = self._anchors.get(name, _UNKNOWN)
        if value is _UNKNOWN:
            hint = f'quote it if text is meant: "*{name}"'
            self._refuse(event, f"`*{name}` refers to an anchor that is not defined above it", hint=hint)
        if value is _OPEN:
            self._refuse(event, f"the anchor `&{name}` contains itself", hint="write the value out")
        self._nodes += self._sizes[name]
        self._aliased += self._sizes[name]
        if self._aliased > 100 and self._nodes > 1000 and self._aliased / self._nodes > _allowed_share(self._nodes):
            self._refuse(event, "the aliases expand to too many values", hint="write the values out")
        try:
            return _copy(value, depth)
        except ScalarError as error:
            self._refuse(event, str(error), hint=error.hint)

    def _refuse(self, event: Any, message: str, *, hint: str) -> NoReturn:
        where = Location("", event.start_mark.line + 1, event.start_mark.column + 1)
        raise fail(Code.YAML_UNSUPPORTED, message, hint=hint, where=where)


def _copy(value: Any, depth: int) -> Any:
    if not isinstance(value, dict | list):
        return value
    if depth == MAX_DEPTH:
        raise ScalarError(_TOO_DEEP, hint="write fewer aliases inside aliases")
    if isinstance(value, dict):
        return {key: _copy(item, depth + 1) for key, item in value.items()}
    return [_copy(item, depth + 1) for item in value]


def _allowed_share(nodes: int) -> float:
    """Return how much may come from aliases, as in go-yaml: 99 % of 400,000 values down to 10 % of 4,000,000."""
    return 0.99 - 0.89 * min(max((nodes - 400_000) / 3_600_000, 0.0), 1.0)


_plain = lru_cache(maxsize=8192)(resolve_plain)
_plain_key = lru_cache(maxsize=4096)(plain_key)
_OPEN = object()
_UNKNOWN = object()
_TOO_DEEP = f"nested deeper than {MAX_DEPTH} levels"
_BAD_SEPARATOR = re.compile(rb"\n---(?![ \t]*\r?(?:\n|\Z)|[ \t]+#)")
