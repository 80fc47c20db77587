"""What a use case would change in the repo, as a value."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Files to write, by posix path relative to the root; None removes the file. `before` is what they replace.

    `inputs`: paths that a person may have edited and not committed, because the change is made from them: a commit
    takes them along as they are in `files`, even where that is what is there.
    """

    files: Mapping[str, bytes | None]
    before: Mapping[str, bytes | None] = field(default_factory=dict)
    inputs: frozenset[str] = frozenset()

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(sorted(p for p, data in self.files.items() if data is not None and self.before.get(p) is None))

    @property
    def modified(self) -> tuple[str, ...]:
        return tuple(sorted(p for p, data in self.files.items() if data is not None and self.before.get(p) is not None))
