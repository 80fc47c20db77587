"""What an intent asks to change, value by value, each with where it holds and the words that said it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

ChangeKind = Literal[
    "size",
    "replicas",
    "min",
    "max",
    "service_port",
    "container_port",
    "host",
    "no_host",
    "addon",
    "without",
    "needs",
    "setting",
    "variable",
    "no_variable",
    "secret",
]
# Words that say that what follows is to come, also behind something that is to go.
ADDITIONS = frozenset({"add", "adding", "with", "plus", "include", "including", "enable", "also"})
OPPOSITES = {"addon": "without", "without": "addon", "host": "no_host", "no_host": "host"}
OPPOSITES |= {"variable": "no_variable", "no_variable": "variable"}


@dataclass(frozen=True, slots=True)
class ChangeItem:
    """One thing to change. `environment` is empty for everywhere; `key` names one of several, such as an add-on.

    `source` is what the plan shows, `said` what messages say: "`size m` (word 3)". Kind `needs` is an add-on that has
    to be there already.
    """

    kind: ChangeKind
    key: str
    value: Any
    environment: str
    source: str
    said: str
    note: str = ""

    @property
    def slot(self) -> tuple[str, str, str]:
        """Return what at most one item may say."""
        return self.kind, self.key, self.environment

    @property
    def opposite(self) -> tuple[str, str, str]:
        return OPPOSITES.get(self.kind, ""), self.key, self.environment


@dataclass(frozen=True, slots=True)
class AlreadySo:
    """Something that was asked for, and that nothing has to change for."""

    field: str
    value: str
    source: str
    note: str = ""


def contradictions(items: Iterable[ChangeItem]) -> list[tuple[ChangeItem, ChangeItem]]:
    """Return each pair of items that cannot both be done."""
    found: list[tuple[ChangeItem, ChangeItem]] = []
    seen: dict[tuple[str, str, str], ChangeItem] = {}
    for item in items:
        other = seen.get(item.slot)
        if other is not None and other.value != item.value:
            found.append((other, item))
        elif item.opposite in seen:
            found.append((seen[item.opposite], item))
        seen.setdefault(item.slot, item)
    return found
