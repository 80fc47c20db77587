"""Does a change fit? The ratchet: an approval is needed where the new sum is over the limit *and* above the old one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from atmos_cli.budget.dimensions import amount_text
from atmos_cli.budget.terms import percent
from atmos_cli.kube.quantity import ZERO, Quantity, parse

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.budget.model import Budget, Limit, Limits, PerChange

Outcome = Literal["ok", "warning", "approved", "over", "denied"]
Totals = dict[str, Quantity]
Service = tuple[str, str]  # (team, service)
UNKNOWN = "unknown"
ONE = parse("1")


@dataclass(frozen=True, slots=True)
class LimitRow:
    """One limit and its outcome. `scope` is for people; `team` and `service` are the same for programs.

    `dimension` is `unknown` for what cannot be known, and `note` then says what that is.
    """

    environment: str
    scope: str
    dimension: str
    before: Quantity
    after: Quantity
    limit: Quantity
    ceiling: Quantity | None
    outcome: Outcome
    team: str = ""
    service: str = ""
    note: str = ""
    currency: str = ""

    @property
    def over_by(self) -> Quantity:
        return self.after - self.limit if self.after > self.limit else ZERO

    def text(self, amount: Quantity) -> str:
        return amount_text(self.dimension, amount, currency=self.currency)


@dataclass(frozen=True, slots=True)
class Sums:
    """What everything in one environment asks for, at one commit.

    `services` are those compared by themselves; `unknown` has (what and why, a mark that changes with it) of each.
    """

    environment: Totals = field(default_factory=dict)
    teams: Mapping[str, Totals] = field(default_factory=dict)
    services: Mapping[Service, Totals] = field(default_factory=dict)
    unknown: Mapping[Service, tuple[tuple[str, str], ...]] = field(default_factory=dict)


def evaluate(
    budget: Budget, *, before: Sums, after: Sums, earlier: Mapping[str, Sums] | None = None
) -> tuple[LimitRow, ...]:
    """Check all scopes in the order of the file: environment, teams, services, change, and unknown ones.

    `earlier` holds the sums at the start of each `window` of `perChange`; one that is missing counts from `before`.
    """
    rows = list(_rows(budget, "environment", budget.limits, before.environment, after.environment))
    for team, limits in budget.teams.items():
        rows += _rows(budget, f"team {team}", limits, before.teams.get(team, {}), after.teams.get(team, {}), team=team)
    for (team, service), totals in sorted(after.services.items()):
        limits = budget.service_limits(team, service)
        old = before.services.get((team, service), {})
        found = _rows(budget, f"service {team}/{service}", limits, old, totals, team=team, service=service)
        rows += [row for row in found if row.outcome != "ok" or row.before != row.after]
    rows += _changes(budget, before, after, earlier or {})
    rows += _unknown(budget, before, after)
    return tuple(rows)


def _rows(
    budget: Budget, scope: str, limits: Limits, before: Totals, after: Totals, *, team: str = "", service: str = ""
) -> Iterator[LimitRow]:
    for dimension, limit in limits.items():
        old, new = before.get(dimension, ZERO), after.get(dimension, ZERO)
        allowed = budget.effective(dimension, limit)
        yield LimitRow(
            environment=budget.environment,
            scope=scope,
            dimension=dimension,
            before=old,
            after=new,
            limit=allowed,
            ceiling=limit.top,
            outcome=_outcome(old, new, allowed, limit),
            team=team,
            service=service,
            currency=limit.currency or "",
        )


def _outcome(old: Quantity, new: Quantity, allowed: Quantity, limit: Limit) -> Outcome:
    if limit.top is not None and new > limit.top and new > old:
        return "denied"
    if new > allowed and new > old:
        return "over"
    if new > allowed or new.nano * 100 > allowed.nano * percent(limit.warn):
        return "warning"
    return "ok"


def _changes(budget: Budget, before: Sums, after: Sums, earlier: Mapping[str, Sums]) -> Iterator[LimitRow]:
    """Yield how much each team grows: by this change, and by everything since the start of the window."""
    for dimension, change in budget.per_change.items():
        for team in sorted(after.teams):
            new, old = after.teams[team].get(dimension, ZERO), before.teams.get(team, {}).get(dimension, ZERO)
            if new > old:
                start = earlier.get(change.window or "", before)
                yield _change(budget, dimension, change, team, new=new, old=old, start=start)


def _change(
    budget: Budget, dimension: str, change: PerChange, team: str, *, new: Quantity, old: Quantity, start: Sums
) -> LimitRow:
    base = start.teams.get(team, {}).get(dimension, ZERO)
    growth, allowed = new - base, change.allowed(start.environment.get(dimension, ZERO))
    since = f"within {change.window}" if change.window else "by this change"
    return LimitRow(
        environment=budget.environment,
        scope=f"growth of team {team} {since}",
        dimension=dimension,
        before=old - base,
        after=growth,
        limit=allowed,
        ceiling=None,
        outcome="over" if growth > allowed else "ok",
        team=team,
        currency=change.currency or "",
    )


def _unknown(budget: Budget, before: Sums, after: Sums) -> Iterator[LimitRow]:
    """Yield one row for each unknown thing that this change brings; what was there before is a warning."""
    decided: dict[str, Outcome] = {"approval": "over", "deny": "denied", "warn": "warning"}
    for (team, service), notes in sorted(after.unknown.items()):
        known = before.unknown.get((team, service), ())
        for note, mark in notes:
            old = (note, mark) in known
            yield LimitRow(
                environment=budget.environment,
                scope=f"service {team}/{service}",
                dimension=UNKNOWN,
                before=ONE if old else ZERO,
                after=ONE,
                limit=ZERO,
                ceiling=None,
                outcome="warning" if old else decided[budget.indeterminate],
                team=team,
                service=service,
                note=note,
            )


def oversubscription(budget: Budget) -> dict[str, tuple[Quantity, Quantity]]:
    """Return by dimension what the teams may use together and what the environment has, where the first is more."""
    sums: Totals = {}
    for limits in budget.teams.values():
        for dimension, limit in limits.items():
            sums[dimension] = sums.get(dimension, ZERO) + limit.amount
    return {
        dimension: (amount, budget.limits[dimension].amount)
        for dimension, amount in sums.items()
        if dimension in budget.limits and amount > budget.limits[dimension].amount
    }
