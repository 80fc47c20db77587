"""Requests to pass a budget, made of what a change would use."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.approval.model import Approval, Exceeded, approval_path, approval_text
from atmos_cli.approval.quorum import shortest_ttl, tiers_of
from atmos_cli.budget.terms import seconds
from atmos_cli.diagnostics import Code, fail
from atmos_cli.history.approvals import adds_to, amount_of, budget_of, dimension_of, excess, grants
from atmos_cli.history.used_approvals import digest_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.budget.model import Tier
    from atmos_cli.gitops.repository import Deployment
    from atmos_cli.history.approvals import ProposedChange

DEFAULT_TTL = "14d"
_PASSED = ("over", "denied", "approved")


def request_of(
    case: ProposedChange, deployment: Deployment, *, reason: str | None = None, expires: str | None = None
) -> tuple[str, Approval, tuple[str, ...]]:
    """Return (path, request, who is needed) for what `deployment` exceeds. ATM428 for nothing, ATM427 for too much."""
    mine = _passed(case, deployment)
    _require_approvable(mine, deployment)
    budget, digest = budget_of(case.after, deployment.environment)
    excesses = [excess(row) for row in mine]
    now = datetime.fromtimestamp(case.trusted.now, UTC)
    approval = Approval(
        environment=deployment.environment,
        team=deployment.team,
        service=deployment.service,
        claim_digest=digest_in(case.after, deployment),
        budget_digest=digest,
        grants=grants(case.after, deployment),
        exceeds=[_exceeded(row) for row in mine],
        requested_by=repos.identity(case.trusted.repo)[1],
        reason=reason,
        created_at=_instant(now),
        expires_at=_instant(now + timedelta(seconds=_ttl(expires, shortest_ttl(budget.approvals.tiers, excesses)))),
    )
    path = approval_path(deployment.environment, approval.service, approval.claim_digest)
    needs = dict.fromkeys(_need(tier) for each in excesses for tier in tiers_of(each, budget.approvals.tiers))
    return path, approval, tuple(needs)


def request_files(case: ProposedChange, deployments: Sequence[Deployment]) -> dict[str, bytes]:
    """Make the requests of a change that is over its budget, by path: one for each deployment that adds to that."""
    over = {row.environment for row in case.rows if row.outcome == "over"}
    asking = [each for each in deployments if each.environment in over and _passed(case, each)]
    found = (request_of(case, each) for each in asking)
    return {path: approval_text(approval).encode() for path, approval, _ in found}


def _passed(case: ProposedChange, deployment: Deployment) -> list[LimitRow]:
    """Return the limits that are passed because of a deployment."""
    return [row for row in case.rows if row.outcome in _PASSED and deployment in adds_to(row, case.after, case.before)]


def _require_approvable(rows: Sequence[LimitRow], deployment: Deployment) -> None:
    denied = [row for row in rows if row.outcome == "denied"]
    where = f"{deployment.team}/{deployment.service} in '{deployment.environment}'"
    if denied:
        row = denied[0]
        top = f"above the ceiling of {row.text(row.ceiling)}" if row.ceiling else "which the budget refuses"
        message = f"{where} brings {row.scope} {row.dimension} to {row.text(row.after)}, {top}; nobody can approve it"
        raise fail(Code.APPROVAL_CEILING, message, hint="reduce replicas or size", exit_code=1)
    if not rows:
        message = f"{where} passes no limit, so there is nothing to approve"
        raise fail(Code.APPROVAL_NEEDLESS, message, hint="`atmos budget show` says how much is left", exit_code=1)


def _exceeded(row: LimitRow) -> Exceeded:
    limit, after = (amount_of(row.dimension, each) for each in (row.limit, row.after))
    return Exceeded(scope=row.scope, dimension=dimension_of(row), limit=limit, after=after)


def _ttl(wanted: str | None, longest: int | None) -> int:
    if wanted is None:
        return min(seconds(DEFAULT_TTL), longest or seconds(DEFAULT_TTL))
    if not re.fullmatch(r"[1-9][0-9]{0,3}[mhdw]", wanted):
        raise fail(Code.USAGE, f"`{wanted[:40]}` is not a duration", hint="write `--expires 36h`, `14d` or `2w`")
    found = seconds(wanted)
    if longest is not None and found > longest:
        days = f"{longest // 86400}d" if longest % 86400 == 0 else f"{longest // 3600}h"
        message = f"the budget lets such an approval live for {days} at most, not {wanted}"
        raise fail(Code.APPROVAL_EXPIRED, message, hint=f"`--expires {days}`")
    return found


def _instant(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _need(tier: Tier) -> str:
    people = "1 person" if tier.count == 1 else f"{tier.count} different people"
    return f"{people} with the role {' or '.join(tier.roles)}"
