"""Reading live objects, which are hostile input: a field of the wrong shape reads as a field that is not there."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.resource import Identity, group_version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource

_INSTANT = re.compile(r"(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)(\.\d{1,9})?(Z|[+-]\d\d:\d\d)", re.ASCII)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff\ud800-\udfff]+")
_LONGEST = 600


@dataclass(frozen=True, slots=True)
class Condition:
    """One of `status.conditions`. `since` is its last transition in unix seconds, 0 when it does not say.

    `stale`: it was written for an older generation of the object's spec.
    """

    type: str
    status: str
    reason: str
    message: str
    since: float
    stale: bool

    @property
    def true(self) -> bool:
        return self.status == "True"

    @property
    def false(self) -> bool:
        return self.status == "False"


_NO_CONDITION = Condition("", "", "", "", 0.0, stale=False)


def at(node: Any, *path: str | int) -> Any:
    """The value at `path`, None as soon as a step does not exist."""
    for step in path:
        if isinstance(step, str):
            node = node.get(step) if isinstance(node, dict) else None
        else:
            node = node[step] if isinstance(node, list) and -len(node) <= step < len(node) else None
    return node


def text(node: Any, *path: str | int) -> str:
    """The string at `path`, "" for anything else."""
    value = at(node, *path)
    return value if isinstance(value, str) else ""


def number(node: Any, *path: str | int, default: int = 0) -> int:
    """The whole number at `path` that fits an int64, `default` for anything else."""
    value = at(node, *path)
    fits = isinstance(value, int) and not isinstance(value, bool) and -(2**63) <= value < 2**63
    return value if fits else default


def mapping(node: Any, *path: str | int) -> dict[str, Any]:
    """The object at `path` with its string keys, {} for anything else."""
    value = at(node, *path)
    return {key: item for key, item in value.items() if isinstance(key, str)} if isinstance(value, dict) else {}


def mappings(node: Any, *path: str | int) -> tuple[dict[str, Any], ...]:
    """Those items of the list at `path` that are objects."""
    value = at(node, *path)
    return tuple(item for item in value if isinstance(item, dict)) if isinstance(value, list) else ()


def texts(node: Any, *path: str | int) -> tuple[str, ...]:
    """Those items of the list at `path` that are strings."""
    value = at(node, *path)
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()


def instant(node: Any, *path: str | int) -> float:
    """The time at `path` (RFC 3339) in unix seconds, 0 when there is none."""
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
    """The identity of an object, however damaged."""
    group = group_version({"apiVersion": text(resource, "apiVersion")})[0]
    name, namespace = text(resource, "metadata", "name"), text(resource, "metadata", "namespace")
    return Identity(group, text(resource, "kind"), namespace, name)


def conditions(resource: Any) -> Iterator[Condition]:
    """Every condition of `status.conditions`."""
    generation = number(resource, "metadata", "generation")
    for item in mappings(resource, "status", "conditions"):
        yield condition_of(item, generation=generation)


def condition_of(item: Any, *, generation: int) -> Condition:
    """One item of a list of conditions; `generation` is that of the object."""
    observed = number(item, "observedGeneration", default=generation)
    since = instant(item, "lastTransitionTime") or instant(item, "lastUpdateTime")
    reason, message = text(item, "reason"), said(text(item, "message"))
    return Condition(text(item, "type"), text(item, "status"), reason, message, since, stale=observed < generation)


def condition(resource: Any, kind: str) -> Condition:
    """The condition of type `kind`; one whose status is "" when there is none."""
    return next((found for found in conditions(resource) if found.type == kind), _NO_CONDITION)


def annotation(resource: Resource, name: str) -> str:
    """The annotation's value, "" when there is none."""
    return text(resource, "metadata", "annotations", name)


def said(words: str) -> str:
    """What a cluster said as one line that is safe for a terminal, without control characters, at most 600 long."""
    line = " ".join(_CONTROL.sub(" ", words[: 4 * _LONGEST]).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def counted(amount: int, noun: str) -> str:
    """`1 pod`, `2 pods`."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
