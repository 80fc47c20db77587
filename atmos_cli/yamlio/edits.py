"""What can be done to a YAML file in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class SetValue:
    """Replace the value at `path`, or add its key: behind the sibling key `after` where there is one, else at the end.

    Mappings that are missing on the way are made.
    """

    path: Path
    value: Any
    after: str | None = None
    document: int = 0


@dataclass(frozen=True, slots=True)
class RemoveValue:
    """Take out a key or a list item. The comments above it stay."""

    path: Path
    document: int = 0


@dataclass(frozen=True, slots=True)
class InsertItem:
    """Put an item before position `index` of the list at `path`, at its end for None. A missing list is made."""

    path: Path
    value: Any
    index: int | None = None
    document: int = 0


Edit = SetValue | RemoveValue | InsertItem
