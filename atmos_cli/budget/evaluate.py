"""Does a change fit? The ratchet: an approval is needed where the new sum is over the limit *and* above the old one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from atmos_cli.budget.claim import added
from atmos_cli.budget.model import budget_path
from atmos_cli.diagnostics import Code, Diagnostic, Location, Severity
from atmos_cli.kube.quantity import ZERO, Quantity

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.budget.claim import Claim
    from atmos_cli.budget.model import Budget, Limits

Outcome = Literal["ok", "warning", "over", "denied"]


@dataclass(frozen=True, slots=True)
class Row:
    """One limit and what becomes of it. `scope` is `environment` or `team <name>`; amounts are exact."""

    environment: str
    scope: str
    dimension: str
    before: Quantity
    after: Quantity
    limit: Quantity
    ceiling: Quantity | None
    outcome: Outcome

    @property
    def over_by(self) -> Quantity:
        return self.after - self.limit if self.after > self.limit else ZERO


Totals = dict[str, Quantity]


def evaluate(budget: Budget, *, before: Mapping[str, Totals], after: Mapping[str, Totals]) -> tuple[Row, ...]:
    """`before` and `after` are totals by team. All scopes count; the order is that of the budget file."""
    rows = list(_rows(budget, "environment", budget.limits, added(before.values()), added(after.values())))
    for team, limits in budget.teams.items():
        rows += _rows(budget, f"team {team}", limits, before.get(team, {}), after.get(team, {}))
    return tuple(rows)


def _rows(budget: Budget, scope: str, limits: Limits, before: Totals, after: Totals) -> Iterator[Row]:
    for dimension, limit in limits.items():
        old, new = before.get(dimension, ZERO), after.get(dimension, ZERO)
        warn_at = limit.amount * int(limit.warn[:-1])
        outcome: Outcome = "ok"
        if limit.top is not None and new > limit.top and new > old:
            outcome = "denied"
        elif new > limit.amount and new > old:
            outcome = "over"
        elif new > limit.amount or new * 100 > warn_at:
            outcome = "warning"
        yield Row(budget.environment, scope, dimension, old, new, limit.amount, limit.top, outcome)


def budget_diagnostics(rows: Sequence[Row]) -> tuple[Diagnostic, ...]:
    """One error for each environment that is over, with what and by how much; warnings for what comes near."""
    found: list[Diagnostic] = []
    for environment in dict.fromkeys(row.environment for row in rows):
        mine = [row for row in rows if row.environment == environment]
        over = [row for row in mine if row.outcome in ("over", "denied")]
        denied = [row for row in mine if row.outcome == "denied"]
        where = Location(budget_path(environment))
        if denied:
            message = (
                f"this deployment is above the ceiling of the '{environment}' environment "
                f"({_listed(denied)}); nobody can approve that"
            )
            hint = f"reduce replicas or size, or change `{budget_path(environment)}` in a change of its own"
            found.append(Diagnostic(Code.BUDGET_CEILING, message, where=where, hint=hint, environment=environment))
        elif over:
            message = f"This deployment exceeds the budget for the '{environment}' environment. Approval required."
            hint = f"{_listed(over)}; reduce replicas or size, or ask with `--request-approval`"
            found.append(Diagnostic(Code.BUDGET_EXCEEDED, message, where=where, hint=hint, environment=environment))
        found += [_warning(row) for row in mine if row.outcome == "warning"]
    return tuple(found)


def _listed(rows: Sequence[Row]) -> str:
    return "; ".join(f"{row.scope} {row.dimension} {row.after} of {row.limit}, over by {row.over_by}" for row in rows)


def _warning(row: Row) -> Diagnostic:
    if row.after > row.limit:
        message = (
            f"'{row.environment}' is already over its {row.dimension} budget "
            f"({row.after} of {row.limit}); this change does not add to it"
        )
    else:
        message = f"'{row.environment}' comes near its {row.dimension} budget ({row.after} of {row.limit})"
    where = Location(budget_path(row.environment))
    return Diagnostic(Code.BUDGET_WARNING, message, severity=Severity.WARNING, where=where, environment=row.environment)


def claim_diagnostics(claim: Claim, *, environment: str, where: str) -> tuple[Diagnostic, ...]:
    """What the claim cannot know, and containers without a request, which a budget cannot count."""
    found = []
    for line in claim.lines:
        if line.unknown:
            message = f"the claim of {line.resource} is not known: {line.unknown}"
            place = Location(where, resource=str(line.resource))
            found.append(
                Diagnostic(
                    Code.CLAIM_INDETERMINATE, message, severity=Severity.WARNING, where=place, environment=environment
                )
            )
        for container, name in line.missing:
            message = (
                f"{line.resource}: container `{container}` has no {name} request, "
                f"so the budget of '{environment}' cannot count it"
            )
            place = Location(where, resource=str(line.resource))
            hint = f"add `resources.requests.{name}` to the container"
            found.append(Diagnostic(Code.REQUEST_MISSING, message, where=place, hint=hint, environment=environment))
    return tuple(found)
