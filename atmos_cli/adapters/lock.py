"""Where a write keeps its notes, and the lock that lets one atmos at a time write to a checkout.

The next run that writes believes these notes, so they lie where no checkout can bring any along: in the Git directory,
or without one in this user's state directory; and there only in a real directory that belongs to this user.
"""

from __future__ import annotations

import errno
import fcntl
import os
import random
import shutil
import stat
import tempfile
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.adapters.disk import content
from atmos_cli.adapters.files import find_checkout
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Iterator

# Twenty commits one after the other, each with slow hooks: a process that waits this long gets its turn.
IN_HOOK = "ATMOS_CLI_IN_HOOK_OF"
WAIT_SECONDS = 300.0
_PAUSES = (0.01, 0.1)


@dataclass(frozen=True, slots=True)
class StateDirectory:
    """`anchor`: what journalled paths start from; `directory` holds lock and journal, and exists only meanwhile."""

    anchor: Path
    directory: Path
    prefix: str = ""

    @property
    def lock(self) -> Path:
        return self.directory / "lock"


def place_of(root: Path) -> StateDirectory:
    """Return the place in the Git directory of `root`'s checkout, else in the user's state directory; runs no git."""
    root = Path(os.path.realpath(root))
    found = find_checkout(root)
    if found is not None:
        top, git_dir = found
        prefix = root.relative_to(top).as_posix()
        return StateDirectory(top, git_dir / "atmos-cli", "" if prefix == "." else prefix)
    status = root.stat()
    return StateDirectory(root, state_directory() / "trees" / f"{status.st_dev:x}-{status.st_ino:x}")


def state_directory() -> Path:
    """Return the `$XDG_STATE_HOME/atmos-cli` of this user, by default `~/.local/state/atmos-cli`."""
    named = os.environ.get("XDG_STATE_HOME", "")
    base = Path(named) if os.path.isabs(named) else Path.home() / ".local" / "state"  # noqa: PTH117 - "" is no path
    return base / "atmos-cli"


@contextmanager
def locked(place: StateDirectory, *, wait: float = WAIT_SECONDS) -> Iterator[int]:
    """Hold the lock of `place`; yields its descriptor. ATM612 when another process keeps it past `wait` seconds."""
    handle = _acquire(place, wait)
    try:
        yield handle
    finally:
        _release(place, handle)


def _acquire(place: StateDirectory, wait: float) -> int:
    """Wait for the lock; refuses at once in a hook of the commit that holds it, which would wait for itself."""
    in_hook = os.environ.get(IN_HOOK) not in (None, "") and os.environ.get(IN_HOOK) == _holder(place)
    deadline = time.monotonic() + (0 if in_hook else wait)
    while True:
        handle = _open(place)
        if handle is not None:
            if _take(place, handle):
                return handle
            os.close(handle)
        if time.monotonic() >= deadline:
            raise _busy(place)
        time.sleep(random.uniform(*_PAUSES))  # noqa: S311 - so that many who wait do not ask in step


def _open(place: StateDirectory) -> int | None:
    try:
        place.directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        require_own(place)
        return os.open(place.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    except FileNotFoundError:
        # the holder removed the directory between two of our steps: it is free again, ask once more
        return None
    except FileExistsError:
        with suppress(FileNotFoundError):
            require_own(place)
        return None
    except OSError as error:
        raise cannot_write(place.directory, error) from error


def _take(place: StateDirectory, handle: int) -> bool:
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


def _release(place: StateDirectory, handle: int) -> None:
    with suppress(OSError):
        place.lock.unlink()
    with suppress(OSError):
        place.directory.rmdir()
    # explicitly: a child that inherited the descriptor must not keep the lock
    with suppress(OSError):
        fcntl.flock(handle, fcntl.LOCK_UN)
    os.close(handle)


@contextmanager
def scratch(place: StateDirectory) -> Iterator[Path]:
    """Make a directory for files that only a few calls of git read; the next writer removes what a killed run left."""
    base = _scratch_of(place)
    sweep(place)
    try:
        at, handle = _made_in(base)
    except OSError as error:
        raise cannot_write(base, error) from error
    try:
        yield at
    finally:
        shutil.rmtree(at, ignore_errors=True)
        os.close(handle)
        with suppress(OSError):
            base.rmdir()


def _made_in(base: Path) -> tuple[Path, int]:
    """Make a new directory, and the descriptor by which it is locked: the lock shows that it is in use.

    `base`, or the new directory when taken for a left one, may be removed before it is locked: then another is made.
    """
    while True:
        with suppress(FileNotFoundError):
            base.mkdir(mode=0o700, parents=True, exist_ok=True)
            at = Path(tempfile.mkdtemp(dir=base))
            handle = os.open(at, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
            fcntl.flock(handle, fcntl.LOCK_EX)
            if at.exists():
                return at, handle
            os.close(handle)


def _scratch_of(place: StateDirectory) -> Path:
    return place.directory.parent / f"{place.directory.name}-scratch"


def sweep(place: StateDirectory) -> None:
    """Remove the scratch directories of runs that were killed; those of living ones are locked."""
    base = _scratch_of(place)
    try:
        every = list(base.iterdir())
    except OSError:
        return
    for left in every:
        with suppress(OSError):
            handle = os.open(left, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC | os.O_NOFOLLOW)
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(left, ignore_errors=True)
            finally:
                os.close(handle)
    with suppress(OSError):
        base.rmdir()


def require_own(place: StateDirectory) -> None:
    """Check that the directory of `place` is real, this user's own, and outside of the tree; raises ATM611 if not."""
    found = os.stat(place.directory, follow_symlinks=False)  # noqa: PTH116 - beside fstat
    problem = ""
    if not stat.S_ISDIR(found.st_mode):
        problem = "it is no directory"
    elif found.st_uid != os.geteuid():
        problem = "it belongs to another user"
    elif place.directory.is_relative_to(place.anchor) and ".git" not in place.directory.parts:
        problem = f"it lies inside {place.anchor}, which could bring along one of its own"
    if problem:
        hint = f"look at `ls -ld {shell(str(place.directory))}`; outside of Git, XDG_STATE_HOME names another place"
        raise fail(Code.WRITE_FAILED, f"{place.directory} cannot hold the notes of a write: {problem}", hint=hint)


def held(place: StateDirectory) -> bool:
    """Return whether some atmos is writing at this moment; asks without making anything."""
    try:
        # without O_NONBLOCK a pipe of that name would block the caller
        handle = os.open(place.lock, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW)
    except OSError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(handle)
    return False


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


def _holder(place: StateDirectory) -> str:
    """Return the process that took the lock last, as it says itself."""
    with suppress(OSError):
        return (content(place.directory, place.lock.name) or b"").decode("ascii", "replace").strip()
    return ""


def _busy(place: StateDirectory) -> AtmosError:
    holder = _holder(place)
    who = f" (process {holder})" if holder.isdigit() else ""
    return fail(
        Code.WRITE_BUSY,
        f"another atmos{who} is writing to {place.anchor}",
        hint="wait until it has finished, then run the command again",
    )
