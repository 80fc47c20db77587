"""Budgets for programs: amounts are exact decimals in base units."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.budget.digest import exact

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.budget.prices import PriceSheet
    from atmos_cli.commands.audit import Audit
    from atmos_cli.commands.budget import ExplainedDeployment, Shown
    from atmos_cli.kube.quantity import Quantity


def row_data(row: LimitRow) -> dict[str, Any]:
    """Return what a change makes of one limit, with amounts as exact texts."""
    return {
        "environment": row.environment,
        "scope": row.scope,
        "team": row.team or None,
        "service": row.service or None,
        "dimension": row.dimension,
        "before": str(row.before),
        "after": str(row.after),
        "limit": str(row.limit),
        "ceiling": str(row.ceiling) if row.ceiling is not None else None,
        "overBy": str(row.over_by),
        "outcome": row.outcome,
        "currency": row.currency or None,
        "note": row.note or None,
    }


def _amounts(totals: Mapping[str, Quantity]) -> dict[str, str]:
    """Return exact decimals in base units: cores, bytes, pieces, and the currency of the price sheet."""
    return {name: exact(amount) for name, amount in sorted(totals.items())}


def _sheet_data(sheet: PriceSheet | None) -> dict[str, Any] | None:
    if sheet is None:
        return None
    return {"name": sheet.name, "asOf": sheet.as_of, "currency": sheet.currency, "per": "month", "hours": 730}


def shown_data(shown: Shown) -> dict[str, Any]:
    """Return what an environment uses of each limit, and who uses it."""
    limits = {
        name: {"limit": exact(shown.budget.effective(name, limit)), "used": exact(shown.total[name])}
        if name in shown.total
        else {"limit": exact(shown.budget.effective(name, limit)), "used": "0"}
        for name, limit in shown.budget.limits.items()
    }
    return {
        "environment": shown.environment,
        "count": shown.count,
        "prices": _sheet_data(shown.sheet),
        "limits": limits,
        "total": _amounts(shown.total),
        "parts": [{"name": name, "total": _amounts(totals)} for name, totals in shown.parts],
        "unknown": list(shown.unknown),
    }


def share_data(share: ExplainedDeployment) -> dict[str, Any]:
    """Return the sum of one deployment, line by line."""
    return {
        "team": share.deployment.team,
        "service": share.deployment.service,
        "environment": share.deployment.environment,
        "prices": _sheet_data(share.sheet),
        "totals": {count: _amounts(totals) for count, totals in share.totals.items()},
        "lines": [
            {
                "object": str(each.line.resource),
                "pods": {
                    "steady": each.line.pods.steady,
                    "peak": each.line.pods.peak,
                    "rollout": each.line.pods.rollout,
                    "why": each.line.pods.why,
                },
                "each": _amounts(each.line.each),
                "fixed": _amounts(each.line.fixed),
                "unknown": each.line.unknown or None,
                "containers": [
                    {"name": part.name, "requests": _amounts(part.requests), "rule": part.rule} for part in each.shares
                ],
            }
            for each in share.lines
        ],
    }


def audit_data(found: Audit) -> dict[str, Any]:
    """Return what is over its limit on the base branch, and the approvals in use there."""
    return {
        "commit": found.commit,
        "environments": list(found.environments),
        "over": [
            {
                "environment": row.environment,
                "scope": row.scope,
                "dimension": row.dimension,
                "after": str(row.after),
                "limit": str(row.limit),
                "approvals": [each.path for each in found.used if each.explains(row)],
            }
            for row in found.over
        ],
        "inUse": [
            {"file": each.path, "commit": each.commit, "expiresAt": each.approval.expires_at} for each in found.used
        ],
    }
