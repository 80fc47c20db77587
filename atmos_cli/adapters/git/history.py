"""What Git remembers about the base branch and about a change on top of it: commits, people, dates."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.process import ask, ask_ok, tell
from atmos_cli.adapters.git.repo import resolve

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.adapters.git.repo import Repo

_ORIGIN, _LOCAL = "refs/remotes/origin/", "refs/heads/"
_CO_AUTHOR = re.compile(r"^[^\S\n]*co-authored-by:.*?<([^<>]*)>", re.IGNORECASE | re.MULTILINE)
_CO_AUTHOR_AT_ALL = re.compile(r"^[^\S\n]*co-authored-by:", re.IGNORECASE | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Credits:
    """The people whose work a commit says it is: addresses as written in it. `parents` are ids, first parent first."""

    commit: str
    parents: tuple[str, ...]
    author: str
    committer: str
    co_authors: tuple[str, ...]


def base_commit(repo: Repo, branch: str) -> str | None:
    """Return the base branch's tip as `origin` was last seen to have it, else the local branch's; None without either.

    The remote comes first: what was only committed here has not been reviewed.
    """
    return resolve(repo, f"refs/remotes/origin/{branch}") or resolve(repo, f"refs/heads/{branch}")


def default_branch(repo: Repo) -> tuple[str, str] | None:
    """Return (name, commit) of the branch that everyone's work ends in; None when Git does not know one.

    As `origin` said when it was cloned, else by the usual names, which nothing in a checkout can choose. Local branches
    count only where `origin` has none: whoever checks out a stranger's work may name a local branch as they like.
    """
    answer = ask(repo.top, "symbolic-ref", "--quiet", f"{_ORIGIN}HEAD")
    names = (
        [answer.text.removeprefix(_ORIGIN)] if answer.status == 0 and answer.text.startswith(_ORIGIN) else _usual(repo)
    )
    remote = bool(tell(repo.top, "for-each-ref", "--count=1", "--format=%(refname)", _ORIGIN))
    for name in names:
        commit = resolve(repo, f"{_ORIGIN if remote else _LOCAL}{name}")
        if commit is not None:
            return f"origin/{name}" if remote else name, commit
    return None


def sibling(repo: Repo, name: str, other: str) -> tuple[str, str] | None:
    """Return (name, commit) of the branch `other` beside the `name` from `default_branch`; None when it is not here."""
    remote = name.startswith("origin/")
    commit = resolve(repo, f"{_ORIGIN if remote else _LOCAL}{other}")
    return (f"origin/{other}" if remote else other, commit) if commit else None


def _usual(repo: Repo) -> list[str]:
    configured = ask(repo.top, "config", "--get", "init.defaultBranch").text
    return list(dict.fromkeys(name for name in (configured, "main", "master") if name))


def is_ancestor(repo: Repo, old: str, new: str) -> bool:
    return ask(repo.top, "merge-base", "--is-ancestor", old, new).status == 0


def is_shallow(repo: Repo) -> bool:
    return tell(repo.top, "rev-parse", "--is-shallow-repository") == "true"


def commit_time(repo: Repo, commit: str) -> int:
    """Return the seconds since 1970 at which `commit` says it was committed."""
    return int(tell(repo.top, "show", "--no-patch", "--format=%ct", commit))


def first_parents(repo: Repo, tip: str, *paths: str, since: str | None = None) -> tuple[str, ...]:
    """Return the commits on `tip`'s first-parent line, from `since` on, that change one of `paths`, oldest first."""
    inside = [repo.inside(path) for path in paths]
    before = parent(repo, since) if since else None
    bounds = (tip, f"^{before}") if before else (tip,)
    args = ("--literal-pathspecs", "rev-list", "--first-parent", "--reverse", *bounds, "--", *inside)
    return tuple(tell(repo.top, *args).split())


def versions(repo: Repo, tips: Sequence[str], path: str, *, most: int) -> Iterator[bytes]:
    """Yield what the file at `path` was in the `most` commits of the history of `tips` that last changed it."""
    inside = repo.inside(path)
    args = ("--literal-pathspecs", "rev-list", "--full-history", f"--max-count={most}", *tips, "--", inside)
    found = (at_commit(repo, commit, path) for commit in tell(repo.top, *args).split())
    yield from (data for data in found if data is not None)


def at_commit(repo: Repo, commit: str, path: str) -> bytes | None:
    """Return what the file at `path` is in a commit, None where it is not."""
    answer = ask(repo.top, "cat-file", "blob", f"{commit}:{repo.inside(path)}")
    return answer.out if answer.status == 0 else None


def parent(repo: Repo, commit: str) -> str | None:
    """Return the first parent, None for a first commit."""
    return resolve(repo, f"{commit}^1")


def credits_between(repo: Repo, base: str, head: str) -> tuple[Credits, ...]:
    """Return the people of every commit that `head` has and `base` has not."""
    return _credits(repo, f"{base}..{head}")


def credits_of_path(repo: Repo, head: str, path: str) -> tuple[Credits, ...]:
    """Return the people of every commit in the history of `head` that changes `path` (from the root)."""
    return _credits(repo, "--full-history", head, "--", repo.inside(path))


def _credits(repo: Repo, *selection: str) -> tuple[Credits, ...]:
    shape = "--format=%H%x00%P%x00%ae%x00%ce%x00%B%x00%x01"
    out = ask_ok(repo.top, "--literal-pathspecs", "log", "--no-show-signature", "--no-color", shape, *selection)
    records = os.fsdecode(out).split("\0\x01\n")
    return tuple(_read(record) for record in records if record.strip("\n"))


def _read(record: str) -> Credits:
    commit, parents, author, committer, body = record.split("\0")[:5]
    named: Sequence[str] = _CO_AUTHOR.findall(body)
    # one without an address is a person all the same
    nameless = len(_CO_AUTHOR_AT_ALL.findall(body)) - len(named)
    return Credits(
        commit=commit,
        parents=tuple(parents.split()),
        author=author,
        committer=committer,
        co_authors=(*named, *["(no address)"] * nameless),
    )
