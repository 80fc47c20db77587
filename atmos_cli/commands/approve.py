"""`atmos approve request|show|sign|check`: requests, shows, signs and judges approvals."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.ssh import sign
from atmos_cli.adapters.transaction import apply
from atmos_cli.approval.model import (
    NAMESPACE,
    Approval,
    Exceeded,
    approval_path,
    approval_text,
    read_approval,
    signed_bytes,
    with_signature,
)
from atmos_cli.approval.quorum import shortest_ttl, tiers_of
from atmos_cli.budget.terms import seconds
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.gitops.budgeting import budgeted
from atmos_cli.gitops.plain_secrets import require_no_secret
from atmos_cli.gitops.repository import Deployment, Repository, find_service
from atmos_cli.gitops.states import States
from atmos_cli.gitops.write import Base, Written, git_repo, write
from atmos_cli.history.approvals import (
    ProposedChange,
    adds_to,
    amount_of,
    approval_files,
    budget_of,
    dimension_of,
    excess,
    grants,
    judge,
)
from atmos_cli.history.trusted_base import trusted_base_of, uncommitted
from atmos_cli.history.used_approvals import digest_in
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from atmos_cli.approval.decide import ApprovalDecision
    from atmos_cli.approval.roster import Roster
    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.budget.model import Tier
    from atmos_cli.config import WriteMode

DEFAULT_TTL = "14d"


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """A request before it is written, and who may approve it: one line for each tier that decides."""

    repository: Repository
    path: str
    approval: Approval
    changes: ChangeSet
    needs: tuple[str, ...]


def plan_request(
    repository: Repository,
    *,
    environment: str,
    service: str,
    team: str | None = None,
    reason: str | None = None,
    expires: str | None = None,
    base: str | None = None,
) -> RequestPlan:
    """Plan a request. Raises ATM428 when nothing is over a limit because of the service, ATM427 above a ceiling."""
    require_no_secret(reason or "", "`--reason`", hint="say why without it: the request is kept in Git")
    repository.config.named((environment,))
    deployment = _deployment(repository, service, team=team, environment=environment)
    case = case_of(repository, (environment,), base=base)
    path, approval, needs = request_of(case, deployment, reason=reason, expires=expires)
    changes = ChangeSet({path: approval_text(approval).encode()}, {path: repository.tree.read(path)})
    return RequestPlan(repository=repository, path=path, approval=approval, changes=changes, needs=needs)


def request_of(
    case: ProposedChange, deployment: Deployment, *, reason: str | None = None, expires: str | None = None
) -> tuple[str, Approval, tuple[str, ...]]:
    """Return (path, request, who is needed) for what `deployment` exceeds. ATM428 for nothing, ATM427 for too much."""
    mine = [row for row in case.rows if row.outcome in _PASSED and deployment in adds_to(row, case.after, case.before)]
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
    """Make the requests of a change that is over its budget, by path: one for each environment where it needs one."""
    over = {row.environment for row in case.rows if row.outcome == "over"}
    found = (request_of(case, each) for each in deployments if each.environment in over)
    return {path: approval_text(approval).encode() for path, approval, _ in found}


def execute_request(plan: RequestPlan, *, mode: WriteMode | None, branch: str | None, pushes: bool) -> Written:
    """Write the request as files, as a commit on the current branch, or as a branch on top of what is checked out."""
    repository, approval = plan.repository, plan.approval
    name = branch or f"atmos/approve-{approval.service}-{approval.environment}"
    return write(
        repository.root,
        plan.changes,
        f"Ask to approve {approval.service} in {approval.environment}\n\n{_asked(approval)}\n",
        mode=mode or repository.config.git.write,
        base=Base(repository.tree, repos.resolve(git_repo(repository.root), "HEAD")),
        branch=name,
        config=repository.config,
        pushes=pushes,
    )


def sign_approval(repository: Repository, path: str, *, key: Path, interactive: bool) -> tuple[Approval, str]:
    """Add a signature to the file, and change nothing else in it; return (the approval, the signer's id).

    Raises ATM426 for a key that the base branch does not list, ATM425 for the person who asked, ATM421 after its end.
    """
    before = repository.tree.read(path)
    approval = load_approval(repository, path)
    trusted = trusted_base_of(repository.root, repository.config.git.branch)
    roster = trusted.roster()
    if trusted.now >= approval.expires:
        raise fail(Code.APPROVAL_EXPIRED, f"`{path}` expired on {approval.expires_at}", hint="ask for a new one")
    mark, armour = sign(signed_bytes(approval), key=key, namespace=NAMESPACE, interactive=interactive)
    owner = roster.by_key(mark)
    if owner is None or owner[1].expired(trusted.now):
        what = "is nobody's" if owner is None else f"of {owner[0]} ended on {owner[1].not_after}"
        message = f"the key {mark} {what} in platform/approvers.yaml on the base branch, so it would not count"
        raise fail(Code.APPROVER_UNKNOWN, message, hint="sign with a key that is listed there", exit_code=1)
    if roster.by_email(approval.requested_by) == owner[0]:
        message = f"{owner[0]} cannot approve this: {owner[0]} requested it"
        raise fail(Code.APPROVAL_SELF, message, hint="ask someone who had no hand in the change", exit_code=1)
    signed = with_signature(approval, key=mark, signature=armour)
    apply(repository.root, ChangeSet({path: approval_text(signed).encode()}, {path: before}))
    return signed, owner[0]


def load_approval(repository: Repository, path: str) -> Approval:
    data = repository.tree.read(path)
    if data is None:
        raise fail(Code.APPROVAL_INVALID, f"there is no file `{path}`", hint="`atmos approve check` lists approvals")
    return read_approval(data, path=path)


@dataclass(frozen=True, slots=True)
class Checked:
    """`verdicts` on every approval that can be read; `unreadable` says what is wrong with the others."""

    verdicts: tuple[ApprovalDecision, ...]
    unreadable: tuple[Diagnostic, ...]

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        """Return what makes an approval worthless; one that was used as it should be is no problem."""
        found = [each for verdict in self.verdicts if verdict.state == "pending" for each in verdict.problems]
        return (*self.unreadable, *found)


def check_approvals(
    repository: Repository,
    *,
    environments: tuple[str, ...] = (),
    service: str | None = None,
    paths: Sequence[str] | None = None,
    base: str | None = None,
) -> Checked:
    """Judge the approvals of the checkout (only those of `paths`, when given)."""
    named = repository.config.named(environments)
    files = approval_files(repository.tree, named, service.rpartition("/")[2] if service else None)
    wanted = [path for path in files if paths is None or path in paths]
    approvals: dict[str, Approval] = {}
    unreadable: list[Diagnostic] = []
    for path in wanted:
        try:
            approvals[path] = read_approval(repository.tree.read(path) or b"", path=path)
        except AtmosError as error:
            unreadable += error.diagnostics
    if not approvals:
        return Checked((), tuple(unreadable))
    case = case_of(repository, tuple(dict.fromkeys(each.environment for each in approvals.values())), base=base)
    roster: Roster = case.trusted.roster()
    verdicts = [judge(case, each, path=path, roster=roster) for path, each in approvals.items()]
    return Checked(tuple(verdicts), tuple(unreadable))


def case_of(repository: Repository, environments: Sequence[str], *, base: str | None) -> ProposedChange:
    """Return the checkout as the change to judge, against the base branch."""
    trusted = trusted_base_of(repository.root, repository.config.git.branch, base=base)
    states = States(repository.root, repository.tree, branch=repository.config.git.branch, base=base)
    after = states.here()
    before = states.at(repos.merge_base(trusted.repo, trusted.base, trusted.head) or trusted.base)
    windows = states.earlier(environments)
    rows = tuple(
        row for name in environments for row in budgeted(after, before=before, environment=name, earlier=windows).rows
    )
    return ProposedChange(trusted=trusted, rows=rows, after=after, before=before, author=uncommitted(trusted))


_PASSED = ("over", "denied", "approved")


def _deployment(repository: Repository, service: str, *, team: str | None, environment: str) -> Deployment:
    found = [each for each in find_service(repository.tree, service, team=team) if each.environment == environment]
    if not found:
        message = f"`{service}` is not in '{environment}'"
        raise fail(Code.ENVIRONMENT_UNKNOWN, message, hint="name an environment that has an overlay of it")
    return found[0]


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


def _asked(approval: Approval) -> str:
    return "\n".join(f"{each.scope} {each.dimension}: {each.after} of {each.limit}" for each in approval.exceeds)
