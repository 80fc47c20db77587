"""Budgets in sentences, without rich: for `validate`, for tables to add to, and for pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.budget.dimensions import amount_text
from atmos_cli.commands.budget import users

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from atmos_cli.budget.prices import PriceSheet
    from atmos_cli.commands.budget import Pending
    from atmos_cli.gitops.budgeting import Budgeted
    from atmos_cli.kube.quantity import Quantity


def cost_line(totals: Mapping[str, Quantity], sheet: PriceSheet | None) -> str:
    """Return `USD 291.42 a month (eu-1, 2026-10-01)`; empty without prices, and never without their name and date."""
    if sheet is None or "money" not in totals:
        return ""
    missing = sheet.unpriced(totals)
    without = f", without {', '.join(missing)}: no price" if missing else ""
    cost = amount_text("money", totals["money"], currency=sheet.currency)
    return f"{cost} a month ({sheet.label}{without})"


def top_users(each: Budgeted) -> list[str]:
    """Return who uses most of what is over, a sentence for each dimension."""
    found = []
    for row in each.rows:
        if row.outcome in ("over", "denied") and row.scope == "environment":
            told = ", ".join(f"{team} {row.text(amount)}" for team, amount in users(each, row.dimension))
            found.append(f"{row.dimension} is used by: {told}")
    return found


def pending_lines(found: Iterable[Pending]) -> list[str]:
    """Return what other open branches would add, a sentence for each."""
    return [
        f"the open branch {each.branch} would add to {each.environment}: "
        + ", ".join(f"{name} {amount_text(name, amount)}" for name, amount in each.adds)
        for each in found
    ]
