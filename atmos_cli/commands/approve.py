"""`atmos approve request|show|sign|check`: requests, shows, signs and judges approvals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.ssh import sign
from atmos_cli.approval.model import NAMESPACE, Approval, approval_text, read_approval, signed_bytes, with_signature
from atmos_cli.commands.changes import Change, Start, start_of, write_change
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.gitops.budgeting import budgeted
from atmos_cli.gitops.guard import Guarded
from atmos_cli.gitops.plain_secrets import require_no_secret
from atmos_cli.gitops.repository import Deployment, Repository, find_service, open_repository
from atmos_cli.gitops.states import States
from atmos_cli.gitops.write import Base, git_repo
from atmos_cli.history.approvals import ProposedChange, approval_files, judge
from atmos_cli.history.requests import request_of
from atmos_cli.history.trusted_base import trusted_base_of, uncommitted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from atmos_cli.approval.decide import ApprovalDecision
    from atmos_cli.approval.roster import Roster
    from atmos_cli.config import WriteMode


@dataclass(frozen=True, slots=True)
class ApprovalRequest:
    """What is asked for. `base`: another commit to trust; a branch starts from what is checked out."""

    environment: str
    service: str
    team: str | None = None
    reason: str | None = None
    expires: str | None = None
    base: str | None = None
    mode: WriteMode | None = None
    branch: str | None = None


@dataclass(frozen=True, slots=True)
class RequestPlan:
    """A request before it is written, and who may approve it: one line for each tier that decides."""

    path: str
    approval: Approval
    needs: tuple[str, ...]
    change: Change


def plan_request(repository: Repository, ask: ApprovalRequest) -> RequestPlan:
    """Plan a request. Raises ATM428 when nothing is over a limit because of the service, ATM427 above a ceiling."""
    require_no_secret(ask.reason or "", "`--reason`", hint="say why without it: the request is kept in Git")
    repository.config.named((ask.environment,))
    deployment = _deployment(repository, ask.service, team=ask.team, environment=ask.environment)
    case = case_of(repository, (ask.environment,), base=ask.base)
    path, approval, needs = request_of(case, deployment, reason=ask.reason, expires=ask.expires)
    head = repos.resolve(git_repo(repository.root), "HEAD")
    start = start_of(repository, mode=ask.mode, base=Base(repository.tree, head))
    change = replace(
        _only(start, path, approval),
        message=f"Ask to approve {approval.service} in {approval.environment}\n\n{_asked(approval)}\n",
        branch=ask.branch or f"atmos/approve-{approval.service}-{approval.environment}",
        again=lambda: plan_request(open_repository(repository.root, writes=True), ask).change,
    )
    return RequestPlan(path, approval, needs, change)


def _only(start: Start, path: str, approval: Approval) -> Change:
    """Return the change of one approval: it changes nothing that runs, and so there is nothing to judge."""
    changes = start.changes({path: approval_text(approval).encode()})
    return Change(start, changes, start.before, Guarded(), (), "", "")


def sign_approval(repository: Repository, path: str, *, key: Path, interactive: bool) -> tuple[Approval, str]:
    """Add a signature to the file, and change nothing else in it; return (the approval, the signer's id).

    Raises ATM426 for a key that the base branch does not list, ATM425 for the person who asked, ATM421 after its end.
    """
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
    write_change(_only(start_of(repository, mode="files"), path, signed))
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


def _deployment(repository: Repository, service: str, *, team: str | None, environment: str) -> Deployment:
    found = [each for each in find_service(repository.tree, service, team=team) if each.environment == environment]
    if not found:
        message = f"`{service}` is not in '{environment}'"
        raise fail(Code.ENVIRONMENT_UNKNOWN, message, hint="name an environment that has an overlay of it")
    return found[0]


def _asked(approval: Approval) -> str:
    return "\n".join(f"{each.scope} {each.dimension}: {each.after} of {each.limit}" for each in approval.exceeds)
