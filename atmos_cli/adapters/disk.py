"""Single steps on disk that a write is made of: each is durable, follows no link and names its file when it fails."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from atmos_cli.adapters.files import checked_path, escapes

if TYPE_CHECKING:
    from pathlib import Path


def guarded(base: Path, path: str) -> Path:
    """Where `path` below the real directory `base` is; AtmosError ATM614 when a parent is a link out of `base`."""
    target = base / checked_path(path)
    real = os.path.realpath(target.parent)
    if real != str(base) and not real.startswith(str(base).rstrip("/") + "/"):
        raise escapes(path)
    return target


def content(target: Path) -> bytes | None:
    """What stands at `target`; None for nothing. A link or anything but a regular file raises OSError."""
    try:
        handle = os.open(target, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    try:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise IsADirectoryError(21, "not a regular file", str(target))
        with open(handle, "rb", closefd=False) as file:
            return file.read()
    finally:
        os.close(handle)


def write(target: Path, data: bytes, mode: int | None = None) -> None:
    """`data` durably in `target`, with `mode`, or 0644 as the umask allows. OSError names the file."""
    target.unlink(missing_ok=True)
    handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC | os.O_NOFOLLOW, 0o644)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(handle, rest) :]
        if mode is not None:
            os.fchmod(handle, mode)
        os.fsync(handle)
    except OSError as error:
        error.filename = error.filename or str(target)
        raise
    finally:
        os.close(handle)


def sync(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def parents(path: str) -> list[str]:
    """`a`, `a/b` of `a/b/c`."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(1, len(parts))]
