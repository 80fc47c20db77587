"""Reads the few files of an application that say what it is: bounded, and following no link."""

from __future__ import annotations

import os
import stat
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.spec.checkout.manifests import READERS

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 1024 * 1024
MOST_ENTRIES = 10_000
DOCKERFILES = ("Dockerfile", "Containerfile")


def read_checkout(directory: Path) -> dict[str, bytes]:
    """Return what is there of the files of an application, by name. Raises AtmosError with all that cannot be read."""
    if not directory.is_dir():
        message = f"there is no directory `{directory}`"
        raise fail(
            Code.CHECKOUT_UNREADABLE, message, hint="name the directory of the application, such as `--checkout .`"
        )
    found: dict[str, bytes] = {}
    wrong: list[AtmosError] = []
    for name in (*READERS, *_projects(directory), *DOCKERFILES):
        try:
            data = _read(directory, name)
        except AtmosError as error:
            wrong.append(error)
            continue
        if data is not None:
            found[name] = data
    if wrong:
        raise AtmosError(*(diagnostic for error in wrong for diagnostic in error.diagnostics))
    return found


def _projects(directory: Path) -> list[str]:
    names = []
    with os.scandir(directory) as entries:
        for count, entry in enumerate(entries):
            if count >= MOST_ENTRIES:
                break
            if entry.name.endswith(".csproj"):
                names.append(entry.name)
    return sorted(names)[:1]


def _read(directory: Path, name: str) -> bytes | None:
    try:
        # Neither a link nor a pipe is opened to find out what it is.
        number = os.open(directory / name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        return None
    except OSError as error:
        what = (
            "is a symbolic link, which is not followed"
            if (directory / name).is_symlink()
            else f"cannot be read: {error.strerror}"
        )
        raise _refused(name, what) from None
    if not stat.S_ISREG(os.fstat(number).st_mode):
        os.close(number)
        raise _refused(name, "is no file")
    with os.fdopen(number, "rb") as file:
        data = file.read(LARGEST + 1)
    if len(data) > LARGEST:
        raise _refused(name, f"is larger than {LARGEST // 1024} KiB")
    return data


def _refused(name: str, what: str) -> AtmosError:
    return fail(Code.CHECKOUT_UNREADABLE, f"`{name}` of the checkout {what}", hint="mend it, or leave out `--checkout`")
