"""Budgets for programs and for pull requests: JSON with exact amounts, and Markdown."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.budget.digest import exact
from atmos_cli.budget.dimensions import amount_text
from atmos_cli.foreign import markdown as markdown_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from atmos_cli.budget.evaluate import Row
    from atmos_cli.budget.prices import PriceSheet
    from atmos_cli.commands.budget import Pending, Share, Shown
    from atmos_cli.gitops.budgeting import Budgeted
    from atmos_cli.kube.quantity import Quantity

COMMENT = "<!-- atmos-budget -->"
SIGNS = {"ok": "✅", "warning": "⚠️", "approved": "✅ approved", "over": "❌ over", "denied": "⛔ above the ceiling"}


def amounts(totals: Mapping[str, Quantity]) -> dict[str, str]:
    """Exact decimals in base units: cores, bytes, pieces, and the currency of the price sheet."""
    return {name: exact(amount) for name, amount in sorted(totals.items())}


def sheet_data(sheet: PriceSheet | None) -> dict[str, Any] | None:
    if sheet is None:
        return None
    return {"name": sheet.name, "asOf": sheet.as_of, "currency": sheet.currency, "per": "month", "hours": 730}


def shown_data(shown: Shown) -> dict[str, Any]:
    limits = {
        name: {"limit": exact(shown.budget.effective(name, limit)), "used": exact(shown.total[name])}
        if name in shown.total
        else {"limit": exact(shown.budget.effective(name, limit)), "used": "0"}
        for name, limit in shown.budget.limits.items()
    }
    return {
        "environment": shown.environment,
        "count": shown.count,
        "prices": sheet_data(shown.sheet),
        "limits": limits,
        "total": amounts(shown.total),
        "parts": [{"name": name, "total": amounts(totals)} for name, totals in shown.parts],
        "unknown": list(shown.unknown),
    }


def share_data(share: Share) -> dict[str, Any]:
    return {
        "team": share.deployment.team,
        "service": share.deployment.service,
        "environment": share.deployment.environment,
        "prices": sheet_data(share.sheet),
        "totals": {count: amounts(totals) for count, totals in share.totals.items()},
        "lines": [
            {
                "object": str(each.line.resource),
                "pods": {
                    "steady": each.line.pods.steady,
                    "peak": each.line.pods.peak,
                    "rollout": each.line.pods.rollout,
                    "why": each.line.pods.why,
                },
                "each": amounts(each.line.each),
                "fixed": amounts(each.line.fixed),
                "unknown": each.line.unknown or None,
                "containers": [
                    {"name": part.name, "requests": amounts(part.requests), "rule": part.rule} for part in each.shares
                ],
            }
            for each in share.lines
        ],
    }


def markdown(judged: Iterable[Budgeted]) -> str:
    """A comment for a pull request; its first line marks it, so that the next run replaces it instead of adding one."""
    lines = [COMMENT, "### Budget", ""]
    for each in judged:
        lines += [f"**{markdown_text(each.environment)}** (counted: {each.budget.count})", ""]
        changed = [row for row in each.rows if row.before != row.after or row.outcome not in ("ok", "warning")]
        if not changed:
            lines += ["nothing changes", ""]
            continue
        lines += ["| scope | what | now | after | limit | over by | |", "|---|---|---:|---:|---:|---:|---|"]
        lines += [_table_line(row) for row in changed]
        lines.append("")
        if each.sheet is not None:
            lines += [
                f"Costs are requests at the prices of {markdown_text(each.sheet.label)} for 730 hours; not a bill.",
                "",
            ]
    return "\n".join(lines).rstrip() + "\n"


def _table_line(row: Row) -> str:
    over = row.text(row.over_by) if row.over_by.nano else "-"
    limit = row.text(row.limit) if not row.note else "-"
    what = row.dimension if not row.note else f"not known: {row.note}"
    cells = (row.scope, what, row.text(row.before), row.text(row.after), limit, over, SIGNS[row.outcome])
    return f"| {' | '.join(markdown_text(cell) for cell in cells)} |"


def cost_line(totals: Mapping[str, Quantity], sheet: PriceSheet | None) -> str:
    """`USD 291.42 a month (eu-1, 2026-10-01)`; empty without prices, and never without their name and date."""
    if sheet is None or "money" not in totals:
        return ""
    missing = sheet.unpriced(totals)
    without = f", without {', '.join(missing)}: no price" if missing else ""
    cost = amount_text("money", totals["money"], currency=sheet.currency)
    return f"{cost} a month ({sheet.label}{without})"


def top_users(each: Budgeted) -> list[str]:
    """Who uses most of what is over, a sentence for each dimension."""
    from atmos_cli.commands.budget import users

    found = []
    for row in each.rows:
        if row.outcome in ("over", "denied") and row.scope == "environment":
            told = ", ".join(f"{team} {row.text(amount)}" for team, amount in users(each, row.dimension))
            found.append(f"{row.dimension} is used by: {told}")
    return found


def pending_lines(found: Iterable[Pending]) -> list[str]:
    """What other open branches would add, a sentence for each."""
    return [
        f"the open branch {each.branch} would add to {each.environment}: "
        + ", ".join(f"{name} {amount_text(name, amount)}" for name, amount in each.adds)
        for each in found
    ]
