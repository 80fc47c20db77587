"""What a budget says about a change, as located findings: over, denied, near, unknown, without a request."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.budget.evaluate import UNKNOWN, LimitRow
from atmos_cli.budget.model import budget_path
from atmos_cli.diagnostics import Code, Diagnostic, Location, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.budget.claim import Claim

SHOWN = 5


def budget_diagnostics(rows: Sequence[LimitRow], *, ask: str, fits: str = "") -> tuple[Diagnostic, ...]:
    """Return one error per environment over its limits, with what and by how much; warnings for what comes near.

    `ask` is how to ask for approval here; `fits` says what would fit, when that is known.
    """
    found: list[Diagnostic] = []
    for environment in dict.fromkeys(row.environment for row in rows):
        mine = [row for row in rows if row.environment == environment and row.dimension != UNKNOWN]
        unknown = [row for row in rows if row.environment == environment and row.dimension == UNKNOWN]
        found += _refusals(environment, mine, ask=ask, fits=fits)
        found += [_unknown(row, ask=ask) for row in unknown if row.outcome != "warning"]
        found += _lower_bounds(environment, [row for row in unknown if row.outcome == "warning"])
        found += [_warning(row) for row in mine if row.outcome == "warning"]
    return tuple(found)


def _refusals(environment: str, rows: Sequence[LimitRow], *, ask: str, fits: str) -> Iterator[Diagnostic]:
    over = [row for row in rows if row.outcome in ("over", "denied")]
    denied = [row for row in rows if row.outcome == "denied"]
    where = Location(budget_path(environment))
    if denied:
        message = (
            f"this deployment is above the ceiling of the '{environment}' environment "
            f"({listed(denied)}); nobody can approve that"
        )
        hint = f"{fits or 'reduce replicas or size'}, or change `{budget_path(environment)}` in a change of its own"
        yield Diagnostic(Code.BUDGET_CEILING, message, where=where, hint=hint, environment=environment)
    elif over:
        message = f"This deployment exceeds the budget for the '{environment}' environment. Approval required."
        hint = f"{listed(over)}; {fits or 'reduce replicas or size'}, or ask for approval: {ask}"
        yield Diagnostic(Code.BUDGET_EXCEEDED, message, where=where, hint=hint, environment=environment)


def listed(rows: Sequence[LimitRow]) -> str:
    return "; ".join(
        f"{row.scope} {row.dimension} {row.text(row.after)} of {row.text(row.limit)}, over by {row.text(row.over_by)}"
        for row in rows
    )


def _unknown(row: LimitRow, *, ask: str) -> Diagnostic:
    message = f"what {row.team}/{row.service} asks for in '{row.environment}' is not known: {row.note}"
    where = Location(budget_path(row.environment), field="indeterminate")
    if row.outcome == "over":
        message += "; approval required"
        hint = f"make it known, set `indeterminate: warn` in the budget, or ask for approval: {ask}"
    else:
        hint = f"make it known: `{where.path}` says `indeterminate: deny`"
    return Diagnostic(Code.CLAIM_INDETERMINATE, message, where=where, hint=hint, environment=row.environment)


def _lower_bounds(environment: str, rows: Sequence[LimitRow]) -> Iterator[Diagnostic]:
    """Yield one warning for all that was not known before either."""
    if rows:
        named = ", ".join(f"{row.team}/{row.service} ({row.note})" for row in rows[:SHOWN])
        more = f", and {len(rows) - SHOWN} more" if len(rows) > SHOWN else ""
        message = f"what '{environment}' uses is more than the sums say, since it is not known for: {named}{more}"
        where = Location(budget_path(environment), field="indeterminate")
        yield Diagnostic(
            Code.CLAIM_INDETERMINATE, message, severity=Severity.WARNING, where=where, environment=environment
        )


def _warning(row: LimitRow) -> Diagnostic:
    of = f"({row.text(row.after)} of {row.text(row.limit)})"
    whose = "" if row.scope == "environment" else f" of {row.scope}"
    if row.after > row.limit:
        already = f"'{row.environment}' is already over its {row.dimension} budget{whose} {of}"
        message = f"{already}; this change does not add to it"
    else:
        share = row.after.nano * 100 // row.limit.nano
        message = f"'{row.environment}' is at {share}% of its {row.dimension} budget{whose} {of}"
    where = Location(budget_path(row.environment))
    return Diagnostic(Code.BUDGET_WARNING, message, severity=Severity.WARNING, where=where, environment=row.environment)


def claim_diagnostics(claim: Claim, *, environment: str, where: str, ours: bool = True) -> tuple[Diagnostic, ...]:
    """Report containers without a request, which no budget can count; a warning if no quota of ours refuses them."""
    severity = Severity.ERROR if ours else Severity.WARNING
    hint = f"add `resources.requests` to the container, or set `missingRequests` in `{budget_path(environment)}`"
    found = []
    for line in claim.lines:
        for missing in line.missing:
            message = f"{line.resource}: {missing}; the budget of '{environment}' cannot count it"
            place = Location(where, resource=str(line.resource))
            found.append(
                Diagnostic(
                    Code.REQUEST_MISSING, message, severity=severity, where=place, hint=hint, environment=environment
                )
            )
    return tuple(found)
