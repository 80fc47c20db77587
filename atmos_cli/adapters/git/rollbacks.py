"""What Git records about one service in one environment: who changed it last, and what was rolled back before."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.history import is_ancestor, parent
from atmos_cli.adapters.git.own_programs import run
from atmos_cli.adapters.git.process import ask_ok
from atmos_cli.adapters.git.push import quiet
from atmos_cli.verify.rollback import Past

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atmos_cli.adapters.git.repo import Repo

FETCH_SECONDS = 60.0
_TRAILER = re.compile(r"^[ \t>*]*Atmos-(Rollback-Of|Restores|Service|Verify-Run|Reason): (\S.{0,500})$", re.MULTILINE)
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


def label(environment: str, team: str, service: str) -> str:
    """Return how the trailer `Atmos-Service` of a rollback names its target."""
    return f"{environment}/{team}/{service}"


def follow_remote(repo: Repo, branch: str, *, remote: str = "origin") -> str:
    """Fetch where `remote` has `branch` now; moves nothing of the user's. Empty when done, else why not."""
    where = f"+refs/heads/{branch}:refs/remotes/{remote}/{branch}"
    args = ("fetch", "--quiet", "--no-tags", remote, where)
    answer = run(repo, *args, env=quiet(repo), timeout=FETCH_SECONDS)
    return (answer.last_lines or "no more was said") if answer.status else ""


def newest(repo: Repo, tip: str, paths: Sequence[str]) -> str | None:
    """Return the last commit of `tip`'s first-parent line that changes one of `paths`; a merge counts as one commit."""
    found = _listed(repo, "--first-parent", "--max-count=1", tip, paths=paths)
    return found[0] if found else None


def between(repo: Repo, old: str, tips: Iterable[str], paths: Sequence[str]) -> tuple[str, ...]:
    """Return commits that `tips` have and `old` has not, and that change one of `paths`; newest first, at most 100."""
    return _listed(repo, "--max-count=100", *tips, f"^{old}", paths=paths)


def landed(repo: Repo, tip: str, commit: str) -> str | None:
    """Return the commit of `tip`'s first-parent line that brought `commit`; None when it is no part of `tip`."""
    if not is_ancestor(repo, commit, tip):
        return None
    after = set(_listed(repo, "--ancestry-path", tip, f"^{commit}"))
    line = [each for each in _listed(repo, "--first-parent", tip, f"^{commit}") if each in after]
    return line[-1] if line and parent(repo, line[-1]) != commit else commit


def ancestors(repo: Repo, commit: str) -> tuple[str, ...]:
    """Return everything that `commit` was built on, itself left out, newest first and children before parents."""
    return _listed(repo, "--date-order", commit)[1:]


def taken_back(repo: Repo, past: Iterable[Past], tip: str) -> frozenset[str]:
    """Return commits whose state was rolled back on the way to `tip`: from after the restored one to the undone one."""
    found: set[str] = set()
    for each in past:
        known = all(_COMMIT.fullmatch(name) and is_ancestor(repo, name, tip) for name in (each.of, each.restores))
        if known and is_ancestor(repo, each.commit, tip):
            found.update(_listed(repo, each.of, f"^{each.restores}"))
    return frozenset(found)


def earlier_rollbacks(repo: Repo, target: str, *tips: str) -> tuple[Past, ...]:
    """Return the rollbacks of `target` (as `label` has it) in any branch here, or in `tips`; newest first.

    Reads the whole message: a forge that squashes puts trailers in the middle of it.
    """
    select = ("--branches", "--remotes", *tips, "--grep=Atmos-Rollback-Of: ", "--fixed-strings")
    out = ask_ok(repo.top, "log", "--no-show-signature", "--no-color", "--format=%H%x00%ct%x00%B%x00%x01", *select)
    found: list[Past] = []
    for record in os.fsdecode(out).split("\0\x01\n"):
        if record.strip("\n"):
            commit, time, body = record.split("\0")[:3]
            found += _past(commit, float(time), body, target)
    return tuple(sorted(found, key=lambda each: -each.at))


def _past(commit: str, time: float, body: str, target: str) -> Iterable[Past]:
    trailers: dict[str, str] = {}
    for key, value in _TRAILER.findall(body):
        trailers.setdefault(key, value.strip())
    if trailers.get("Service") == target and "Rollback-Of" in trailers:
        yield Past(
            commit=commit,
            at=time,
            of=trailers["Rollback-Of"],
            restores=trailers.get("Restores", ""),
            run=trailers.get("Verify-Run", ""),
            reason=trailers.get("Reason", ""),
        )


def _listed(repo: Repo, *selection: str, paths: Sequence[str] = ()) -> tuple[str, ...]:
    inside = [repo.inside(path) for path in paths]
    out = ask_ok(repo.top, "--literal-pathspecs", "rev-list", *selection, "--", *inside)
    return tuple(out.decode().split())
