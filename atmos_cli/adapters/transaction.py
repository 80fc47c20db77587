"""Writes all files of a change or none, whenever the process ends; and repairs what an earlier, killed run left."""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.adapters import journal
from atmos_cli.adapters.disk import content
from atmos_cli.adapters.files import checked_path
from atmos_cli.adapters.git import index as git_index
from atmos_cli.adapters.journal import Journal, JournalEntry
from atmos_cli.adapters.lock import StateDirectory, full, held, locked, place_of, require_own, sweep
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, Severity, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.result import ChangeSet

# When more files than these are not as planned, there is one cause, and one sentence reports them.
_NAMED = 5


def apply(root: Path, changes: ChangeSet) -> tuple[Diagnostic, ...]:
    """Write all of `changes` below `root`, or none of them; return what had to be recovered first.

    Killed at any instant, the next `recover` or `apply` finishes the write or takes it back. AtmosError ATM616 when a
    file is not as `changes.before` says, ATM612 when another atmos writes, ATM614 or ATM611 for what cannot be written.
    """
    place = place_of(root)
    with locked(place) as lock:
        notes = settle(place, lock)
        entries = verified(place, changes)
        if entries:
            with all_or_nothing(place, lock):
                plan = journal.planned(place, entries)
                journal.save(place, plan)
                journal.stage(place, plan)
                journal.commit_point(place)
                unchanged_meanwhile(journal.finish(place, plan))
                journal.forget(place)
    return notes


def recover(root: Path) -> tuple[Diagnostic, ...]:
    """Finish or undo what a killed atmos left below `root`, and say so; nothing when another atmos is at work there."""
    place = place_of(root)
    sweep(place)
    if not _left(place):
        return ()
    try:
        with locked(place, wait=0) as lock:
            return settle(place, lock)
    except AtmosError as error:
        if error.diagnostics[0].code is Code.WRITE_BUSY:
            return ()
        raise


def require_settled(root: Path) -> None:
    """Check that no killed atmos left a change half written below `root`; ATM619 when one did.

    Looks only. While another atmos is writing nothing is wrong: a hook of its commit may be what asks.
    """
    place = place_of(root)
    if not journal.exists(place) or held(place) or not journal.exists(place):
        return
    require_own(place)
    plan = journal.load(place)
    if plan is not None:
        count = len(plan.entries)
        raise fail(
            Code.WRITE_PENDING,
            f"an atmos that was interrupted left a change of {count} file{'s' * (count != 1)} half written in {root}",
            hint=f"atmos recover --repo {shell(str(root))}",
        )


def _left(place: StateDirectory) -> bool:
    """Return whether a killed run left anything; the memory of a verification, a directory in there, does not count."""
    try:
        names = os.listdir(place.directory)  # noqa: PTH208 - names, not paths
    except OSError:
        return os.path.lexists(place.directory)
    return not names or any(not os.path.isdir(place.directory / name) for name in names)  # noqa: PTH112


def settle(place: StateDirectory, lock: int, *, force: bool = False) -> tuple[Diagnostic, ...]:
    """Finish or undo the journal of `place`, if there is one; `lock` is held. `force` restores foreign edits too."""
    plan = journal.load(place)
    try:
        if plan is None:
            journal.forget(place)
            return ()
        finished, foreign = _settle(place, plan, lock, force=force)
        journal.forget(place)
    except OSError as error:
        raise AtmosError(_explained(error, place, plan, "the interrupted write is still to be undone")) from error
    count = len(plan.entries) - len(foreign)
    how = "finished" if finished else "undone"
    what = "commit" if plan.ref else "write"
    note = Diagnostic(
        Code.WRITE_RECOVERED,
        f"an interrupted {what} of {count} file{'s' * (count != 1)} was {how}",
        severity=Severity.INFO,
    )
    return (note, *(_left_alone(path) for path in foreign))


@contextmanager
def all_or_nothing(place: StateDirectory, lock: int, *, force: bool = False) -> Iterator[None]:
    """Settle the journal before the error goes on, whatever ends the block early, Ctrl-C included."""
    try:
        yield
    except AtmosError:
        journal.call_off(place)
        settle(place, lock, force=force)
        raise
    except OSError as error:
        plan = journal.load(place)
        journal.call_off(place)
        settle(place, lock, force=force)
        raise AtmosError(_explained(error, place, plan, "nothing was changed")) from error
    except BaseException:
        settle(place, lock, force=force)
        raise


def verified(place: StateDirectory, changes: ChangeSet, *, commits: bool = False) -> tuple[JournalEntry, ...]:
    """Return what has to be written; every file must be as `changes.before` says. AtmosError with all that are not.

    With `commits`, inputs of the change belong to it even where they are on disk as they are to be.
    """
    problems: list[Diagnostic] = []
    changed: list[Diagnostic] = []
    entries = []
    for path, after in sorted(changes.files.items()):
        before = changes.before.get(path)
        inside = f"{place.prefix}/{checked_path(path)}" if place.prefix else path
        try:
            now = content(place.anchor, inside)
        except AtmosError as error:
            problems.extend(error.diagnostics)
            continue
        except OSError as error:
            problems.append(_not_a_file(path, error))
            continue
        if now != before:
            changed.append(_changed(path, now, before))
        elif now != after or (commits and path in changes.inputs):
            entries.append(JournalEntry(inside, before, after))
    problems += _summed_up(changed)
    if problems:
        raise AtmosError(*problems)
    return tuple(entries)


def unchanged_meanwhile(foreign: tuple[str, ...]) -> None:
    if foreign:
        raise AtmosError(*_summed_up([_changed(path, b"", b"") for path in foreign]))


def _summed_up(changed: list[Diagnostic]) -> list[Diagnostic]:
    """Name a few; when another process made the same change meanwhile, say so in one sentence."""
    if len(changed) <= _NAMED:
        return changed
    more = f"; so did {len(changed) - 1} other files of this change"
    return [replace(changed[0], message=changed[0].message.replace(", so nothing", f"{more}, so nothing"))]


def _settle(place: StateDirectory, plan: Journal, lock: int, *, force: bool) -> tuple[bool, tuple[str, ...]]:
    if plan.ref:
        commit = journal.noted(place, journal.COMMIT)
        if commit and git_index.landed(place.anchor, commit, plan.ref):
            git_index.follow(place, commit, plan, lock)
            return True, ()
    elif plan.forward:
        return True, journal.finish(place, plan)
    return False, journal.undo(place, plan, force=force)


def _explained(error: OSError, place: StateDirectory, plan: Journal | None, outcome: str) -> Diagnostic:
    path = str(error.filename or place.directory)
    number = re.search(r"/\.atmos-cli-(\d+)\.tmp$", path)
    if number and plan:
        path = plan.entries[int(number[1])].path
    elif path.startswith(f"{place.anchor}/"):
        path = os.path.relpath(path, place.anchor)
    reason = (error.strerror or str(error)).lower()
    hint = "make room on the disk and run the command again" if full(error) else f"look at `ls -ld {Path(path).parent}`"
    return Diagnostic(Code.WRITE_FAILED, f"cannot write {path}: {reason}; {outcome}", hint=hint, where=Location(path))


def _changed(path: str, now: bytes | None, before: bytes | None) -> Diagnostic:
    what = "was removed" if now is None else "appeared" if before is None else "was changed"
    return Diagnostic(
        Code.FILE_CHANGED,
        f"{path} {what} while atmos was working, so nothing was written",
        hint="run the command again: it starts from the files as they are now",
        where=Location(path),
    )


def _not_a_file(path: str, error: OSError) -> Diagnostic:
    reason = (error.strerror or str(error)).lower()
    if error.errno == errno.ELOOP:
        reason = "it is a symbolic link, and atmos writes only regular files"
    return Diagnostic(
        Code.WRITE_FAILED,
        f"cannot write {path}: {reason}",
        hint=f"move it out of the way: `mv {path} {path}.old`",
        where=Location(path),
    )


def _left_alone(path: str) -> Diagnostic:
    return Diagnostic(
        Code.WRITE_RECOVERED,
        f"{path} was changed by someone else after atmos was interrupted, so it was left as it is",
        severity=Severity.WARNING,
        hint=f"compare it with the last commit: `git diff HEAD -- {path}`",
        where=Location(path),
    )
