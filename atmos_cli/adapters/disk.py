"""Single steps on disk that a write is made of: each is durable, follows no link and names its file when it fails.

Paths are posix, below a real directory `base`. Their directories are opened one after the other, never by the whole
path, so that no link can be put in between.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from atmos_cli.adapters.files import checked_path
from atmos_cli.diagnostics import AtmosError, Code, Location, fail

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_FRESH = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW


@contextmanager
def parent_of(base: Path, path: str, *, make: bool = False) -> Iterator[tuple[int, str]]:
    """Open the directory that holds `path` below `base`; yield it and `path`'s last part. `make` makes missing ones.

    Raises AtmosError ATM614 for a link on the way, FileNotFoundError and NotADirectoryError as `open` does.
    """
    *above, name = checked_path(path).split("/")
    handle = os.open(base, _DIRECTORY)
    try:
        for number, part in enumerate(above):
            inner = _enter(handle, part, path, "/".join(above[: number + 1]), make=make)
            os.close(handle)
            handle = inner
        try:
            yield handle, name
        except OSError as error:
            error.filename = os.path.join(base, path)  # noqa: PTH118 - names alone say too little
            raise
    finally:
        os.close(handle)


def content(base: Path, path: str) -> bytes | None:
    """Return the content of `path`; None for nothing. A link or anything but a regular file raises OSError."""
    try:
        with parent_of(base, path) as (folder, name):
            handle = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
            try:
                if not stat.S_ISREG(os.fstat(handle).st_mode):
                    raise IsADirectoryError(21, "not a regular file")
                with open(handle, "rb", closefd=False) as file:
                    return file.read()
            finally:
                os.close(handle)
    except (FileNotFoundError, NotADirectoryError):
        return None


def write(base: Path, path: str, data: bytes, mode: int | None = None) -> None:
    """Write `data` durably to `path`, with `mode`, or 0644 as the umask allows. OSError names the file."""
    with parent_of(base, path, make=True) as (folder, name):
        with suppress(FileNotFoundError):
            os.unlink(name, dir_fd=folder)
        handle = os.open(name, _FRESH, 0o644, dir_fd=folder)
        try:
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(handle, rest) :]
            if mode is not None:
                os.fchmod(handle, mode)
            os.fsync(handle)
        finally:
            os.close(handle)


def rename(base: Path, path: str, target: str) -> None:
    """Move the file `path` onto `target`, in one step; both are in one directory."""
    with parent_of(base, path) as (folder, name):
        os.replace(name, target.rpartition("/")[2], src_dir_fd=folder, dst_dir_fd=folder)


def remove(base: Path, path: str) -> None:
    """Remove the file, or the link, if there is one; where nothing can be written, nothing need be removed."""
    with suppress(FileNotFoundError, NotADirectoryError), parent_of(base, path) as (folder, name):
        os.stat(name, dir_fd=folder, follow_symlinks=False)
        os.unlink(name, dir_fd=folder)


def make_directory(base: Path, path: str) -> None:
    with suppress(FileExistsError), parent_of(base, path) as (folder, name):
        os.mkdir(name, dir_fd=folder)


def remove_directory(base: Path, path: str) -> None:
    """Remove the directory; OSError when it is not empty, or none."""
    with parent_of(base, path) as (folder, name):
        os.rmdir(name, dir_fd=folder)


def status(base: Path, path: str) -> os.stat_result | None:
    """Return the status of what is at `path`, of a link the link's own; None for nothing."""
    try:
        with parent_of(base, path) as (folder, name):
            return os.stat(name, dir_fd=folder, follow_symlinks=False)
    except (FileNotFoundError, NotADirectoryError):
        return None


def require_writable(base: Path, path: str) -> None:
    """Check that files in the directory of `path` may be made and removed; PermissionError when they may not."""
    with parent_of(base, path) as (folder, name):
        if not os.access(".", os.W_OK, dir_fd=folder):
            raise PermissionError(13, "permission denied", name)


def sync(base: Path, path: str) -> None:
    """Make durable what was made, moved and removed in the directory of `path`."""
    with parent_of(base, path) as (folder, _):
        os.fsync(folder)


def parents(path: str) -> list[str]:
    """Return `a`, `a/b` of `a/b/c`."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]


def _enter(folder: int, part: str, path: str, here: str, *, make: bool) -> int:
    try:
        return os.open(part, _DIRECTORY, dir_fd=folder)
    except FileNotFoundError:
        if not make:
            raise
        with suppress(FileExistsError):
            os.mkdir(part, dir_fd=folder)
        return os.open(part, _DIRECTORY, dir_fd=folder)
    except OSError as error:
        if stat.S_ISLNK(os.stat(part, dir_fd=folder, follow_symlinks=False).st_mode):
            raise _through_link(path, here) from error
        error.filename = path
        raise


def _through_link(path: str, link: str) -> AtmosError:
    return fail(
        Code.PATH_ESCAPES,
        f"{path} passes through the symbolic link {link}, and atmos writes through none",
        hint=f"replace the link by the directory itself, or remove it: `git rm {link}`",
        where=Location(path),
    )
