"""What a write is about to do, kept on disk so that any later process can finish it or take it back.

The journal is one file, written whole before anything else is touched. Its name says what to do with it after a crash:
`undo.json` until every new content lies beside its target, `redo.json` from then on; one rename is the point of no
return. Every step looks at what is there before it acts, so each can be repeated after a kill at any instant.

It names the device and the inode of the directory that it is about: a journal that came along with a copy, an archive
or a cache is no journal of this tree, and nothing in it is believed.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import re
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters import disk
from atmos_cli.adapters.disk import content, parents
from atmos_cli.adapters.files import checked_path
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from atmos_cli.adapters.lock import StateDirectory

UNDO, REDO, COMMIT = "undo.json", "redo.json", "commit"
_COMMIT = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_MODES = 0o777
_NOT_OURS = (ValueError, KeyError, TypeError, AttributeError, RecursionError, AtmosError)


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One file, by its path from the anchor; None is "no file". `mode` is what it has now, None for a new file."""

    path: str
    before: bytes | None
    after: bytes | None
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """`directories`: those that this write creates, parents first. `ref` and `old` (its commit) only for a commit."""

    entries: tuple[JournalEntry, ...]
    directories: tuple[str, ...] = ()
    ref: str = ""
    old: str | None = None
    forward: bool = False


def planned(
    place: StateDirectory, entries: tuple[JournalEntry, ...], *, ref: str = "", old: str | None = None
) -> Journal:
    """Plan the writing of `entries` as a journal; looks which directories are missing and which modes to keep."""
    missing: set[str] = set()
    for entry in entries:
        if entry.after is not None:
            missing.update(parent for parent in parents(entry.path) if disk.status(place.anchor, parent) is None)
    kept = tuple(replace(entry, mode=_mode(place, entry.path)) for entry in entries)
    return Journal(kept, tuple(sorted(missing)), ref, old)


def save(place: StateDirectory, journal: Journal) -> None:
    data = asdict(journal) | {"tree": _tree(place)}
    for entry in data["entries"]:
        for side in ("before", "after"):
            entry[side] = None if entry[side] is None else base64.b64encode(entry[side]).decode()
    note(place, UNDO, json.dumps(data).encode())


def note(place: StateDirectory, name: str, data: bytes) -> None:
    """Write `data` durably to the place's file `name`: after a crash it is there whole or not at all."""
    disk.write(place.directory, f"{name}.new", data)
    disk.rename(place.directory, f"{name}.new", name)
    disk.sync(place.directory, name)


def noted(place: StateDirectory, name: str) -> str:
    """Return what `note` wrote, "" when it did not."""
    return (content(place.directory, name) or b"").decode("ascii", "replace")


def exists(place: StateDirectory) -> bool:
    return any(os.path.lexists(place.directory / name) for name in (REDO, UNDO))


def load(place: StateDirectory) -> Journal | None:
    """Read the journal that an interrupted write left behind, None when there is none.

    Raises ATM611 for one that is not about this tree, or that atmos did not write.
    """
    for name in (REDO, UNDO):
        try:
            text = content(place.directory, name)
        except OSError as error:
            raise _foreign(place, name) from error
        if text is not None:
            try:
                return _read(place, text, forward=name == REDO)
            except _NOT_OURS as error:
                raise _foreign(place, name) from error
    return None


def commit_point(place: StateDirectory) -> None:
    """Mark the write as one to finish from here on, not to undo."""
    disk.rename(place.directory, UNDO, REDO)
    disk.sync(place.directory, REDO)


def call_off(place: StateDirectory) -> None:
    """Go back before `commit_point`: a write that cannot be finished will be undone."""
    with suppress(FileNotFoundError):
        disk.rename(place.directory, REDO, UNDO)
        disk.sync(place.directory, UNDO)


def forget(place: StateDirectory) -> None:
    """Drop the journal, and whatever else a killed run left beside it; the lock stays."""
    for name in (REDO, UNDO, COMMIT):
        disk.remove(place.directory, name)
    for left in sorted(os.listdir(place.directory)):  # noqa: PTH208 - names, not paths
        if left != place.lock.name:
            with suppress(OSError):
                disk.remove(place.directory, left)


def stage(place: StateDirectory, journal: Journal) -> None:
    """Write every new content beside its target, durably: a full disk or closed directory shows before a file moves."""
    for directory in journal.directories:
        disk.make_directory(place.anchor, directory)
    for number, entry in enumerate(journal.entries):
        if entry.after is not None:
            disk.write(place.anchor, _beside(entry.path, number), entry.after, entry.mode)
        else:
            disk.require_writable(place.anchor, entry.path)


def finish(place: StateDirectory, journal: Journal) -> tuple[str, ...]:
    """Put every file into its new state; return the paths left alone because someone else changed them meanwhile."""
    foreign = _move(place, journal, forward=True, force=False)
    for entry in journal.entries:
        if entry.after is None and entry.path not in foreign:
            _prune(place, entry.path)
    _sync_parents(place, journal)
    return foreign


def undo(place: StateDirectory, journal: Journal, *, force: bool = False) -> tuple[str, ...]:
    """Restore every file; return the paths left alone because someone else changed them (with `force`: none are)."""
    foreign = _move(place, journal, forward=False, force=force)
    for directory in reversed(journal.directories):
        with suppress(OSError, AtmosError):
            disk.remove_directory(place.anchor, directory)
    _sync_parents(place, journal)
    return foreign


def _move(place: StateDirectory, journal: Journal, *, forward: bool, force: bool) -> tuple[str, ...]:
    foreign = []
    for number, entry in enumerate(journal.entries):
        fresh = _beside(entry.path, number)
        wanted, expected = (entry.after, entry.before) if forward else (entry.before, entry.after)
        try:
            now = content(place.anchor, entry.path)
        except AtmosError:
            foreign.append(entry.path)  # a directory of it became a link: nothing of it is ours any more
            continue
        except OSError as error:
            if error.errno not in (errno.EISDIR, errno.ELOOP):
                raise
            foreign.append(entry.path)
            continue
        if now == wanted or (now != expected and not force):
            if now != wanted:
                foreign.append(entry.path)
        elif wanted is None:
            disk.remove(place.anchor, entry.path)
        else:
            _put(place, entry, fresh, wanted)
        disk.remove(place.anchor, fresh)
    return tuple(foreign)


def _put(place: StateDirectory, entry: JournalEntry, fresh: str, data: bytes) -> None:
    try:
        ready = content(place.anchor, fresh) == data
    except OSError:
        ready = False
    if not ready:
        disk.write(place.anchor, fresh, data, entry.mode)
    disk.rename(place.anchor, fresh, entry.path)


def _prune(place: StateDirectory, path: str) -> None:
    inside = [parent for parent in parents(path) if len(parent) > len(place.prefix)]
    with suppress(OSError, AtmosError):
        for parent in reversed(inside):
            disk.remove_directory(place.anchor, parent)


def _sync_parents(place: StateDirectory, journal: Journal) -> None:
    for path in {entry.path.rpartition("/")[0]: entry.path for entry in journal.entries}.values():
        with suppress(FileNotFoundError, NotADirectoryError, AtmosError):
            disk.sync(place.anchor, path)


def _beside(path: str, number: int) -> str:
    directory, slash, _ = path.rpartition("/")
    return f"{directory}{slash}.atmos-cli-{number}.tmp"


def _mode(place: StateDirectory, path: str) -> int | None:
    found = disk.status(place.anchor, path)
    return None if found is None else found.st_mode & _MODES


def _tree(place: StateDirectory) -> list[int]:
    """Identify the directory that this is about, by its device and its inode."""
    found = os.stat(place.anchor, follow_symlinks=False)  # noqa: PTH116 - beside the other calls of os
    return [found.st_dev, found.st_ino]


def _read(place: StateDirectory, text: bytes, *, forward: bool) -> Journal:
    data = json.loads(text)
    if data["tree"] != _tree(place):
        raise ValueError("of another tree")
    if not (isinstance(data["entries"], list) and isinstance(data["directories"], list)):
        raise TypeError("no lists")
    ref, old = data["ref"], data["old"]
    if not (ref == "" or ref.startswith("refs/heads/")) or not (old is None or _COMMIT.fullmatch(old)):
        raise ValueError("no branch, or no commit")
    entries = tuple(_entry(item) for item in data["entries"])
    return Journal(entries, tuple(checked_path(path) for path in data["directories"]), ref, old, forward=forward)


def _entry(item: dict[str, Any]) -> JournalEntry:
    before, after = (
        None if item[side] is None else base64.b64decode(item[side], validate=True) for side in ("before", "after")
    )
    mode = item["mode"]
    if mode is not None and (type(mode) is not int or not 0 <= mode <= _MODES):
        raise ValueError("no mode")
    return JournalEntry(checked_path(item["path"]), before, after, mode)


def _foreign(place: StateDirectory, name: str) -> AtmosError:
    file = place.directory / name
    return fail(
        Code.WRITE_FAILED,
        f"{file} is not a journal that atmos wrote for {place.anchor}, so nothing was undone",
        hint=f"look at `git status`, put the files right by hand, then remove it: `rm {shell(str(file))}`",
    )
