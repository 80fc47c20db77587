"""A change as a new branch: no file of the checkout, no index and no HEAD is touched, and no hook runs."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from atmos_cli.adapters.disk import parents
from atmos_cli.adapters.files import checked_path
from atmos_cli.adapters.git import index as git_index
from atmos_cli.adapters.git.own_programs import own_programs, run
from atmos_cli.adapters.git.process import ask, failed, tell
from atmos_cli.adapters.git.repo import head, identity, resolve
from atmos_cli.adapters.git.status import chunks
from atmos_cli.adapters.git.tree import FILE_MODES, TreeEntry, entries
from atmos_cli.adapters.lock import StateDirectory, cannot_write, scratch
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.result import ChangeSet


def write_branch(repo: Repo, changes: ChangeSet, message: str, *, branch: str, base: str | None) -> str:
    """Create `branch` with one commit on top of `base` (None: no parent) and return the commit's id.

    `changes.before` is what `base` holds (AtmosError ATM616 when it does not). ATM607 when the branch exists.
    """
    _require_new(repo, branch)
    identity(repo)
    parent = None if base is None else _commit_of(repo, base)
    contents = _verified(repo, changes, parent)
    try:
        with scratch(StateDirectory(repo.top, repo.git_dir / "atmos-cli", repo.prefix)) as folder:
            index = folder / "index"
            git_index.read_base(repo, index, parent)
            git_index.take_contents(repo, index, contents, scratch=folder)
            tree = tell(repo.top, "write-tree", env=git_index.private_env(index))
    except OSError as error:
        raise cannot_write(error.filename or repo.git_dir, error) from error
    commit = commit_tree(repo, tree, message.encode(), parent=parent)
    move_ref(repo, f"refs/heads/{branch}", new=commit, old=None, reason=f"atmos: {message.splitlines()[0]}")
    return commit


def commit_tree(repo: Repo, tree: str, message: bytes, *, parent: str | None) -> str:
    """Write a commit object, signed when the user's configuration says that commits are."""
    parents = ("-p", parent) if parent else ()
    text = message.rstrip(b"\n") + b"\n"
    if ask(repo.top, "config", "--type=bool", "--get", "commit.gpgsign").text != "true":
        return tell(repo.top, "commit-tree", *parents, "-F", "-", tree, stdin=text)
    programs = own_programs(repo)
    programs.require_committing()
    args = ("commit-tree", "-S", *parents, "-F", "-", tree)
    answer = run(repo, *args, stdin=text, programs=programs)
    if answer.status:
        raise failed(args, answer)
    return answer.text


def move_ref(repo: Repo, ref: str, *, new: str, old: str | None, reason: str, lock: int | None = None) -> None:
    """Move `ref` from `old` (None: it must not exist) to `new`, or raise ATM607 or ATM608 and move nothing."""
    args = ("update-ref", "--create-reflog", "-m", reason, ref, new, old or "0" * len(new))
    answer = run(repo, *args, keep_open=() if lock is None else (lock,))
    if not answer.status:
        return
    name = ref.removeprefix("refs/heads/")
    if "already exists" in answer.err or "cannot create" in answer.err:
        raise _exists(name)
    if "but expected" in answer.err or "unable to resolve reference" in answer.err:
        raise fail(
            Code.BRANCH_MOVED,
            f"branch {name} got another commit while atmos was working, so nothing was written",
            hint="run the command again: it starts from the new commit",
        )
    raise failed(args, answer)


def _require_new(repo: Repo, branch: str) -> None:
    if branch.startswith("-") or ask(repo.top, "check-ref-format", f"refs/heads/{branch}").status:
        raise fail(Code.USAGE, f"{branch!r} is not a name that git allows for a branch", hint="`--branch NAME`")
    now = head(repo)
    if resolve(repo, f"refs/heads/{branch}") or now.branch == branch:
        raise _exists(branch)


def _exists(branch: str) -> AtmosError:
    return fail(
        Code.BRANCH_EXISTS,
        f"branch {branch} exists, or its name is in the way of one that does",
        hint="choose another name with `--branch NAME`, or remove it: " + f"`git branch -D {shell(branch)}`",
    )


def _commit_of(repo: Repo, base: str) -> str:
    commit = resolve(repo, base)
    if commit is None:
        raise fail(Code.GIT_FAILED, f"{base} names no commit in {repo.top}", hint="`git branch --all` lists branches")
    return commit


def _verified(repo: Repo, changes: ChangeSet, parent: str | None) -> dict[str, tuple[str, bytes | None]]:
    """Return `{path from the top: (mode, content)}`, after finding every file of `parent` as `changes.before` says."""
    there = _existing(repo, [repo.inside(checked_path(path)) for path in changes.files], parent)
    problems = []
    contents = {}
    for path, after in changes.files.items():
        full = repo.inside(path)
        entry = there.get(full, TreeEntry())
        before = changes.before.get(path)
        if (entry.mode or FILE_MODES[0]) not in FILE_MODES or not there.keys().isdisjoint(parents(full)):
            problems.append(_not_a_file(path, str(parent)))
        elif entry.blob != ("" if before is None else _blob_id(before, len(str(parent)))):
            problems.append(_differs(path, str(parent)))
        contents[full] = (entry.mode or FILE_MODES[0], after)
    if problems:
        raise AtmosError(*problems)
    return contents


def _existing(repo: Repo, paths: list[str], commit: str | None) -> dict[str, TreeEntry]:
    """Return what `commit` holds at `paths` (a directory as mode 040000), and above them where that is no directory."""
    found: dict[str, TreeEntry] = {}
    above = {parent for path in paths for parent in parents(path)}
    for chunk in chunks(sorted(above.union(paths))) if commit else ():
        found.update(entries(repo, str(commit), *chunk, deep=False))
    folders = {parent for path in found for parent in parents(path)}
    trees = {path: TreeEntry("040000") for path in paths if path in folders}
    return {path: entry for path, entry in found.items() if path in paths or entry.mode != "040000"} | trees


def _blob_id(data: bytes, length: int) -> str:
    algorithm = hashlib.sha256 if length == 64 else hashlib.sha1
    return algorithm(b"blob %d\0" % len(data) + data).hexdigest()


def _differs(path: str, commit: str) -> Diagnostic:
    return Diagnostic(
        Code.FILE_CHANGED,
        f"{path} in commit {commit[:12]} is not the file that this change was made for, so no branch was written",
        hint="commit your own changes first, or run the command again",
        where=Location(path),
    )


def _not_a_file(path: str, commit: str) -> Diagnostic:
    return Diagnostic(
        Code.WRITE_FAILED,
        f"{path}, or what is above it, is not a regular file in commit {commit[:12]}, and atmos writes no others",
        hint=f"replace it by a file: `git rm {shell(path)}`",
        where=Location(path),
    )
