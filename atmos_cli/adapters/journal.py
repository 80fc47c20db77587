"""What a write is about to do, kept on disk so that any later process can finish it or take it back.

The journal is one file, written whole before anything else is touched. Its name says what to do with it after a crash:
`undo.json` until every new content lies beside its target, `redo.json` from then on; one rename is the point of no
return. Every step looks at what is there before it acts, so each can be repeated after a kill at any instant.
"""

from __future__ import annotations

import base64
import errno
import json
import os
import stat
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.disk import content, guarded, parents, sync, write
from atmos_cli.adapters.files import checked_path
from atmos_cli.diagnostics import AtmosError, Code, fail

if TYPE_CHECKING:
    from pathlib import Path

    from atmos_cli.adapters.lock import Place

UNDO, REDO, COMMIT = "undo.json", "redo.json", "commit"


@dataclass(frozen=True, slots=True)
class Entry:
    """One file, by its path from the anchor; None is "no file". `mode` is what it has now, None for a new file."""

    path: str
    before: bytes | None
    after: bytes | None
    mode: int | None = None


@dataclass(frozen=True, slots=True)
class Journal:
    """`directories`: those that this write creates, parents first. `ref` and `old` (its commit) only for a commit."""

    entries: tuple[Entry, ...]
    directories: tuple[str, ...] = ()
    ref: str = ""
    old: str | None = None
    forward: bool = False


def planned(place: Place, entries: tuple[Entry, ...], *, ref: str = "", old: str | None = None) -> Journal:
    """The journal of writing `entries`; looks which directories are missing and which modes to keep."""
    missing: set[str] = set()
    for entry in entries:
        if entry.after is not None:
            missing.update(parent for parent in parents(entry.path) if not os.path.lexists(place.anchor / parent))
    kept = tuple(replace(entry, mode=_mode(place.anchor / entry.path)) for entry in entries)
    return Journal(kept, tuple(sorted(missing)), ref, old)


def save(place: Place, journal: Journal) -> None:
    data = asdict(journal)
    for entry in data["entries"]:
        for side in ("before", "after"):
            entry[side] = None if entry[side] is None else base64.b64encode(entry[side]).decode()
    note(place, UNDO, json.dumps(data).encode())


def note(place: Place, name: str, data: bytes) -> None:
    """`data` durably in the place's file `name`: after a crash it is there whole or not at all."""
    fresh = place.directory / f"{name}.new"
    write(fresh, data)
    os.replace(fresh, place.directory / name)  # noqa: PTH105 - one spelling for every move in this file
    sync(place.directory)


def noted(place: Place, name: str) -> str:
    """What `note` wrote, "" when it did not."""
    try:
        return (place.directory / name).read_text()
    except FileNotFoundError:
        return ""


def exists(place: Place) -> bool:
    return any((place.directory / name).exists() for name in (REDO, UNDO))


def load(place: Place) -> Journal | None:
    """The journal that an interrupted write left behind, None when there is none."""
    for name in (REDO, UNDO):
        file = place.directory / name
        try:
            data = json.loads(file.read_bytes())
            entries = tuple(_entry(item) for item in data["entries"])
            directories = tuple(checked_path(path) for path in data["directories"])
            return Journal(entries, directories, data["ref"], data["old"], forward=name == REDO)
        except FileNotFoundError:
            continue
        except (ValueError, KeyError, TypeError) as error:
            raise _damaged(file) from error
    return None


def commit_point(place: Place) -> None:
    """From here on the write is finished, not undone."""
    os.rename(place.directory / UNDO, place.directory / REDO)  # noqa: PTH104
    sync(place.directory)


def call_off(place: Place) -> None:
    """Back before `commit_point`: a write that cannot be finished will be undone."""
    with suppress(FileNotFoundError):
        os.rename(place.directory / REDO, place.directory / UNDO)  # noqa: PTH104
        sync(place.directory)


def forget(place: Place) -> None:
    """Drop the journal, and whatever else a killed run left beside it; the lock stays."""
    for name in (REDO, UNDO, COMMIT):
        (place.directory / name).unlink(missing_ok=True)
    for left in place.directory.iterdir():
        if left != place.lock:
            with suppress(OSError):
                left.unlink()


def stage(place: Place, journal: Journal) -> None:
    """Every new content beside its target, durable: a full disk or a closed directory shows before any file moves."""
    for directory in journal.directories:
        (place.anchor / directory).mkdir(exist_ok=True)
    for number, entry in enumerate(journal.entries):
        target = guarded(place.anchor, entry.path)
        if entry.after is not None:
            write(_beside(target, number), entry.after, entry.mode)
        elif not os.access(target.parent, os.W_OK):
            raise PermissionError(13, "permission denied", str(target))


def finish(place: Place, journal: Journal) -> tuple[str, ...]:
    """Every file as it shall be; gives the paths left alone because someone else changed them meanwhile."""
    foreign = _move(place, journal, forward=True, force=False)
    for entry in journal.entries:
        if entry.after is None and entry.path not in foreign:
            _prune(place, entry.path)
    _sync_parents(place, journal)
    return foreign


def undo(place: Place, journal: Journal, *, force: bool = False) -> tuple[str, ...]:
    """Every file as it was; gives the paths left alone because someone else changed them (with `force`: none are)."""
    foreign = _move(place, journal, forward=False, force=force)
    for directory in reversed(journal.directories):
        with suppress(OSError):
            (place.anchor / directory).rmdir()
    _sync_parents(place, journal)
    return foreign


def _move(place: Place, journal: Journal, *, forward: bool, force: bool) -> tuple[str, ...]:
    foreign = []
    for number, entry in enumerate(journal.entries):
        target = guarded(place.anchor, entry.path)
        fresh = _beside(target, number)
        wanted, expected = (entry.after, entry.before) if forward else (entry.before, entry.after)
        try:
            now = content(target)
        except OSError as error:
            if error.errno not in (errno.EISDIR, errno.ELOOP):
                raise
            foreign.append(entry.path)
            continue
        if now == wanted or (now != expected and not force):
            if now != wanted:
                foreign.append(entry.path)
        elif wanted is None:
            target.unlink(missing_ok=True)
        else:
            _put(target, fresh, wanted, entry.mode)
        with suppress(FileNotFoundError, NotADirectoryError):
            fresh.unlink()
    return tuple(foreign)


def _put(target: Path, fresh: Path, data: bytes, mode: int | None) -> None:
    try:
        ready = content(fresh) == data
    except OSError:
        ready = False
    if not ready:
        target.parent.mkdir(parents=True, exist_ok=True)
        write(fresh, data, mode)
    os.replace(fresh, target)  # noqa: PTH105


def _prune(place: Place, path: str) -> None:
    inside = [parent for parent in parents(path) if len(parent) > len(place.prefix)]
    with suppress(OSError):
        for parent in reversed(inside):
            (place.anchor / parent).rmdir()


def _sync_parents(place: Place, journal: Journal) -> None:
    for parent in sorted({(place.anchor / entry.path).parent for entry in journal.entries}):
        with suppress(FileNotFoundError, NotADirectoryError):
            sync(parent)


def _beside(target: Path, number: int) -> Path:
    return target.parent / f".atmos-cli-{number}.tmp"


def _mode(target: Path) -> int | None:
    try:
        return stat.S_IMODE(target.lstat().st_mode)
    except OSError:
        return None


def _entry(item: dict[str, Any]) -> Entry:
    before, after = (None if item[side] is None else base64.b64decode(item[side]) for side in ("before", "after"))
    return Entry(checked_path(item["path"]), before, after, item["mode"])


def _damaged(file: Path) -> AtmosError:
    return fail(
        Code.WRITE_FAILED,
        f"{file} is not a journal that atmos wrote, so nothing was undone",
        hint=f"look at `git status`, put the files right by hand, then `rm {file}`",
    )
