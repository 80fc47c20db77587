"""Compares one environment with its limits, before and after a change, by the base branch's budget."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.budget.claim import Claim, added, left_behind
from atmos_cli.budget.evaluate import LimitRow, Service, Sums, evaluate
from atmos_cli.budget.model import budget_path
from atmos_cli.budget.prices import with_cost
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.gitops.policy import decides
from atmos_cli.gitops.repository import Deployment
from atmos_cli.gitops.usage import EnvironmentUsage, changed_services, use_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from atmos_cli.budget.model import Budget
    from atmos_cli.budget.prices import PriceSheet
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.kube.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Budgeted:
    """`before` and `after` are the whole environment; `findings` are errors beside the rows."""

    environment: str
    budget: Budget
    sheet: PriceSheet | None
    rows: tuple[LimitRow, ...]
    before: EnvironmentUsage | None
    after: EnvironmentUsage
    findings: tuple[Diagnostic, ...] = ()


def budgeted(
    effective: Effective,
    *,
    before: Effective | None,
    environment: str,
    changed: Sequence[str] = (),
    earlier: Mapping[str, Effective] | None = None,
    services: Iterable[Service] | None = None,
) -> Budgeted:
    """Judge one environment by `effective.policy`. Raises ATM404, ATM405 or ATM411 when it has no usable budget.

    `changed` are the paths of the change, where known; `earlier` are trees at the start of each window; `services` are
    those to compare one by one (default: all that differ from `before`).
    """
    policy = effective.policy
    budget, sheet = policy.budget(environment), policy.sheet
    compared = _compared(effective, before) if services is None else set(services)
    after = use_of(effective, environment, services=compared)
    old = use_of(before, environment, services=compared) if before is not None else None
    sums_after = after.sums(budget.count, sheet)
    sums_before = old.sums(budget.count, sheet) if old else Sums()
    if before is not None:
        sums_after = _with_left_behind(sums_after, effective, before, environment, compared, sheet)
    windows = {span: use_of(tree, environment).sums(budget.count, sheet) for span, tree in (earlier or {}).items()}
    rows = evaluate(budget, before=sums_before, after=sums_after, earlier=windows)
    findings = _together(rows, environment, changed) if before is not None else ()
    if policy.is_new(environment) and any(row.after > row.before for row in rows) and before is not None:
        # An environment and its budget are one decision of the platform team, which has made the same one before.
        findings = () if policy.is_copied(environment) else (_new_budget(environment),)
    return Budgeted(
        environment=environment, budget=budget, sheet=sheet, rows=rows, before=old, after=after, findings=findings
    )


def _compared(effective: Effective, before: Effective | None) -> set[Service] | None:
    return None if before is None else changed_services(before, effective)


def _with_left_behind(
    sums: Sums,
    effective: Effective,
    before: Effective,
    environment: str,
    changed: Iterable[Service] | None,
    sheet: PriceSheet | None,
) -> Sums:
    """Add to `sums` volumes that stay though no service asks for any more: shrinking does not free the disk."""
    teams, whole = dict(sums.teams), sums.environment
    for team, service in sorted(changed or ()):
        deployment = Deployment(team, service, environment)
        left = left_behind(_claim(before, deployment), _claim(effective, deployment))
        if left:
            teams[team] = with_cost(added([_plain(teams.get(team, {})), left]), sheet)
            whole = with_cost(added([_plain(whole), left]), sheet)
    return replace(sums, environment=whole, teams=teams)


def _plain(totals: Mapping[str, Quantity]) -> dict[str, Quantity]:
    return {name: amount for name, amount in totals.items() if name != "money"}


def _claim(effective: Effective, deployment: Deployment) -> Claim | None:
    try:
        return effective.claim(deployment)
    except AtmosError:
        return None


def _together(rows: Sequence[LimitRow], environment: str, changed: Sequence[str]) -> tuple[Diagnostic, ...]:
    """Report a change that is over by the base branch's budget, and brings a budget, prices or approvers of its own."""
    deciding = sorted(path for path in changed if decides(path))
    if not deciding or not any(row.outcome in ("over", "denied") for row in rows):
        return ()
    message = f"`{deciding[0]}` changes together with services that need it in '{environment}'"
    hint = "make it a change of its own, and let it land first: only what is on the base branch counts"
    return (
        Diagnostic(
            Code.BUDGET_CHANGED_TOGETHER, message, where=Location(deciding[0]), hint=hint, environment=environment
        ),
    )


def _new_budget(environment: str) -> Diagnostic:
    path = budget_path(environment)
    message = f"`{path}` is not on the base branch yet, and this change already runs something in '{environment}'"
    hint = "let the budget land first, in a change of its own"
    return Diagnostic(Code.BUDGET_CHANGED_TOGETHER, message, where=Location(path), hint=hint, environment=environment)
