"""Writes a change set as files, a commit or a branch, and says what a person does with it next."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.branch import write_branch
from atmos_cli.adapters.git.catch_up import catch_up, follow, pause
from atmos_cli.adapters.git.commit import write_commit
from atmos_cli.adapters.git.push import BehindError, compare_link, push
from atmos_cli.adapters.git.sparse import SparseTree
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.adapters.transaction import apply
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.ports import FileTree
    from atmos_cli.result import ChangeSet


@dataclass(frozen=True, slots=True)
class Written:
    """What was written, and where to look at it; `link` is the page on which to open a pull request, when known.

    `notes` are what else there is to say of it: what had to be recovered first, hooks that were not run. `next`: what
    is left to do, as (topic, command).
    """

    mode: WriteMode
    paths: tuple[str, ...]
    commit: str = ""
    branch: str = ""
    pushed: bool = False
    link: str = ""
    notes: tuple[Diagnostic, ...] = field(default=())
    next: tuple[tuple[str, str], ...] = ()


class OvertakenError(AtmosError):
    """Others pushed first: our commit was taken back, and the checkout is where `origin` is. Try again."""


@dataclass(frozen=True, slots=True)
class Base:
    """What a change starts from: the checkout, or in branch mode the tip of the base branch, which it never touches."""

    tree: FileTree
    commit: str | None = None


def base_of(root: Path, tree: FileTree, *, mode: WriteMode, config: Config) -> Base:
    """Return the tree that a change in `mode` starts from. Raises ATM602 when branch mode finds no commit."""
    if mode != "branch":
        return Base(tree)
    repo = git_repo(root)
    commit = repos.resolve(repo, f"refs/heads/{config.git.branch}") or repos.resolve(repo, "HEAD")
    if commit is None:
        hint = "commit what there is first, or use `--write commit`"
        raise fail(Code.REPO_NO_GIT, "there is no commit yet that a branch could start from", hint=hint)
    return Base(CommitTree(repo, commit), commit)


def git_repo(root: Path) -> Repo:
    found = repos.open_repo(root)
    if found is None:
        message = f"{root} is not in a Git repository"
        raise fail(Code.REPO_NO_GIT, message, hint="run `git init` there, or use `--write files`")
    return found


def write(
    root: Path,
    changes: ChangeSet,
    message: str,
    *,
    mode: WriteMode,
    base: Base,
    branch: str,
    config: Config,
    pushes: bool,
) -> Written:
    """Write all of `changes`, or nothing; `pushes` sends the commit or branch to `origin` afterwards.

    Raises OvertakenError when others pushed first: `wait_to_try_again`, and plan anew.
    """
    paths = tuple(sorted(changes.files))
    if mode != "branch" and isinstance(base.tree, SparseTree):
        base.tree.require_on_disk(paths)
    if mode == "files":
        if pushes:
            raise fail(Code.USAGE, "files alone cannot be pushed", hint="use `--write commit` or `--write branch`")
        return Written(mode, paths, notes=apply(root, changes))
    repo = git_repo(root)
    if pushes and repos.remote_url(repo) is None:
        hint = "git remote add origin URL, or leave out `--push`"
        raise fail(Code.REPO_NO_REMOTE, "there is no remote `origin` to push to", hint=hint)
    notes: tuple[Diagnostic, ...] = ()
    before = repos.head(repo).commit
    if mode == "commit":
        committed = write_commit(repo, changes, message)
        commit, where, notes = committed.commit, committed.branch, committed.notes
    else:
        commit, where = write_branch(repo, changes, message, branch=branch, base=base.commit), branch
    url = repos.remote_url(repo)
    if pushes:
        # what a person had not committed yet is in our commit alone, so that is never taken back
        ours = mode == "commit" and commit != before and not changes.inputs
        _push(repo, where, commit if ours else "")
    link = compare_link(url, config.git.branch, where) if url and where != config.git.branch else None
    return Written(mode=mode, paths=paths, commit=commit, branch=where, pushed=pushes, link=link or "", notes=notes)


def _push(repo: Repo, branch: str, commit: str) -> None:
    """Push; where that is refused, take our `commit` back, and follow, unless the user's own work is in the way."""
    try:
        push(repo, branch)
    except AtmosError as refused:
        if not commit or not catch_up(repo, branch, commit):
            raise
        if not isinstance(refused, BehindError):
            found = (replace(each, hint=_again(each.hint)) for each in refused.diagnostics)
            raise AtmosError(*found, exit_code=refused.exit_code) from refused
        message = f"others pushed to {branch} first, so the commit was taken back, and {branch} here follows origin"
        overtaken = Diagnostic(
            Code.PUSH_REFUSED, message, hint="run the command again: it starts from what they pushed"
        )
        raise OvertakenError(overtaken, exit_code=1) from refused


def _again(hint: str) -> str:
    """Return the hint for a push that was refused, where its commit is no longer here."""
    first = hint.partition("`git push")[0].removesuffix("`--write branch`, or ")
    return f"{first}run it again with `--write branch`; the commit was taken back here"


def wait_to_try_again(root: Path, attempt: int, began: float) -> None:
    """Wait a while after an OvertakenError, with nothing of ours committed, then follow what was pushed in that time.

    Without the second the next attempt would be too late as well. `began` is the monotonic time of the last one.
    """
    pause(attempt, began)
    repo = git_repo(root)
    if branch := repos.head(repo).branch:
        follow(repo, branch)


def trailers(values: Mapping[str, str]) -> str:
    """Format Git trailers, in the order given: `Atmos-Service: default/checkout`."""
    return "\n".join(f"Atmos-{key}: {value}" for key, value in values.items())
