"""Reads objects of unknown origin: a field of the wrong shape reads as a field that is not there."""

from __future__ import annotations

import calendar
import re
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.resource import Identity, group_version

if TYPE_CHECKING:
    from collections.abc import Iterator

Step = str | int
Path = tuple[Step, ...]
_INSTANT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)


def at(node: Any, *path: Step) -> Any:
    """Return the value at `path`, None as soon as a step does not exist."""
    for step in path:
        if isinstance(step, str):
            node = node.get(step) if isinstance(node, dict) else None
        else:
            node = node[step] if isinstance(node, list) and -len(node) <= step < len(node) else None
    return node


def text(node: Any, *path: Step) -> str:
    """Return the string at `path`, "" for anything else."""
    value = at(node, *path)
    return value if isinstance(value, str) else ""


def number(node: Any, *path: Step, default: int = 0) -> int:
    """Return the whole number at `path` that fits an int64, `default` for anything else."""
    value = at(node, *path)
    fits = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if fits else default


def whole(node: Any, *path: Step) -> int | None:
    """Return the whole number at `path`, None for anything else and for what is too large to count with."""
    value = at(node, *path)
    return value if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**12 else None


def mapping(node: Any, *path: Step) -> dict[str, Any]:
    """Return the object at `path`, {} for anything else."""
    value = at(node, *path)
    return value if isinstance(value, dict) else {}


def strings(node: Any, *path: Step) -> dict[str, str]:
    """Return the entries of the object at `path` that are strings: labels, annotations, a Service's selector."""
    return {
        key: value for key, value in mapping(node, *path).items() if isinstance(key, str) and isinstance(value, str)
    }


def mappings(node: Any, *path: Step) -> tuple[dict[str, Any], ...]:
    """Return those items of the list at `path` that are objects."""
    return tuple(item for _, item in items(node, *path))


def items(node: Any, *path: Step) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield those items of the list at `path` that are objects, each with its index."""
    value = at(node, *path)
    if isinstance(value, list):
        yield from ((index, item) for index, item in enumerate(value) if isinstance(item, dict))


def texts(node: Any, *path: Step) -> tuple[str, ...]:
    """Return those items of the list at `path` that are strings."""
    return tuple(item for _, item in text_items(node, *path))


def text_items(node: Any, *path: Step) -> Iterator[tuple[int, str]]:
    """Yield those items of the list at `path` that are strings, each with its index."""
    value = at(node, *path)
    if isinstance(value, list):
        yield from ((index, item) for index, item in enumerate(value) if isinstance(item, str))


def instant(node: Any, *path: Step) -> float:
    """Return the time at `path` (RFC 3339) in unix seconds, 0 when there is none."""
    match = _INSTANT.fullmatch(text(node, *path))
    if match is None:
        return 0.0
    year, month, day, hour, minute, second = (int(part) for part in match.groups()[:6])
    if year < 1970 or not 1 <= month <= 12 or not 1 <= day <= 31 or hour > 23 or minute > 59 or second > 60:
        return 0.0
    zone = match[8]
    shift = 0 if zone == "Z" else int(zone[0] + "1") * (int(zone[1:3]) * 3600 + int(zone[4:6]) * 60)
    return calendar.timegm((year, month, day, hour, minute, second)) + float(match[7] or 0) - shift


def who(resource: Any) -> Identity:
    """Return the identity of an object, even a damaged one."""
    group = group_version({"apiVersion": text(resource, "apiVersion")})[0]
    name, namespace = text(resource, "metadata", "name"), text(resource, "metadata", "namespace")
    return Identity(group, text(resource, "kind"), namespace, name)
