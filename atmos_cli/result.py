"""What every use case returns: values, what would change, and what was found. Nothing here prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.diagnostics import Diagnostic


@dataclass(frozen=True, slots=True)
class ChangeSet:
    """Files to write, by posix path relative to the root; None removes the file. `before` is what stood there."""

    files: Mapping[str, bytes | None]
    before: Mapping[str, bytes | None] = field(default_factory=dict)

    @property
    def added(self) -> tuple[str, ...]:
        return tuple(sorted(p for p, data in self.files.items() if data is not None and self.before.get(p) is None))

    @property
    def modified(self) -> tuple[str, ...]:
        return tuple(sorted(p for p, data in self.files.items() if data is not None and self.before.get(p) is not None))


@dataclass(frozen=True, slots=True)
class Result:
    """`data` is JSON-ready and versioned by the envelope; `exit_code` is 0 (yes) or 1 (the answer is no)."""

    data: Mapping[str, Any]
    diagnostics: tuple[Diagnostic, ...] = ()
    exit_code: int = 0
