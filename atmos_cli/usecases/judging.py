"""A whole change judged by budgets: every environment, approvals included. What `validate` and `budget check` share."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.budget.findings import budget_diagnostics
from atmos_cli.diagnostics import AtmosError, Diagnostic
from atmos_cli.usecases.budgeting import Budgeted, budgeted

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from atmos_cli.budget.evaluate import Row
    from atmos_cli.usecases.effective import Effective
    from atmos_cli.usecases.states import States


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows that a valid approval lets pass have the outcome `approved`."""

    budgets: Mapping[str, Budgeted]
    rows: tuple[Row, ...]
    diagnostics: tuple[Diagnostic, ...]


def judge(
    states: States,
    *,
    before: Effective | None,
    after: Effective,
    environments: Sequence[str],
    root: Path,
    changed: Sequence[str] = (),
    base: str | None = None,
    author: bool | None = None,
) -> Judged:
    """Never raises for a budget that cannot be used: that is a finding, and never "unlimited"."""
    budgets: dict[str, Budgeted] = {}
    found: list[Diagnostic] = []
    for environment in environments:
        try:
            earlier = states.earlier([environment]) if before is not None else {}
            budgets[environment] = budgeted(
                after, before=before, environment=environment, changed=changed, earlier=earlier
            )
        except AtmosError as error:
            found += error.diagnostics
    rows = tuple(row for each in budgets.values() for row in each.rows)
    if any(row.outcome == "over" for row in rows) and states.repo is not None:
        from atmos_cli.usecases.approvals import covered, with_approvals

        coverage = covered(rows, after=after, before=before, root=root, base=base, author=author)
        found += coverage.diagnostics
        rows = with_approvals(rows, coverage)
    for each in budgets.values():
        found += each.findings
    return Judged(budgets, rows, (*found, *budget_diagnostics(rows)))
