"""Finds what differs between the checkout, its index and its commit, without running a filter or any other program."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.process import ask, failed, without_filters
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, fail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

    from atmos_cli.adapters.git.repo import Repo

_PATHS_PER_CALL = 200
_STATUS = ("status", "--porcelain", "-z", "--untracked-files=all", "--no-renames", "--ignore-submodules=dirty")
_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "SQUASH_MSG": "squash merge",
}
_REFS = ("CHERRY_PICK_HEAD", "REVERT_HEAD")


def dirty(repo: Repo, paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of `paths` (from the root) with uncommitted changes, staged or not, or untracked; sorted."""
    wanted = {repo.inside(path): path for path in paths}
    found: set[str] = set()
    for chunk in chunks(sorted(wanted)):
        found.update(_differing(repo.top, "--ignored=matching", "--", *chunk))
    return tuple(sorted(wanted[path] for path in found if path in wanted))


def changed_here(repo: Repo) -> tuple[str, ...]:
    """Return every path below the root that differs from HEAD or is untracked (not ignored), sorted."""
    start = repo.inside("")
    names = _differing(repo.top, "--", f"{start or '.'}")
    return tuple(sorted(name[len(start) :] for name in names if name.startswith(start)))


def require_clean(repo: Repo, paths: Iterable[str]) -> None:
    """Check that `paths` have no uncommitted changes; AtmosError ATM603 names every one that has."""
    changed = dirty(repo, paths)
    if changed:
        raise AtmosError(*(_dirty_path(path) for path in changed))


def unmerged(repo: Repo, paths: Iterable[str]) -> tuple[str, ...]:
    """Return those of `paths` (from the root) that Git left in conflict, sorted."""
    wanted = {repo.inside(path): path for path in paths}
    found: set[str] = set()
    for chunk in chunks(sorted(wanted)):
        args = ("--literal-pathspecs", "ls-files", "--unmerged", "-z", "--full-name", "--", *chunk)
        answer = ask(repo.top, *args)
        if answer.status:
            raise failed(args, answer)
        found.update(os.fsdecode(line.partition(b"\t")[2]) for line in answer.out.split(b"\0") if line)
    return tuple(sorted(wanted[path] for path in found if path in wanted))


def require_idle(repo: Repo) -> None:
    """Check that no merge, rebase or the like waits (AtmosError ATM617): a commit now would conclude it."""
    for name, what in _UNFINISHED.items():
        if (repo.git_dir / name).exists() or (name in _REFS and _is_a_ref(repo, name)):
            raise fail(
                Code.REPO_UNFINISHED,
                f"a {what} is not finished in {repo.top}, and a commit would become part of it",
                hint="`git status` says how to finish or abort it; or use `--write branch`",
            )


def _is_a_ref(repo: Repo, name: str) -> bool:
    """Return whether Git keeps `name` in tables of refs (reftable), where there is no file of that name."""
    tables = (repo.git_dir / "reftable").is_dir()
    return tables and not ask(repo.top, "rev-parse", "--quiet", "--verify", name).status


def chunks(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(paths), _PATHS_PER_CALL):
        yield paths[start : start + _PATHS_PER_CALL]


def _differing(top: Path, *arguments: str) -> list[str]:
    args = ("--literal-pathspecs", *_STATUS, *arguments)
    answer = ask(top, *args, settings=without_filters(top))
    if answer.status:
        raise failed(args, answer)
    return [os.fsdecode(line[3:]) for line in answer.out.split(b"\0") if line]


def _dirty_path(path: str) -> Diagnostic:
    return Diagnostic(
        Code.REPO_DIRTY_PATH,
        f"{path} has changes that are not committed",
        hint=f"commit or stash it first (`git add -- {path} && git commit`), or use `--write branch`",
        where=Location(path),
    )
