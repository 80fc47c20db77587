"""What approvals let pass: which rows of a budget, and what to report about the approvals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.diagnostics import Diagnostic

RowKey = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Coverage:
    """`rows` are those over a limit that approvals let pass; `diagnostics` name the approvals, or why they do not."""

    rows: frozenset[RowKey] = frozenset()
    diagnostics: tuple[Diagnostic, ...] = ()

    def applied(self, rows: Sequence[LimitRow]) -> tuple[LimitRow, ...]:
        """Return `rows`, with the outcome `approved` where an approval lets them pass."""
        return tuple(replace(row, outcome="approved") if row_key(row) in self.rows else row for row in rows)


def row_key(row: LimitRow) -> RowKey:
    return row.environment, row.scope, row.dimension, row.note
