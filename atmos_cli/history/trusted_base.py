"""What approvals are judged against: the base branch that is trusted, the change on top of it, and the moment."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import history
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.status import changed_here
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.approval.conflict import Contributor
from atmos_cli.approval.model import DIRECTORY, is_approval_path, read_approval, signed_bytes
from atmos_cli.approval.roster import FILE, Roster, read_roster
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.gitops.trusted import base_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from atmos_cli.adapters.git.history import Credits
    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.approval.model import Approval


@dataclass(frozen=True, slots=True)
class TrustedBase:
    """`base` is the commit whose budgets and approvers count, `head` the last commit of the change.

    `tip` ends the base branch's history: later than `base` when that branch is checked out with commits of its own.
    """

    repo: Repo
    base: str
    tip: str
    head: str
    tree: CommitTree
    now: int

    @property
    def base_time(self) -> int:
        return history.commit_time(self.repo, self.base)

    def roster(self) -> Roster:
        """Return the approvers. Raises ATM429 when the base branch has no usable `platform/approvers.yaml`."""
        return read_roster(self.tree.read(FILE))


def trusted_base_of(root: Path, branch: str, *, base: str | None = None) -> TrustedBase:
    """Return what to trust for the checkout at `root`. `base` names another commit to trust than the tip of `branch`.

    Raises ATM602 without Git, ATM610 when there is no such commit, or when history is cut off and so proves nothing.
    """
    repo = repos.open_repo(root)
    if repo is None:
        raise fail(Code.REPO_NO_GIT, f"{root} is not in a Git repository, so nothing can be approved", hint="git init")
    head = repos.resolve(repo, "HEAD")
    branch, tip = base_of(repo, branch)
    trusted = repos.resolve(repo, base) if base else tip
    if head is None or trusted is None:
        message = f"there is no commit `{base or branch}` here, and only what is on the base branch can be trusted"
        raise fail(Code.GIT_FAILED, message, hint=f"git fetch origin {branch}")
    if history.is_shallow(repo):
        message = "the history here is cut off (a shallow clone), so nobody can tell which approvals are used up"
        raise fail(Code.GIT_FAILED, message, hint="`git fetch --unshallow`; in CI, check out with `fetch-depth: 0`")
    on_base = base is None and repos.head(repo).branch == branch and history.is_ancestor(repo, trusted, head)
    return TrustedBase(
        repo=repo,
        base=trusted,
        tip=head if on_base else trusted,
        head=head,
        tree=CommitTree(repo, trusted),
        now=int(time.time()),
    )


def contributors_of(trusted: TrustedBase, path: str, *, author: bool) -> tuple[Contributor, ...]:
    """Return everyone who contributed to the change, or to the request at `path`; with `author`, the one to commit it.

    A commit that only adds signatures to approvals is no part of the change: the approver may make it.
    """
    between = history.credits_between(trusted.repo, trusted.base, trusted.head)
    asked = history.credits_of_path(trusted.repo, trusted.head, path)
    made = [each for each in dict.fromkeys((*between, *asked)) if not _signs_only(trusted, each)]
    found = [contributor for each in made for contributor in _contributors(each)]
    if author:
        found.append(Contributor(repos.identity(trusted.repo)[1], "wrote", "what is not committed yet"))
    return tuple(dict.fromkeys(found))


def uncommitted(trusted: TrustedBase) -> bool:
    """Return whether the checkout has changes, other than to approvals, that no commit has yet."""
    changed = changed_here(trusted.repo)
    return any(not path.startswith(f"{DIRECTORY}/") for path in changed)


def _contributors(credit: Credits) -> Iterator[Contributor]:
    where = f"commit {credit.commit[:12]}"
    yield Contributor(credit.author, "wrote", where)
    yield Contributor(credit.committer, "committed", where)
    yield from (Contributor(each, "co-wrote", where) for each in credit.co_authors)


def _signs_only(trusted: TrustedBase, credit: Credits) -> bool:
    if len(credit.parents) != 1:
        return False
    paths = repos.changed_paths(trusted.repo, credit.parents[0], credit.commit)
    if not paths or not all(is_approval_path(path) for path in paths):
        return False
    before, after = CommitTree(trusted.repo, credit.parents[0]), CommitTree(trusted.repo, credit.commit)
    return all(_same_request(before.read(path), after.read(path), path) for path in paths)


def _same_request(before: bytes | None, after: bytes | None, path: str) -> bool:
    if before is None or after is None:
        return False
    try:
        return signed_bytes(read_approval(before, path=path)) == signed_bytes(read_approval(after, path=path))
    except AtmosError:
        return False


def same_approval(tree: CommitTree, path: str, approval: Approval) -> bool:
    """Return whether `tree` holds this very request at `path`, whoever has signed it there."""
    data = tree.read(path)
    try:
        return data is not None and signed_bytes(read_approval(data, path=path)) == signed_bytes(approval)
    except AtmosError:
        return False
