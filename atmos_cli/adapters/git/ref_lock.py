"""A lock for a service in an environment, here and at the remote: a ref that only its first creator can make."""

from __future__ import annotations

import os
import re
import secrets
import socket
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.notes import writer
from atmos_cli.adapters.git.own_programs import run
from atmos_cli.adapters.git.process import ask, plain, tell
from atmos_cli.adapters.git.push import quiet
from atmos_cli.diagnostics import AtmosError, Code, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.adapters.git.repo import Repo

LEASE_SECONDS = 30 * 60
TIMEOUT_SECONDS = 60.0
_TRIES = 3


@dataclass(frozen=True, slots=True)
class Lease:
    """The holder of a lock, as its commit says. `expires` is unix seconds; 0 when it does not say, and so never."""

    commit: str
    holder: str = ""
    expires: float = 0.0
    host: str = ""
    process: int = 0

    def is_stale(self, now: float) -> bool:
        """Return whether it is past its time, or of a process on this machine that has ended."""
        if self.expires and self.expires <= now:
            return True
        return self.host == socket.gethostname() and self.process > 0 and not _runs(self.process)


def lock_ref(environment: str, team: str, service: str) -> str:
    return f"refs/atmos/locks/{environment}/{team}/{service}"


@contextmanager
def held(repo: Repo, ref: str, *, holder: str, remote: str = "", now: float | None = None) -> Iterator[tuple[str, ...]]:
    """Hold `ref`, here and at `remote` when it is given; yields what went wrong that does not matter to us alone.

    AtmosError ATM821 with the holder's name when another one has it. A lease past its time is taken over.
    """
    when = time.time() if now is None else now
    mine = _object(repo, ref, holder, when)
    _take_here(repo, ref, mine, when)
    held_there = False
    try:
        problem = _take_there(repo, ref, mine, when, remote) if remote else ""
        held_there = bool(remote) and not problem
        yield (problem,) if problem else ()
    finally:
        with suppress(AtmosError):
            if held_there:
                _push(repo, remote, f":{ref}", expected=f"{ref}:{mine}")
            run(repo, "update-ref", "-d", ref, mine)


def _object(repo: Repo, ref: str, holder: str, now: float) -> str:
    """Make a unique commit: with equal ones the second pusher gets "up-to-date" and believes it holds the lock."""
    lines = (
        f"Lock {ref.removeprefix('refs/atmos/locks/')}",
        "",
        f"Holder: {plain(holder)[:200]}",
        f"Expires: {int(now + LEASE_SECONDS)}",
        f"Host: {socket.gethostname()}",
        f"Process: {os.getpid()}",
        f"Token: {secrets.token_hex(16)}",
    )
    tree = tell(repo.top, "mktree", stdin=b"")
    return tell(repo.top, "commit-tree", "-F", "-", tree, stdin="\n".join(lines).encode(), env=writer(repo))


def _take_here(repo: Repo, ref: str, mine: str, now: float) -> None:
    for _ in range(_TRIES):
        if not run(repo, "update-ref", ref, mine, "0" * len(mine)).status:
            return
        old = ask(repo.top, "rev-parse", "--quiet", "--verify", ref).text
        if old:
            lease = _lease(repo, old)
            if not lease.is_stale(now):
                raise _busy(ref, lease, f"git update-ref -d {ref}")
            if not run(repo, "update-ref", ref, mine, old).status:
                return
    raise _busy(ref, Lease(""), f"git update-ref -d {ref}")


def _take_there(repo: Repo, ref: str, mine: str, now: float, remote: str) -> str:
    """Take the lock at `remote`; empty when it keeps it, else why it does not, with no other holder."""
    problem = ""
    for _ in range(_TRIES):
        problem = _push(repo, remote, f"{mine}:{ref}", expected=f"{ref}:")
        if not problem:
            return ""
        old = _old(repo, ref, remote)
        if not old:
            continue
        lease = _lease(repo, old)
        if not lease.is_stale(now):
            raise _busy(ref, lease, f"git push {remote} --delete {ref}")
        problem = _push(repo, remote, f"{mine}:{ref}", expected=f"{ref}:{old}")
        if not problem:
            return ""
    return f"{remote} keeps no lock, so only this clone is locked ({problem})"


def _push(repo: Repo, remote: str, spec: str, *, expected: str) -> str:
    """Push; empty when done. Without the user's pre-push hook, which is about branches."""
    args = ("push", "--porcelain", "--no-verify", f"--force-with-lease={expected}", remote, spec)
    answer = run(repo, *args, env=quiet(repo), timeout=TIMEOUT_SECONDS)
    return (answer.last_lines or "no more was said")[:500] if answer.status else ""


def _old(repo: Repo, ref: str, remote: str) -> str:
    """Return the commit that holds `ref` at `remote`, fetched; empty when there is none, or it cannot be asked."""
    env = quiet(repo)
    listed = run(repo, "ls-remote", "--quiet", remote, ref, env=env, timeout=TIMEOUT_SECONDS)
    commit = listed.text.split("\t")[0] if not listed.status else ""
    if not re.fullmatch(r"[0-9a-f]{40,64}", commit):
        return ""
    fetch = ("fetch", "--quiet", "--no-tags", "--no-write-fetch-head", remote, ref)
    run(repo, *fetch, env=env, timeout=TIMEOUT_SECONDS)
    return commit


def _lease(repo: Repo, commit: str) -> Lease:
    answer = ask(repo.top, "cat-file", "commit", commit)
    fields = dict(re.findall(r"^(Holder|Expires|Host|Process): (.{1,200})$", plain(answer.text), re.MULTILINE))
    number = {key: int(fields[key]) for key in ("Expires", "Process") if re.fullmatch(r"\d{1,12}", fields.get(key, ""))}
    return Lease(
        commit=commit,
        holder=fields.get("Holder", ""),
        expires=number.get("Expires", 0),
        host=fields.get("Host", ""),
        process=number.get("Process", 0),
    )


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True


def _busy(ref: str, lease: Lease, removal: str) -> AtmosError:
    environment, team, service = ref.removeprefix("refs/atmos/locks/").split("/")
    until = time.strftime("%H:%M:%S UTC", time.gmtime(lease.expires)) if lease.expires else ""
    who = f" ({', '.join(filter(None, (lease.holder, f'until {until}' if until else '')))})" if lease.holder else ""
    return fail(
        Code.ROLLBACK_BUSY,
        f"another rollback of {team}/{service} in {environment} is at work{who}",
        hint=f"wait until it has ended; if you know that it died: `{removal}`",
        exit_code=1,
    )
