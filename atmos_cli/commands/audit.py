"""`atmos budget audit`: where the base branch is over a limit without an approval that is still valid."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import history
from atmos_cli.adapters.git.snapshots import CommitSnapshot
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.approval.model import Approval, read_approval
from atmos_cli.budget.evaluate import UNKNOWN
from atmos_cli.budget.model import budget_path
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, in_order
from atmos_cli.gitops.budgeting import budgeted
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.policy import Policy
from atmos_cli.gitops.repository import config_of
from atmos_cli.gitops.states import States
from atmos_cli.history.approvals import ProposedChange, approval_files, dimension_of, judge
from atmos_cli.history.trusted_base import TrustedBase, trusted_base_of
from atmos_cli.history.used_approvals import consumption

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.approval.decide import ApprovalDecision
    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.kube.quantity import Quantity

Limit = tuple[str, str]  # (scope, dimension)


@dataclass(frozen=True, slots=True)
class Used:
    """An approval in use: `sums` are those right after the commit that used it, by limit."""

    path: str
    approval: Approval
    commit: str
    verdict: ApprovalDecision
    sums: Mapping[Limit, Quantity]

    def explains(self, row: LimitRow) -> bool:
        """Return whether the sum is no more than what it was approved to become."""
        key = (row.scope, dimension_of(row))
        named = key in {(each.scope, each.dimension) for each in self.approval.exceeds}
        return named and not self.verdict.problems and key in self.sums and row.after <= self.sums[key]


@dataclass(frozen=True, slots=True)
class Audit:
    """What was found on the base branch at `commit`; `over` are all sums above their limits, explained or not."""

    commit: str
    environments: tuple[str, ...]
    over: tuple[LimitRow, ...]
    used: tuple[Used, ...]
    diagnostics: tuple[Diagnostic, ...] = field(default=())


def audit(repository: Repository, *, environments: tuple[str, ...] = (), base: str | None = None) -> Audit:
    """Audit the base branch as it is, not the checkout. Raises AtmosError when it cannot be judged."""
    trusted = trusted_base_of(repository.root, repository.config.git.branch, base=base)
    trusted = replace(trusted, tip=trusted.base, head=trusted.base)
    states = States(repository.root, repository.tree, branch=repository.config.git.branch, base=base)
    effective = states.at(trusted.base)
    named = config_of(effective.tree).named(environments)
    over: list[LimitRow] = []
    found: list[Diagnostic] = []
    used: list[Used] = []
    for environment in named:
        try:
            rows = budgeted(effective, before=None, environment=environment).rows
        except AtmosError as error:
            found += error.diagnostics
            continue
        mine = [row for row in rows if row.after > row.limit and row.dimension != UNKNOWN and not _growth(row)]
        if mine:
            used += _in_use(trusted, states, environment)
        over += mine
    found += [each for row in over for each in _findings(row, used, now=trusted.now)]
    return Audit(
        commit=trusted.base, environments=named, over=tuple(over), used=tuple(used), diagnostics=in_order(found)
    )


def _growth(row: LimitRow) -> bool:
    """Return whether a limit is on how much one change adds: that says nothing about a state."""
    return row.scope.startswith("growth ")


def _findings(row: LimitRow, used: list[Used], *, now: int) -> Iterator[Diagnostic]:
    explaining = [each for each in used if each.approval.environment == row.environment and each.explains(row)]
    what = f"{row.scope} {row.dimension} {row.text(row.after)} of {row.text(row.limit)}"
    where = Location(budget_path(row.environment))
    if not explaining:
        message = f"'{row.environment}' is over its budget and no approval that was used explains it: {what}"
        reasons = [problem.message for each in used for problem in each.verdict.problems if _named(each, row)]
        hint = reasons[0] if reasons else "reduce it, raise the limit, or ask for an approval of the next change"
        yield Diagnostic(Code.BUDGET_UNAPPROVED, message, where=where, hint=hint, environment=row.environment)
    elif all(now >= each.approval.expires for each in explaining):
        last = max(explaining, key=lambda each: each.approval.expires)
        message = (
            f"the approval for {last.approval.subject} expired on {last.approval.expires_at}, "
            f"and what it allowed is still there: {what}"
        )
        hint = f"reduce it, or raise the limit in {budget_path(row.environment)}, so that none is needed"
        place = Location(last.path, 1, 1)
        yield Diagnostic(Code.APPROVAL_EXPIRED, message, where=place, hint=hint, environment=row.environment)


def _named(each: Used, row: LimitRow) -> bool:
    limits = {(exceeded.scope, exceeded.dimension) for exceeded in each.approval.exceeds}
    return each.approval.environment == row.environment and (row.scope, dimension_of(row)) in limits


def _in_use(trusted: TrustedBase, states: States, environment: str) -> Iterator[Used]:
    """Yield the approvals on the base branch whose claims it runs, each judged as it was when it was used."""
    for path in approval_files(trusted.tree, (environment,)):
        try:
            approval = read_approval(trusted.tree.read(path) or b"", path=path)
        except AtmosError:
            continue
        state, commit = consumption(trusted, approval, path=path)
        if state == "in use":
            try:
                yield _used(trusted, states, path, commit)
            except AtmosError:
                continue  # without a budget or approvers before it, nothing could be approved


def _used(trusted: TrustedBase, states: States, path: str, commit: str) -> Used:
    """Judge it as it was in `commit`, by budget and people of the commit before, at the time that `commit` states."""
    before = history.parent(trusted.repo, commit) or commit
    tree = CommitTree(trusted.repo, before)
    then = TrustedBase(
        repo=trusted.repo,
        base=before,
        tip=before,
        head=commit,
        tree=tree,
        now=history.commit_time(trusted.repo, commit),
    )
    policy = Policy(tree)
    old, after = (_state(trusted, states, policy, each) for each in (before, commit))
    approval = read_approval(after.tree.read(path) or b"", path=path)
    rows = budgeted(after, before=old, environment=approval.environment).rows
    verdict = judge(ProposedChange(then, rows, after, old, author=False), approval, path=path, roster=then.roster())
    return Used(
        path=path,
        approval=approval,
        commit=commit,
        verdict=verdict,
        sums={(row.scope, dimension_of(row)): row.after for row in rows},
    )


def _state(trusted: TrustedBase, states: States, policy: Policy, commit: str) -> Effective:
    snapshot = CommitSnapshot(trusted.repo, commit)
    return Effective(snapshot.tree, policy=policy, snapshot=snapshot, cache=states.cache)
