"""Where the base branch was a while ago: what stops a large change from being cut into many small ones."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.process import tell

if TYPE_CHECKING:
    from atmos_cli.adapters.git.repo import Repo

_MOST = 5000


def start_of_window(repo: Repo, tip: str, *, seconds: int) -> str:
    """Return `tip`'s last first-parent commit before the first one of the last `seconds`; its root when all are.

    It counts from the oldest commit that says it is recent: a later one with an old date does not end the window.
    """
    lines = tell(repo.top, "log", "--first-parent", f"--max-count={_MOST}", "--format=%H %ct", tip).splitlines()
    cutoff = int(time.time()) - seconds
    history = [(commit, int(when)) for commit, _, when in (line.partition(" ") for line in lines)]
    recent = [index for index, (_, when) in enumerate(history) if when >= cutoff]
    before = recent[-1] + 1 if recent else 0
    return history[min(before, len(history) - 1)][0]


def latest(repo: Repo, ref: str, *, count: int) -> tuple[tuple[str, int], ...]:
    """Return the last commits on the first-parent line of `ref`, newest first: (commit, seconds since 1970)."""
    lines = tell(repo.top, "log", "--first-parent", f"--max-count={count}", "--format=%H %ct", ref).splitlines()
    return tuple((commit, int(when)) for commit, _, when in (line.partition(" ") for line in lines))


def branches(repo: Repo, pattern: str, *, count: int) -> tuple[tuple[str, str], ...]:
    """List branches here and on origin whose name matches, newest first: (short name, commit); a name counts once."""
    refs = (f"refs/heads/{pattern}", f"refs/remotes/origin/{pattern}")
    shape = "--format=%(refname) %(objectname)"
    out = tell(repo.top, "for-each-ref", "--sort=-committerdate", f"--count={count * 2}", shape, *refs)
    found: dict[str, str] = {}
    for line in out.splitlines():
        name, _, commit = line.partition(" ")
        found.setdefault(name.removeprefix("refs/heads/").removeprefix("refs/remotes/origin/"), commit)
    return tuple(found.items())[:count]
