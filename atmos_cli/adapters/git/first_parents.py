"""The first-parent line of a branch, newest first: its commits, and which files below a directory each one changes."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.process import ask_ok, tell

if TYPE_CHECKING:
    from atmos_cli.adapters.git.repo import Repo


@dataclass(frozen=True, slots=True)
class LineCommit:
    """One commit; `at` is when it was made, unix seconds, `paths` what it changes against its first parent."""

    commit: str
    at: int
    paths: tuple[str, ...]


def line(repo: Repo, tip: str) -> tuple[str, ...]:
    """Return every commit of the line, newest first."""
    return tuple(tell(repo.top, "rev-list", "--first-parent", tip).split())


def changes(repo: Repo, since: str, *, under: str, most: int) -> tuple[LineCommit, ...]:
    """Return the newest `most` commits, from `since` on back, that change a file below `under`.

    A merge counts with all that it brings. Paths are relative to the root.
    """
    args = ("--no-show-signature", "--no-color", "--no-renames", "--first-parent", "-m", "--name-only", "-z")
    shape = ("--format=%x01%H%x00%ct", f"--max-count={most}")
    out = ask_ok(repo.top, "--literal-pathspecs", "log", *args, *shape, since, "--", repo.inside(under))
    prefix = f"{repo.prefix}/" if repo.prefix else ""
    found: list[tuple[str, int, list[str]]] = []
    words = iter(os.fsdecode(out).split("\0"))
    for word in words:
        if word.startswith("\x01"):
            found.append((word[1:], int(next(words, "0")), []))
        elif word and found:
            # The first name comes after the line end that closes the commit's own line.
            name = word if found[-1][2] else word.removeprefix("\n")
            found[-1][2].append(name.removeprefix(prefix))
    return tuple(LineCommit(commit, at, tuple(paths)) for commit, at, paths in found)
