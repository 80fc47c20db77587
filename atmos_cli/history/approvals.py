"""Decides which exceeded limits of a change are approved: finds the approvals that belong to it and judges each."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.approval.coverage import Coverage, row_key
from atmos_cli.approval.decide import ApprovalDecision, ApprovalFacts, decide
from atmos_cli.approval.model import DIRECTORY as APPROVALS
from atmos_cli.approval.model import Approval, approval_path, is_approval_path, read_approval
from atmos_cli.approval.quorum import Excess
from atmos_cli.budget.digest import budget_digest, exact
from atmos_cli.budget.dimensions import MONEY
from atmos_cli.budget.evaluate import UNKNOWN
from atmos_cli.budget.model import budget_path
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, Severity
from atmos_cli.gitops.repository import Deployment, config_of
from atmos_cli.history.proof import ssh_proofs
from atmos_cli.history.trusted_base import TrustedBase, contributors_of, trusted_base_of, uncommitted
from atmos_cli.history.used_approvals import consumption, digest_in
from atmos_cli.kube.quantity import ZERO

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from atmos_cli.approval.roster import Roster
    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.budget.model import Budget
    from atmos_cli.gitops.effective import Effective
    from atmos_cli.kube.quantity import Quantity
    from atmos_cli.ports import FileTree


@dataclass(frozen=True, slots=True)
class ProposedChange:
    """A change to judge: `rows` as evaluated, what will run (`after`), and what ran (None: nothing)."""

    trusted: TrustedBase
    rows: Sequence[LimitRow]
    after: Effective
    before: Effective | None
    author: bool


def covered(
    rows: Sequence[LimitRow],
    *,
    after: Effective,
    before: Effective | None,
    root: Path,
    author: bool | None = None,
    base: str | None = None,
) -> Coverage:
    """Return the rows that are over and that valid approvals in the tree of `after` allow. Never raises: none means no.

    A row needs an approval of every service that adds to it. `author`: whoever runs this is about to commit the
    change (None: they are when the checkout has uncommitted changes).
    """
    over = [row for row in rows if row.outcome == "over"]
    if not any(_files(after.tree, row.environment) for row in over):
        return Coverage()
    try:
        trusted = trusted_base_of(root, config_of(after.tree).git.branch, base=base)
        case = ProposedChange(
            trusted=trusted,
            rows=rows,
            after=after,
            before=before,
            author=uncommitted(trusted) if author is None else author,
        )
        return _covered(case, over, trusted.roster())
    except AtmosError as error:
        return Coverage(diagnostics=tuple(_as_reason(each) for each in error.diagnostics))


def _covered(case: ProposedChange, over: Sequence[LimitRow], roster: Roster) -> Coverage:
    judged: dict[Deployment, tuple[ApprovalDecision | None, tuple[Diagnostic, ...]]] = {}
    rows = set()
    for row in over:
        adding = adds_to(row, case.after, case.before)
        for deployment in adding:
            if deployment not in judged:
                judged[deployment] = _approval_of(case, deployment, roster)
        verdicts = [judged[deployment][0] for deployment in adding]
        approved = all(verdict is not None and verdict.valid for verdict in verdicts)
        if approved and _explains(adding, row, case):
            rows.add(row_key(row))
    diagnostics = [each for verdict, reasons in judged.values() for each in (*reasons, *_reported(verdict))]
    return Coverage(frozenset(rows), tuple(diagnostics))


def _explains(adding: Sequence[Deployment], row: LimitRow, case: ProposedChange) -> bool:
    """Return whether these services bring all that `row` grows by, so that nothing else (a controller) rides along."""
    if row.dimension == UNKNOWN:
        return bool(adding)
    growth = ZERO
    for deployment in adding:
        old = case.before.total(deployment) if case.before and digest_in(case.before, deployment) else {}
        growth += case.after.total(deployment).get(row.dimension, ZERO) - old.get(row.dimension, ZERO)
    return bool(adding) and growth >= row.after - row.before


def _reported(verdict: ApprovalDecision | None) -> Iterator[Diagnostic]:
    if verdict is None:
        return
    if verdict.valid:
        message = f"{verdict.approval.subject} is over its budget with an approval by {' and '.join(verdict.approvers)}"
        where = Location(verdict.path, 1, 1)
        environment = verdict.approval.environment
        yield Diagnostic(Code.APPROVAL_COVERS, message, severity=Severity.INFO, where=where, environment=environment)
    else:
        yield from (_as_reason(each) for each in verdict.problems)


def _as_reason(diagnostic: Diagnostic) -> Diagnostic:
    """Turn it into a warning: the excess itself is the error, and why an approval does not help accompanies it."""
    return replace(diagnostic, severity=Severity.WARNING)


def adds_to(row: LimitRow, after: Effective, before: Effective | None) -> tuple[Deployment, ...]:
    """Return the services that add to the sum of `row`; one whose share is unknown counts when its claim changed."""
    found = []
    for deployment in after.deployments(row.environment):
        if row.team not in ("", deployment.team) or row.service not in ("", deployment.service):
            continue
        if _grew(row, deployment, after, before):
            found.append(deployment)
    return tuple(found)


def _grew(row: LimitRow, deployment: Deployment, after: Effective, before: Effective | None) -> bool:
    new, old = digest_in(after, deployment), digest_in(before, deployment) if before else ""
    if new == old:
        return False
    try:
        new_amount = after.total(deployment).get(row.dimension)
        old_amount = before.total(deployment).get(row.dimension) if before and old else None
    except AtmosError:
        return True
    if new_amount is None and old_amount is None:
        return row.dimension == UNKNOWN or row.service != ""
    return new_amount is not None and (old_amount is None or new_amount > old_amount)


def _approval_of(
    case: ProposedChange, deployment: Deployment, roster: Roster
) -> tuple[ApprovalDecision | None, tuple[Diagnostic, ...]]:
    """Judge the approval that `deployment` carries: that of its claim, else the last one asked for."""
    tree = case.after.tree
    right = approval_path(deployment.environment, deployment.service, digest_in(case.after, deployment))
    reasons: list[Diagnostic] = []
    found: dict[str, Approval] = {}
    for path in _files(tree, deployment.environment, deployment.service):
        try:
            approval = read_approval(tree.read(path) or b"", path=path)
        except AtmosError as error:
            reasons += [_as_reason(each) for each in error.diagnostics]
            continue
        if approval.team == deployment.team:
            found[path] = approval
    if not found:
        return None, tuple(reasons)
    path = right if right in found else max(found, key=lambda each: (found[each].created, each))
    return judge(case, found[path], path=path, roster=roster), tuple(reasons)


def judge(case: ProposedChange, approval: Approval, *, path: str, roster: Roster) -> ApprovalDecision:
    """Judge one approval of the tree under test."""
    trusted, environment = case.trusted, approval.environment
    deployment = Deployment(approval.team, approval.service, environment)
    budget, digest = budget_of(case.after, environment)
    mine = [row for row in case.rows if row.environment == environment]
    passed = [row for row in mine if row.outcome in ("over", "denied")]
    state, since = consumption(trusted, approval, path=path)
    facts = ApprovalFacts(
        now=trusted.now,
        base_time=trusted.base_time,
        claim_digest=digest_in(case.after, deployment),
        grants=grants(case.after, deployment),
        budget_digest=digest,
        limits={(row.scope, dimension_of(row)): amount_of(row.dimension, row.limit) for row in mine},
        excesses=tuple(excess(row) for row in passed if deployment in adds_to(row, case.after, case.before)),
        contributors=contributors_of(trusted, path, author=case.author),
        proofs=ssh_proofs(approval, roster),
        state=state,
        since=since,
    )
    return decide(approval, path=path, facts=facts, roster=roster, tiers=budget.approvals.tiers)


def excess(row: LimitRow) -> Excess:
    return Excess(scope=row.scope, dimension=dimension_of(row), limit=row.limit, after=row.after, ceiling=row.ceiling)


def budget_of(effective: Effective, environment: str) -> tuple[Budget, str]:
    """Return the budget that counts, and its digest."""
    policy = effective.policy
    tree = effective.tree if policy.is_new(environment) else policy.tree
    return policy.budget(environment), budget_digest(tree.read(budget_path(environment)) or b"")


def grants(effective: Effective, deployment: Deployment) -> dict[str, str]:
    """Return what the service asks for, as the budget counts it, by dimension; empty when it is missing or unknown."""
    if not digest_in(effective, deployment):
        return {}
    totals = effective.total(deployment)
    return {name: amount_of(name, amount) for name, amount in sorted(totals.items()) if amount.nano}


def amount_of(dimension: str, amount: Quantity) -> str:
    """Write an amount exactly, and in only one way: it is compared with what was signed."""
    return exact(amount) if dimension == MONEY else str(amount)


def approval_files(tree: FileTree, environments: Iterable[str], service: str | None = None) -> tuple[str, ...]:
    return tuple(path for name in environments for path in _files(tree, name, service))


def _files(tree: FileTree, environment: str, service: str | None = None) -> tuple[str, ...]:
    under = f"{APPROVALS}/{environment}" + (f"/{service}" if service else "")
    return tuple(path for path in tree.files(under) if is_approval_path(path))


def dimension_of(row: LimitRow) -> str:
    return f"{UNKNOWN} {row.note}"[:500] if row.dimension == UNKNOWN else row.dimension
