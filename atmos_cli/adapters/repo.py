"""What a repository says about itself: where it is, what is checked out, who commits, what is not committed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import ask, ask_ok, failed, tell
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, fail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_PATHS_PER_CALL = 200
_UNFINISHED = {
    "MERGE_HEAD": "merge",
    "CHERRY_PICK_HEAD": "cherry-pick",
    "REVERT_HEAD": "revert",
    "rebase-merge": "rebase",
    "rebase-apply": "rebase",
    "SQUASH_MSG": "squash merge",
}


@dataclass(frozen=True, slots=True)
class Repo:
    """A checkout: `top` is its directory, `git_dir` its own (per worktree), `prefix` the root inside `top`."""

    top: Path
    git_dir: Path
    prefix: str = ""

    def inside(self, path: str) -> str:
        """The path from `top` of a path given from the root."""
        return f"{self.prefix}/{path}" if self.prefix else path


@dataclass(frozen=True, slots=True)
class Head:
    """`branch` is None when detached, `commit` is None before the first commit."""

    branch: str | None
    commit: str | None


def open_repo(path: Path) -> Repo | None:
    """The checkout that `path` (a directory) is in, or None when it is in none."""
    answer = ask(path, "rev-parse", "--show-prefix", "--absolute-git-dir", "--show-toplevel")
    if answer.status:
        if "not a git repository" in answer.err:
            return None
        raise failed(("rev-parse",), answer)
    prefix, git_dir, top = os.fsdecode(answer.out).split("\n")[:3]
    return Repo(Path(top), Path(git_dir), prefix.rstrip("/"))


def init_repo(path: Path, *, branch: str = "main") -> Repo:
    """A new, empty repository at `path`, on the unborn `branch`."""
    tell(path, "init", "--quiet", f"--initial-branch={branch}")
    real = path.resolve()
    return Repo(real, real / ".git")


def head(repo: Repo) -> Head:
    branch = ask(repo.top, "symbolic-ref", "--quiet", "HEAD")
    return Head(branch.text.removeprefix("refs/heads/") if branch.status == 0 else None, resolve(repo, "HEAD"))


def resolve(repo: Repo, ref: str) -> str | None:
    """The commit that `ref` names, or None."""
    if ref.startswith("-"):
        return None
    answer = ask(repo.top, "rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
    return answer.text if answer.status == 0 else None


def remote_url(repo: Repo, name: str = "origin") -> str | None:
    """Where `name` pushes to; it may hold credentials, so show it only through `plain`."""
    answer = ask(repo.top, "remote", "get-url", "--push", name)
    return answer.text if answer.status == 0 else None


def identity(repo: Repo) -> tuple[str, str]:
    """Name and e-mail that commits will carry; ATM605 when they are not set (they are never guessed)."""
    who = ("", "")
    for variable in ("GIT_AUTHOR_IDENT", "GIT_COMMITTER_IDENT"):
        answer = ask(repo.top, "-c", "user.useConfigOnly=true", "var", variable)
        match = re.fullmatch(r"(.+) <(.+)> \d+ [+-]\d+", answer.text)
        if answer.status or not match:
            raise fail(
                Code.REPO_NO_IDENTITY,
                "git does not know who you are, so it cannot commit",
                hint='git config --global user.name "Your Name" && git config --global user.email you@example.com',
            )
        who = (match[1], match[2])
    return who


def dirty(repo: Repo, paths: Iterable[str]) -> tuple[str, ...]:
    """Those of `paths` (from the root) that have uncommitted changes, staged or not, or are untracked; sorted."""
    wanted = {repo.inside(path): path for path in paths}
    found: set[str] = set()
    for chunk in chunks(sorted(wanted)):
        args = ("--no-optional-locks", "--literal-pathspecs", "status", "--porcelain", "-z", "--untracked-files=all")
        answer = ask(repo.top, *args, "--no-renames", "--ignored=matching", "--", *chunk)
        if answer.status:
            raise failed(args, answer)
        found.update(os.fsdecode(line[3:]) for line in answer.out.split(b"\0") if line)
    return tuple(sorted(wanted[path] for path in found if path in wanted))


def changed_here(repo: Repo) -> tuple[str, ...]:
    """Every path below the root that differs from HEAD or is untracked (not ignored), sorted."""
    args = ("--no-optional-locks", "status", "--porcelain", "-z", "--untracked-files=all", "--no-renames")
    out = ask_ok(repo.top, *args, "--", f":(top){repo.inside('') or '.'}")
    start = repo.inside("")
    return tuple(sorted(os.fsdecode(line[3:])[len(start) :] for line in out.split(b"\0") if line))


def require_clean(repo: Repo, paths: Iterable[str]) -> None:
    """AtmosError ATM603 that names every one of `paths` with uncommitted changes."""
    changed = dirty(repo, paths)
    if changed:
        raise AtmosError(*(_dirty_path(path) for path in changed))


def require_idle(repo: Repo) -> None:
    """AtmosError ATM617 when a merge, rebase or the like waits to be finished: a commit now would conclude it."""
    for name, what in _UNFINISHED.items():
        if (repo.git_dir / name).exists():
            raise fail(
                Code.REPO_UNFINISHED,
                f"a {what} is not finished in {repo.top}, and a commit would become part of it",
                hint="`git status` says how to finish or abort it; or use `--write branch`",
            )


def merge_base(repo: Repo, one: str, other: str) -> str | None:
    """The best common ancestor, None for unrelated histories."""
    answer = ask(repo.top, "merge-base", one, other)
    if answer.status > 1:
        raise failed(("merge-base",), answer)
    return answer.text or None


def changed_paths(repo: Repo, base: str, other: str) -> tuple[str, ...]:
    """Files below the root that differ between two commits (paths from the root), sorted; a rename counts as two."""
    args = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options", base, other)
    paths = os.fsdecode(ask_ok(repo.top, *args)).split("\0")
    start = repo.inside("")
    return tuple(sorted(path[len(start) :] for path in paths if path and path.startswith(start)))


def _dirty_path(path: str) -> Diagnostic:
    return Diagnostic(
        Code.REPO_DIRTY_PATH,
        f"{path} has changes that are not committed",
        hint=f"commit or stash it first (`git add -- {path} && git commit`), or use `--write branch`",
        where=Location(path),
    )


def chunks(paths: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(paths), _PATHS_PER_CALL):
        yield paths[start : start + _PATHS_PER_CALL]
