"""How much disk a build of the lab takes, and the compiled packages that its groups share and that go after it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from tests.lab.components import cache_dir

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tests.lab.components import Group

GIGABYTE = 10**9
MODULE = 0.007 * GIGABYTE  # what one module takes on average, packed and unpacked


class NoRoomError(Exception):
    """The disk has less room than a build takes; the message says how much, and what to do."""


class Packages:
    """Go's build cache of this build and of those beside it: `directory` goes with the last of them, unless one failed."""

    def __init__(self) -> None:
        own = os.environ.get("GOCACHE")
        self.directory = Path(own) if own else cache_dir() / "go-build"
        self.temporary = not own

    @contextlib.contextmanager
    def used(self) -> Iterator[None]:
        """Keeps the directory from the builds beside this one. What is interrupted leaves it: it goes on from there."""
        with _lock("go-build") as handle:
            fcntl.flock(handle, fcntl.LOCK_SH)
            yield

    def remove(self) -> None:
        """Gives the room back, unless another build is at it or the directory is somebody's own."""
        if not self.temporary or not self.directory.exists():
            return
        with _lock("go-build") as handle, contextlib.suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            shutil.rmtree(self.directory, ignore_errors=True)


@contextlib.contextmanager
def _lock(name: str) -> Iterator[int]:
    locks = cache_dir() / "locks"
    locks.mkdir(parents=True, exist_ok=True)
    with (locks / name).open("w") as handle:
        yield handle.fileno()


def needed(groups: Sequence[Group], packages: Path) -> dict[Path, float]:
    """The bytes that a build of `groups` takes, by the directory that takes them, as far as they are not there yet."""
    modules = Path(
        subprocess.run(["go", "env", "GOMODCACHE"], capture_output=True, text=True, check=True).stdout.strip()
    )
    return {
        packages: GIGABYTE * sum(group.gigabytes for group in groups),
        modules: MODULE * sum(not path.exists() for path in _zips(groups, modules / "cache" / "download")),
    }


def _zips(groups: Sequence[Group], downloads: Path) -> set[Path]:
    lines = [line.split() for group in groups for line in (group.pins / "go.sum").read_text().splitlines()]
    named = {(module, version) for module, version, _ in lines if not version.endswith("/go.mod")}
    return {downloads / _escaped(module) / "@v" / f"{_escaped(version)}.zip" for module, version in named}


def _escaped(name: str) -> str:
    """As Go writes names in its cache, for file systems that know no case."""
    return "".join(f"!{letter.lower()}" if letter.isupper() else letter for letter in name)


def check_room(groups: Sequence[Group], packages: Path) -> str:
    """Says what a build of `groups` takes; NoRoomError where there is less."""
    wanted = needed(groups, packages)
    for place in wanted:
        beside = [other for other in wanted if _disk(other) == _disk(place)]
        total, free = sum(wanted[other] for other in beside), shutil.disk_usage(_there(place)).free
        if total > free:
            where = " and ".join(map(str, beside))
            raise NoRoomError(
                f"the build takes about {_gigabytes(total)} in {where}, and {_gigabytes(free)} are free;"
                " make room, or let GOCACHE and GOMODCACHE name directories of a larger disk"
            )
    return "takes about " + " and ".join(f"{_gigabytes(size)} in {place}" for place, size in wanted.items())


def _gigabytes(size: float) -> str:
    return f"{size / GIGABYTE:.1f} GB"


def _there(path: Path) -> Path:
    return next(each for each in (path, *path.parents) if each.exists())


def _disk(path: Path) -> int:
    return _there(path).stat().st_dev
