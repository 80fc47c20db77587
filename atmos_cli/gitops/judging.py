"""Judges a whole change by budgets and approvals, in every environment; for `validate` and `budget check`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.budget.findings import budget_diagnostics
from atmos_cli.diagnostics import AtmosError, Diagnostic
from atmos_cli.foreign import shell
from atmos_cli.gitops.budgeting import Budgeted, budgeted

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from atmos_cli.approval.coverage import Coverage
    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.gitops.states import States


@dataclass(frozen=True, slots=True)
class Judged:
    """Rows that a valid approval lets pass have the outcome `approved`."""

    budgets: Mapping[str, Budgeted]
    rows: tuple[LimitRow, ...]
    diagnostics: tuple[Diagnostic, ...]


def judge(
    states: States,
    *,
    before: Effective | None,
    after: Effective,
    environments: Sequence[str],
    approvals: Callable[[Sequence[LimitRow]], Coverage],
    changed: Sequence[str] = (),
) -> Judged:
    """Judge a change in every environment. An unusable budget raises nothing: it is a finding, never "unlimited"."""
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
        coverage = approvals(rows)
        found += coverage.diagnostics
        rows = coverage.applied(rows)
    for each in budgets.values():
        found += each.findings
        mine = [row for row in rows if row.environment == each.environment]
        found += budget_diagnostics(mine, ask=_how_to_ask(each))
    return Judged(budgets, rows, tuple(found))


def _how_to_ask(over: Budgeted) -> str:
    """Return the command that asks for the service that grew; one permission is for one service."""
    before = over.before.services if over.before else {}
    count = over.budget.count
    grown = sorted(
        service
        for service, entry in over.after.services.items()
        if any(
            amount > (before[service].counts[count].get(name, 0) if service in before else 0)
            for name, amount in entry.counts[count].items()
        )
    )
    if len(grown) == 1:
        team, service = grown[0]
        return (
            f"`atmos approve request --env {shell(over.environment)} --service {shell(service)} --team {shell(team)}`"
        )
    return (
        f"`atmos approve request --env {shell(over.environment)} --service NAME`, for each service that asks for more"
    )
