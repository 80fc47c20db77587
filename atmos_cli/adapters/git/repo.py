"""Facts about a repository: where it is, what is checked out, who commits, what is not committed."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

from atmos_cli.adapters.files import find_checkout
from atmos_cli.adapters.git.process import ask, ask_ok, failed, tell
from atmos_cli.diagnostics import Code, fail
from atmos_cli.foreign import shell


@dataclass(frozen=True, slots=True)
class Repo:
    """A checkout: `top` is its directory, `git_dir` its own (per worktree), `prefix` the root inside `top`."""

    top: Path
    git_dir: Path
    prefix: str = ""

    def inside(self, path: str) -> str:
        """Return the path from `top` of a path given from the root."""
        return f"{self.prefix}/{path}" if self.prefix else path


@dataclass(frozen=True, slots=True)
class Head:
    """`branch` is None when detached, `commit` is None before the first commit."""

    branch: str | None
    commit: str | None


def open_repo(path: Path) -> Repo | None:
    """Open the checkout that `path` (a directory) is in; None when it is in none.

    Raises ATM610 when git takes another place for the repository than the `.git` that is there.
    """
    found = find_checkout(Path(os.path.realpath(path)))
    if found is None:
        return None
    above, git_dir = found
    answer = ask(above, "rev-parse", "--absolute-git-dir", "--show-toplevel")
    if answer.status:
        raise failed(("rev-parse",), answer)
    known, top = (Path(line) for line in os.fsdecode(answer.out).split("\n")[:2])
    if Path(os.path.realpath(known)) != git_dir or Path(os.path.realpath(top)) != above:
        raise fail(
            Code.GIT_FAILED,
            f"git does not take {above / '.git'} for the repository of {above}",
            hint=f"see what is wrong with it: `git -C {shell(str(above))} rev-parse --show-toplevel --git-dir`",
        )
    prefix = Path(os.path.realpath(path)).relative_to(above).as_posix()
    return Repo(above, git_dir, "" if prefix == "." else prefix)


def init_repo(path: Path, *, branch: str = "main") -> Repo:
    """Make a new, empty repository at `path`, on the unborn `branch`."""
    tell(path, "init", "--quiet", f"--initial-branch={branch}", runs=True)
    real = path.resolve()
    return Repo(real, real / ".git")


def head(repo: Repo) -> Head:
    branch = ask(repo.top, "symbolic-ref", "--quiet", "HEAD")
    return Head(branch.text.removeprefix("refs/heads/") if branch.status == 0 else None, resolve(repo, "HEAD"))


def resolve(repo: Repo, ref: str) -> str | None:
    """Return the commit that `ref` names, or None."""
    if ref.startswith("-"):
        return None
    answer = ask(repo.top, "rev-parse", "--quiet", "--verify", f"{ref}^{{commit}}")
    return answer.text if answer.status == 0 else None


def remote_url(repo: Repo, name: str = "origin") -> str | None:
    """Return where `name` pushes to; it may hold credentials, so show it only through `plain`."""
    answer = ask(repo.top, "remote", "get-url", "--push", name)
    return answer.text if answer.status == 0 else None


def identity(repo: Repo) -> tuple[str, str]:
    """Return name and e-mail that commits will carry; ATM605 when they are not set (they are never guessed)."""
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


def merge_base(repo: Repo, one: str, other: str) -> str | None:
    """Return the best common ancestor, None for unrelated histories."""
    answer = ask(repo.top, "merge-base", one, other)
    if answer.status > 1:
        raise failed(("merge-base",), answer)
    return answer.text or None


def changed_paths(repo: Repo, base: str, other: str) -> tuple[str, ...]:
    """Return files below the root that differ between two commits, sorted paths from the root; a rename is two."""
    args = ("diff-tree", "-r", "-z", "--name-only", "--no-renames", "--end-of-options", base, other)
    paths = os.fsdecode(ask_ok(repo.top, *args)).split("\0")
    start = repo.inside("")
    return tuple(sorted(path[len(start) :] for path in paths if path and path.startswith(start)))
