"""When others pushed first: takes our commit back and follows their branch, or does nothing; then waits."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.branch import move_ref
from atmos_cli.adapters.git.history import is_ancestor, parent
from atmos_cli.adapters.git.own_programs import run
from atmos_cli.adapters.git.push import TIMEOUT_SECONDS, quiet
from atmos_cli.adapters.git.repo import head, resolve
from atmos_cli.adapters.lock import StateDirectory, locked
from atmos_cli.diagnostics import AtmosError

if TYPE_CHECKING:
    from atmos_cli.adapters.git.repo import Repo

_SHORTEST, _LONGEST = 0.25, 30.0


def catch_up(repo: Repo, branch: str, commit: str, *, remote: str = "origin") -> bool:
    """Move `branch` to where `remote` has it, without our unpushed `commit` on top of it; return whether that was done.

    Files and index follow as in a fast-forward: what the user has changed or staged stays as it is. False, and nothing
    moved, when that cannot be done: other commits of the user's own are in between, or their changes are in the way.
    """
    below = parent(repo, commit)
    return below is not None and _to_remote(repo, branch, commit, below, f"take back {commit[:12]}", remote)


def follow(repo: Repo, branch: str, *, remote: str = "origin") -> bool:
    """Do as `catch_up` with no commit of ours to take back: a fast-forward to where `remote` has `branch` now."""
    commit = head(repo).commit
    return commit is not None and _to_remote(repo, branch, commit, commit, f"follow {remote}", remote)


def _to_remote(repo: Repo, branch: str, commit: str, below: str, reason: str, remote: str) -> bool:
    """Move from `commit` to where `remote` has `branch`, if that is `below` or built on it."""
    where = f"refs/remotes/{remote}/{branch}"
    args = ("fetch", "--quiet", remote, f"+refs/heads/{branch}:{where}")
    answer = run(repo, *args, env=quiet(repo), timeout=TIMEOUT_SECONDS)
    theirs = resolve(repo, where)
    if answer.status or theirs is None or not is_ancestor(repo, below, theirs):
        return False
    with locked(StateDirectory(repo.top, repo.git_dir / "atmos-cli", repo.prefix)):
        now = head(repo)
        if now.branch != branch or now.commit != commit:
            return False
        # refreshed first: git takes a file that only looks newer for one that the user changed
        run(repo, "update-index", "-q", "--refresh")
        if run(repo, "read-tree", "-m", "-u", commit, theirs).status:
            return False
        try:
            move_ref(repo, f"refs/heads/{branch}", new=theirs, old=commit, reason=f"atmos: {reason}")
        except AtmosError:
            run(repo, "read-tree", "-m", "-u", theirs, commit)
            return False
    return True


def pause(attempt: int, began: float) -> None:
    """Wait for a random time, longer with each attempt, so that many who came too late do not meet again.

    `began`: the monotonic time when the attempt began. In the time that it took, another can be first in the next one.
    """
    most = min(_LONGEST, max(_SHORTEST, time.monotonic() - began) * 2**attempt)
    time.sleep(random.uniform(0, most))  # noqa: S311 - spreads load, hides nothing
