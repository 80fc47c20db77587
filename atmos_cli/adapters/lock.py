"""Where a write keeps its notes, and the lock that lets one atmos at a time write to a checkout."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.adapters.files import JOURNAL_DIRECTORY
from atmos_cli.diagnostics import AtmosError, Code, fail

if TYPE_CHECKING:
    from collections.abc import Iterator

WAIT_SECONDS = 5.0
_PAUSE_SECONDS = 0.02


@dataclass(frozen=True, slots=True)
class Place:
    """`anchor`: what journalled paths start from; `directory` holds lock and journal, and exists only meanwhile."""

    anchor: Path
    directory: Path
    prefix: str = ""

    @property
    def lock(self) -> Path:
        return self.directory / "lock"


def place_of(root: Path) -> Place:
    """Inside the Git directory of the checkout that `root` is in, else in `root` itself; runs no git."""
    root = Path(os.path.realpath(root))
    for top in (root, *root.parents):
        git_dir = _git_dir(top / ".git")
        if git_dir is not None:
            prefix = root.relative_to(top).as_posix()
            return Place(top, git_dir / "atmos-cli", "" if prefix == "." else prefix)
    return Place(root, root / JOURNAL_DIRECTORY)


@contextmanager
def locked(place: Place, *, wait: float = WAIT_SECONDS) -> Iterator[int]:
    """Hold the lock of `place`; gives its descriptor. ATM612 when another process keeps it past `wait` seconds."""
    handle = _acquire(place, wait)
    try:
        yield handle
    finally:
        _release(place, handle)


def _acquire(place: Place, wait: float) -> int:
    deadline = time.monotonic() + wait
    while True:
        handle = _open(place)
        if handle is not None:
            if _take(place, handle):
                return handle
            os.close(handle)
        if time.monotonic() >= deadline:
            raise _busy(place)
        time.sleep(_PAUSE_SECONDS)


def _open(place: Place) -> int | None:
    try:
        place.directory.mkdir(exist_ok=True)
        return os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except (FileNotFoundError, FileExistsError):
        # the holder removed the directory between two of our steps: it is free again, ask once more
        return None
    except OSError as error:
        raise cannot_write(place.directory, error) from error


def _take(place: Place, handle: int) -> bool:
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(handle).st_ino != os.stat(place.lock).st_ino:  # noqa: PTH116 - beside fstat
            return False
        os.ftruncate(handle, 0)
        os.pwrite(handle, str(os.getpid()).encode(), 0)
    except (BlockingIOError, FileNotFoundError):
        return False
    except OSError as error:
        os.close(handle)
        raise cannot_write(place.lock, error) from error
    return True


def _release(place: Place, handle: int) -> None:
    with suppress(OSError):
        place.lock.unlink()
    with suppress(OSError):
        place.directory.rmdir()
    # explicitly: a child that inherited the descriptor must not keep the lock
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)


def cannot_write(path: Path | str, error: OSError) -> AtmosError:
    reason = (error.strerror or str(error)).lower()
    return fail(
        Code.WRITE_FAILED,
        f"cannot write {path}: {reason}",
        hint="make room on the disk and run the command again"
        if full(error)
        else f"look at its owner: `ls -ld {path}`",
    )


def full(error: OSError) -> bool:
    return error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


def _busy(place: Place) -> AtmosError:
    holder = ""
    with suppress(OSError):
        holder = place.lock.read_text(errors="replace").strip()
    who = f" (process {holder})" if holder.isdigit() else ""
    return fail(
        Code.WRITE_BUSY,
        f"another atmos{who} is writing to {place.anchor}",
        hint="wait until it has finished, then run the command again",
    )


def _git_dir(entry: Path) -> Path | None:
    """The Git directory that `entry` (a checkout's `.git`) is or, in a linked worktree or submodule, names."""
    git_dir = entry
    try:
        if entry.is_file():
            text = entry.read_text(errors="replace")
            if not text.startswith("gitdir: "):
                return None
            git_dir = entry.parent / text.removeprefix("gitdir: ").rstrip("\n")
        return git_dir if os.path.lexists(git_dir / "HEAD") else None
    except OSError:
        return None
