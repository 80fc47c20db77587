"""Reads a document as kustomize does where that differs from Kubernetes: `on`, `y` and such are text, dates are times.

Slower than `yamlio.load_all` and needed rarely: `differs` says when.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Location, fail
from atmos_cli.kustomize.values import BLANK
from atmos_cli.yamlio.load import in_file
from atmos_cli.yamlio.parse import events
from atmos_cli.yamlio.scalars import is_merge, resolve_plain, tagged
from atmos_cli.yamlio.store import read_once

if TYPE_CHECKING:
    from collections.abc import Callable

_WORDS = frozenset(["y", "Y", "yes", "Yes", "YES", "n", "N", "no", "No", "NO", "on", "On", "ON", "off", "Off", "OFF"])
_SUSPECT = re.compile(
    rb"(?:^|[\s,:\[{-])(?:[yYnN]|yes|Yes|YES|no|No|NO|on|On|ON|off|Off|OFF)[ \t]*(?:\r?$|[,:\]}]|[ \t]#)"
    rb"|[0-9]{4}-[0-9]{1,2}-[0-9]|<<"
    rb"|(?:^|[\s,{])(?:[-+.0-9][\w.]*|true|True|TRUE|false|False|FALSE|null|Null|NULL|~)[ \t]*:(?:\s|$)",
    re.MULTILINE,
)
_DATE = re.compile(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})")
_TIME = re.compile(
    r"([0-9]{4}-[0-9]{1,2}-[0-9]{1,2})(?:[Tt]|[ \t]+)([0-9]{1,2}):([0-9]{1,2}):([0-9]{1,2})(\.[0-9]{1,9})?[ \t]*"
    r"(Z|[-+][0-9]{2}:[0-9]{2})?"
)
_STRINGS = "tag:yaml.org,2002:str"


def differs(data: bytes) -> bool:
    """Return whether the file may hold something that Kubernetes and kustomize read differently (nulls aside)."""
    return _SUSPECT.search(data) is not None


def exact_values(data: bytes, *, path: str, single_list: bool = False) -> list[Any]:
    """Read a file that `load_all` accepted as kustomize reads it; return its documents, without empty ones.

    A field with nothing behind its colon is BLANK, and annotations that are not null are the text as written. Raises
    AtmosError for keys that are not text, which kustomize refuses. `single_list`: the file is one `List`, whose items
    are taken as they are, while other lists pass through JSON.
    """
    found = read_once(_single_list if single_list else _documents, data)
    if isinstance(found, AtmosError):
        raise in_file(found, path)
    copied: list[Any] = _copy(found)
    return copied


def _documents(data: bytes, *, single_list: bool = False) -> list[Any] | AtmosError:
    try:
        found = _ExactReader(events(data), single_list=single_list).documents()
    except AtmosError as error:
        return AtmosError(*error.diagnostics)
    return [value for value in found if value is not None and value is not BLANK]


def _single_list(data: bytes) -> list[Any] | AtmosError:
    return _documents(data, single_list=True)


def reads_as_text(word: str) -> bool:
    """Return whether kustomize takes the word for text without quotes around it."""
    if word in _WORDS:
        return True
    return word not in ("", "<<") and _time_of(word) is None and isinstance(resolve_plain(word), str)


class _ExactReader:
    def __init__(self, next_event: Callable[[], Any], *, single_list: bool) -> None:
        self._next = next_event
        self._anchors: dict[Any, Any] = {}
        self._flow = 0
        self._annotations = [_ANNOTATIONS, ("items", "", *_ANNOTATIONS)][: 1 + single_list]

    def documents(self) -> list[Any]:
        found: list[Any] = []
        while _kind(event := self._next()) != "StreamEndEvent":
            if _kind(event) == "DocumentStartEvent":
                self._anchors = {}
                found.append(self._node(self._next(), ()))
        return found

    def _node(self, event: Any, path: tuple[str, ...]) -> Any:
        if _kind(event) == "AliasEvent":
            return _copy(self._anchors[event.anchor])
        if _kind(event) == "ScalarEvent":
            value: Any = _scalar(event, flow=self._flow > 0)
            if path[:-1] in self._annotations and value is not None and value is not BLANK:
                value = event.value
        else:
            self._flow += bool(event.flow_style)
            mapping = _kind(event) == "MappingStartEvent"
            value = self._mapping(path) if mapping else self._sequence((*path, ""))
            self._flow -= bool(event.flow_style)
        if event.anchor is not None:
            self._anchors[event.anchor] = value
        return value

    def _sequence(self, path: tuple[str, ...]) -> list[Any]:
        items: list[Any] = []
        while _kind(item := self._next()) != "SequenceEndEvent":
            items.append(self._node(item, path))
        return items

    def _mapping(self, path: tuple[str, ...]) -> dict[str, Any]:
        own: dict[str, Any] = {}
        merged: dict[str, Any] = {}
        while _kind(event := self._next()) != "MappingEndEvent":
            if _kind(event) == "ScalarEvent" and event.value == "<<" and is_merge(event):
                value = self._node(self._next(), (*path, "<<"))
                for part in value if isinstance(value, list) else [value]:
                    merged = {**part, **merged}
                continue
            key = self._anchors[event.anchor] if _kind(event) == "AliasEvent" else _scalar(event, flow=False)
            if not isinstance(key, str) or (_kind(event) == "ScalarEvent" and _time(event) is not None):
                self._refuse(event)
            if event.anchor is not None and _kind(event) == "ScalarEvent":
                self._anchors[event.anchor] = key
            own[key] = self._node(self._next(), (*path, key))
        return merged | own

    def _refuse(self, event: Any) -> None:
        written = getattr(event, "value", "")
        where = Location("", event.start_mark.line + 1, event.start_mark.column + 1)
        hint = f'quote it: "{written}"'
        raise fail(
            Code.KUSTOMIZE_INVALID, f"kustomize refuses the key `{written}`, which is not text", where=where, hint=hint
        )


_ANNOTATIONS = ("metadata", "annotations")


def _kind(event: Any) -> str:
    return type(event).__name__


def _copy(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _copy(item) for key, item in value.items()}
    return [_copy(item) for item in value] if isinstance(value, list) else value


def _scalar(event: Any, *, flow: bool) -> Any:
    """Read one scalar; kustomize quotes a time of day inside a flow collection, which makes it text."""
    if event.tag is not None:
        return event.value if event.tag == _STRINGS else tagged(event.value, event.tag)
    if not event.implicit[0] or event.value in _WORDS:
        return event.value
    if not event.value:
        return BLANK
    if flow and ":" in event.value:
        return resolve_plain(event.value)
    return _time(event) or resolve_plain(event.value)


def _time(event: Any) -> str | None:
    return _time_of(event.value) if event.tag is None and event.implicit[0] else None


def _time_of(written: str) -> str | None:
    """Return a date or time as kustomize writes it back (RFC 3339)."""
    if match := _DATE.fullmatch(written):
        day = _day(match[0])
        return f"{day}T00:00:00Z" if day else None
    match = _TIME.fullmatch(written)
    day = _day(match[1]) if match else None
    if not match or not day:
        return None
    hour, minute, second = (int(match[n]) for n in (2, 3, 4))
    if hour > 23 or minute > 59 or second > 59:
        return None
    fraction = (match[5] or "").rstrip("0").rstrip(".")
    zone = match[6] or "Z"
    return f"{day}T{hour:02}:{minute:02}:{second:02}{fraction}{'Z' if zone == '+00:00' else zone}"


def _day(written: str) -> str | None:
    year, month, day = (int(part) for part in written.split("-"))
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    days = (31, 29 if leap else 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    return f"{year:04}-{month:02}-{day:02}" if 1 <= month <= 12 and 1 <= day <= days[month - 1] else None
