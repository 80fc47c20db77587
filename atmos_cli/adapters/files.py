"""A directory on disk as a `ports.FileTree`: regular files only, nothing outside the root, nothing of `.git`."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Location, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from atmos_cli.diagnostics import Diagnostic

ROOT_MARKER = "atmos-cli.yaml"
MAX_FILE_BYTES = 16 * 1024 * 1024


def find_root(start: Path) -> Path | None:
    """Return the nearest directory at or above `start` that holds `atmos-cli.yaml`."""
    start = Path(os.path.abspath(start))  # noqa: PTH100 - resolve() would leave the directory the user named
    return next((folder for folder in (start, *start.parents) if (folder / ROOT_MARKER).is_file()), None)


def find_checkout(start: Path) -> tuple[Path, Path] | None:
    """Return (top, Git directory) of the checkout that the real directory `start` is in; None when it is in none.

    By `.git` alone, which no commit can contain. Git itself also takes any directory for a repository that holds the
    files of a bare one, and those a commit can bring.
    """
    ceilings = [each for each in os.environ.get("GIT_CEILING_DIRECTORIES", "").split(os.pathsep) if each]
    for top in (start, *start.parents):
        if top != start and str(top) in ceilings:
            return None
        git_dir = _git_dir(top / ".git")
        if git_dir is not None:
            return top, git_dir
    return None


def _git_dir(entry: Path) -> Path | None:
    """Return the Git directory that `entry` (a checkout's `.git`) is or, in a linked worktree or submodule, names."""
    git_dir = entry
    try:
        if entry.is_file():
            text = entry.read_text(errors="replace")
            if not text.startswith("gitdir: "):
                return None
            git_dir = entry.parent / text.removeprefix("gitdir: ").rstrip("\n")
        return Path(os.path.realpath(git_dir)) if os.path.lexists(git_dir / "HEAD") else None
    except OSError:
        return None


def checked_path(path: str) -> str:
    """Return `path` itself; AtmosError ATM614 for `..`, `.`, `//`, a leading `/`, NUL or anything in `.git`."""
    parts = path.split("/")
    if "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise fail(Code.PATH_ESCAPES, f"{path!r} is not a plain path below the root", hint="use a path without `..`")
    if any(part.lower() == ".git" for part in parts):
        raise fail(Code.PATH_ESCAPES, f"{path!r} is inside .git, which atmos never touches", hint="use another path")
    return path


def too_large(path: str, size: int) -> AtmosError:
    limit = MAX_FILE_BYTES // (1024 * 1024)
    return fail(
        Code.FILE_TOO_LARGE,
        f"{path} is {size:,} bytes, more than the {limit} MiB that atmos reads",
        hint="move it out of the GitOps repo: an engine would have to read it on every sync",
        where=Location(path),
    )


def escapes(path: str) -> AtmosError:
    quoted = shell(path)
    return fail(
        Code.PATH_ESCAPES,
        f"{path} is, or passes through, a symbolic link that leaves the repository",
        hint=f"replace the link by the file itself: `cp --remove-destination $(readlink -f {quoted}) {quoted}`",
        where=Location(path),
    )


def unreadable(path: str, error: OSError) -> AtmosError:
    reason = (error.strerror or str(error)).lower()
    hint = f"look at its owner and mode: `ls -ld {shell(path)}`"
    if error.errno == errno.ELOOP:
        hint = f"it is a link that never ends: remove it, `rm {shell(path)}`"
    return fail(
        Code.FILE_UNREADABLE,
        f"cannot read {path}: {reason}",
        hint=hint,
        where=Location(path),
    )


class DiskTree:
    """The files below `root` as they are now. Links to files inside it are read, linked directories not walked.

    What cannot be read is an error; with `faults` it is noted there, and then counts as nothing.
    """

    def __init__(self, root: Path, *, faults: list[Diagnostic] | None = None) -> None:
        self.root = root
        self.faults = faults
        self._real = os.path.realpath(root)
        self._inside: dict[str, bool] = {}

    def read(self, path: str) -> bytes | None:
        """Return the content, None when no regular file is there; AtmosError ATM614, ATM615 or ATM618."""
        try:
            return self._content(path)
        except AtmosError as error:
            self._note(error)
            return None

    def _note(self, error: AtmosError) -> None:
        if self.faults is None:
            raise error
        self.faults.extend(each for each in error.diagnostics if each not in self.faults)

    def _content(self, path: str) -> bytes | None:
        target = os.path.join(self._real, checked_path(path))  # noqa: PTH118 - read for every file of a big repo
        if not self._contains(os.path.dirname(target)):  # noqa: PTH120
            raise escapes(path)
        try:
            return _read(target, path, os.O_NOFOLLOW)
        except OSError as error:
            if error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ENXIO):
                return None
            if error.errno != errno.ELOOP:
                raise unreadable(path, error) from error
        return self._read_link(target, path)

    def files(self, under: str = "") -> list[str]:
        """Return every file below `under`, sorted, without dangling links; a linked directory is not entered."""
        start = checked_path(under) if under else ""
        folder = os.path.join(self._real, start) if start else self._real  # noqa: PTH118
        if start and os.path.realpath(folder) != folder:
            return []
        return sorted(_walk(folder, f"{start}/" if start else "", self._note))

    def _contains(self, folder: str) -> bool:
        if folder not in self._inside:
            self._inside[folder] = self._within(os.path.realpath(folder))
        return self._inside[folder]

    def _within(self, real: str) -> bool:
        return real == self._real or real.startswith(self._real.rstrip("/") + "/")

    def _read_link(self, target: str, path: str) -> bytes | None:
        real = os.path.realpath(target)
        if not self._within(real):
            raise escapes(path)
        try:
            return _read(real, path, os.O_NOFOLLOW)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise unreadable(path, error) from error


def _read(target: str, path: str, flags: int) -> bytes | None:
    # O_NONBLOCK: a FIFO in the repo must not hang the reader
    handle = os.open(target, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | flags)
    try:
        status = os.fstat(handle)
        if not stat.S_ISREG(status.st_mode):
            return None
        if status.st_size > MAX_FILE_BYTES:
            raise too_large(path, status.st_size)
        with open(handle, "rb", closefd=False) as file:
            data = file.read(MAX_FILE_BYTES + 1)
    finally:
        os.close(handle)
    if len(data) > MAX_FILE_BYTES:
        raise too_large(path, len(data))
    return data


def _is_file(entry: os.DirEntry[str]) -> bool:
    """Return whether to list `entry`; what cannot be looked at is listed, so that reading it says why."""
    try:
        return entry.is_file()
    except OSError as error:
        return error.errno != errno.ELOOP


def _walk(folder: str, prefix: str, fault: Callable[[AtmosError], None]) -> Iterator[str]:
    pending = [(folder, prefix)]
    while pending:
        folder, prefix = pending.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    if entry.name == ".git":
                        continue
                    if entry.is_dir(follow_symlinks=False):
                        pending.append((entry.path, f"{prefix}{entry.name}/"))
                    elif _is_file(entry):
                        yield prefix + entry.name
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            fault(unreadable(prefix.rstrip("/") or folder, error))
