"""All files of a change or none, whenever the process ends; and putting right what an earlier, killed run left."""

from __future__ import annotations

import errno
import os
import re
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.adapters import git_index, journal
from atmos_cli.adapters.disk import content, guarded
from atmos_cli.adapters.journal import Entry, Journal
from atmos_cli.adapters.lock import Place, full, locked, place_of
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.result import ChangeSet


def apply(root: Path, changes: ChangeSet) -> tuple[Diagnostic, ...]:
    """Write all of `changes` below `root`, or none of them; gives what had to be recovered first.

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
    if not place.directory.is_dir():
        return ()
    try:
        with locked(place, wait=0) as lock:
            return settle(place, lock)
    except AtmosError as error:
        if error.diagnostics[0].code is Code.WRITE_BUSY or not journal.exists(place):
            return ()
        raise


def settle(place: Place, lock: int, *, force: bool = False) -> tuple[Diagnostic, ...]:
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
def all_or_nothing(place: Place, lock: int, *, force: bool = False) -> Iterator[None]:
    """Whatever ends the block early, Ctrl-C included: the journal is settled before the error goes on."""
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


def verified(place: Place, changes: ChangeSet) -> tuple[Entry, ...]:
    """What has to be written; every file must be as `changes.before` says. AtmosError with all that are not."""
    root = place.anchor / place.prefix if place.prefix else place.anchor
    problems: list[Diagnostic] = []
    entries = []
    for path, after in sorted(changes.files.items()):
        before = changes.before.get(path)
        try:
            now = content(guarded(root, path))
        except AtmosError as error:
            problems.extend(error.diagnostics)
            continue
        except OSError as error:
            problems.append(_not_a_file(path, error))
            continue
        if now != before:
            problems.append(_changed(path, now, before))
        elif now != after:
            entries.append(Entry(f"{place.prefix}/{path}" if place.prefix else path, before, after))
    if problems:
        raise AtmosError(*problems)
    return tuple(entries)


def unchanged_meanwhile(foreign: tuple[str, ...]) -> None:
    if foreign:
        raise AtmosError(*(_changed(path, b"", b"") for path in foreign))


def _settle(place: Place, plan: Journal, lock: int, *, force: bool) -> tuple[bool, tuple[str, ...]]:
    if plan.ref:
        commit = journal.noted(place, journal.COMMIT)
        if commit and git_index.landed(place.anchor, commit, plan.ref):
            git_index.follow(place, commit, plan, lock)
            return True, ()
    elif plan.forward:
        return True, journal.finish(place, plan)
    return False, journal.undo(place, plan, force=force)


def _explained(error: OSError, place: Place, plan: Journal | None, outcome: str) -> Diagnostic:
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
