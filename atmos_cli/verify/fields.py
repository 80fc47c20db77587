"""The conditions and annotations of live objects, and their messages made safe to print."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.kube.shape import instant, mappings, number, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource

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


_NO_CONDITION = Condition(type="", status="", reason="", message="", since=0.0, stale=False)


def conditions(resource: Any) -> Iterator[Condition]:
    """Yield every condition of `status.conditions`."""
    generation = number(resource, "metadata", "generation")
    for item in mappings(resource, "status", "conditions"):
        yield condition_of(item, generation=generation)


def condition_of(item: Any, *, generation: int) -> Condition:
    """Read one item of a list of conditions; `generation` is that of the object."""
    observed = number(item, "observedGeneration", default=generation)
    since = instant(item, "lastTransitionTime") or instant(item, "lastUpdateTime")
    reason, message = text(item, "reason"), said(text(item, "message"))
    return Condition(
        type=text(item, "type"),
        status=text(item, "status"),
        reason=reason,
        message=message,
        since=since,
        stale=observed < generation,
    )


def condition(resource: Any, kind: str) -> Condition:
    """Return the condition of type `kind`; one whose status is "" when there is none."""
    return next((found for found in conditions(resource) if found.type == kind), _NO_CONDITION)


def annotation(resource: Resource, name: str) -> str:
    """Return the annotation's value, "" when there is none."""
    return text(resource, "metadata", "annotations", name)


def said(words: str) -> str:
    """Make one line that is safe for a terminal of a cluster's words: no control characters, at most 600 long."""
    line = " ".join(_CONTROL.sub(" ", words[: 4 * _LONGEST]).split())
    return line if len(line) <= _LONGEST else f"{line[: _LONGEST - 1]}…"


def counted(amount: int, noun: str) -> str:
    """Format a count with its noun: `1 pod`, `2 pods`."""
    return f"{amount} {noun}" if amount == 1 else f"{amount} {noun}s"
