"""What the pure core asks of the outside world."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class FileTree(Protocol):
    """A tree of regular files under one root; paths are posix, relative, without `.` or `..`."""

    def read(self, path: str) -> bytes | None:
        """The content, or None when there is no such file. Raises AtmosError ATM614 for a symlink out of the root."""

    def files(self, under: str = "") -> Iterable[str]:
        """Every file below the directory `under`, sorted; never anything inside `.git`."""


class MemoryTree:
    """`changes` laid over `below`: what the repo would hold. A value of None removes a file."""

    def __init__(self, changes: Mapping[str, bytes | None], below: FileTree | None = None) -> None:
        self._changes = dict(changes)
        self._below = below

    def read(self, path: str) -> bytes | None:
        if path in self._changes:
            return self._changes[path]
        return self._below.read(path) if self._below else None

    def files(self, under: str = "") -> Iterable[str]:
        prefix = f"{under}/" if under else ""
        below = self._below.files(under) if self._below else ()
        kept = {path for path in below if path not in self._changes}
        added = {path for path, data in self._changes.items() if data is not None and path.startswith(prefix)}
        return sorted(kept | added)


class SubTree:
    """The directory `root` of another tree, seen as a tree of its own."""

    def __init__(self, tree: FileTree, root: str) -> None:
        self._tree = tree
        self._prefix = f"{root}/"

    def read(self, path: str) -> bytes | None:
        return self._tree.read(self._prefix + path)

    def files(self, under: str = "") -> Iterable[str]:
        found = self._tree.files(f"{self._prefix}{under}".rstrip("/"))
        return [path.removeprefix(self._prefix) for path in found]
