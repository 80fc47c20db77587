"""A state of the repo whose parts can be compared without reading them: each directory with Git's id of its content."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.directory_tree import DirectoryTree
from atmos_cli.adapters.git.process import aside, ask, ask_ok
from atmos_cli.adapters.git.repo import head, resolve
from atmos_cli.adapters.git.status import changed_here, chunks
from atmos_cli.adapters.git.tree import is_there
from atmos_cli.diagnostics import AtmosError
from atmos_cli.ports import MemoryTree

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.ports import FileTree

Level = dict[str, str]  # path -> id of its content, "" when that is not known without reading it


class Snapshot:
    """Any tree: nothing is known without reading. `changed` are paths that differ from a commit below it."""

    changed: tuple[str, ...] = ()

    def __init__(self, tree: FileTree) -> None:
        self.tree = tree

    def level(self, directories: Sequence[str]) -> Level:
        """Return what is directly in each of `directories`: files and directories by their path."""
        found: Level = {}
        for directory in directories:
            depth = directory.count("/") + 2
            for path in self.tree.files(directory):
                found["/".join(path.split("/")[:depth])] = ""
        return found

    def has_links(self, directory: str) -> bool:
        """Return whether the content of `directory` may depend on what lies outside of it."""
        return bool(directory)


class CommitSnapshot(Snapshot):
    def __init__(self, repo: Repo, rev: str) -> None:
        self._directory_tree = DirectoryTree(repo, rev)
        super().__init__(self._directory_tree)
        self._repo = repo
        self._rev = f"{rev}:{repo.prefix}" if repo.prefix else rev
        self._levels: dict[str, Level] = {}

    def level(self, directories: Sequence[str]) -> Level:
        for chunk in chunks([f"{each}/" for each in directories if each not in self._levels]):
            self._levels.update({each.removesuffix("/"): {} for each in chunk})
            if not is_there(self._repo, self._rev):
                continue
            args = ("--literal-pathspecs", "ls-tree", "-z", "--full-tree", self._rev, "--", *chunk)
            for line in ask_ok(self._repo.top, *args).split(b"\0")[:-1]:
                meta, _, name = line.partition(b"\t")
                path = os.fsdecode(name)
                self._levels[path.rpartition("/")[0]][path] = meta.split()[2].decode()
        return {path: stamp for each in directories for path, stamp in self._levels[each].items()}

    def has_links(self, directory: str) -> bool:
        return self._directory_tree.has_links(directory)


class ChangedSnapshot(Snapshot):
    """`changes` (None removes a file) laid over another snapshot."""

    def __init__(self, below: Snapshot, changes: Mapping[str, bytes | None]) -> None:
        super().__init__(MemoryTree(changes, below.tree))
        self._below = below
        self._changes = changes
        self.changed = (*below.changed, *changes)

    def level(self, directories: Sequence[str]) -> Level:
        found = self._below.level(directories)
        for directory in directories:
            depth = directory.count("/") + 2
            for path in self._changes:
                if path.startswith(f"{directory}/"):
                    child = "/".join(path.split("/")[:depth])
                    found[child] = ""
                    if self._changes[path] is None and (path == child or not self._stands(child)):
                        del found[child]
        return found

    def has_links(self, directory: str) -> bool:
        return self._below.has_links(directory)

    def _stands(self, path: str) -> bool:
        return self.tree.read(path) is not None or any(True for _ in self.tree.files(path))


def checkout(repo: Repo, tree: FileTree) -> Snapshot:
    """Take a snapshot of a checkout: its commit, and what differs from it (ignored files do not count)."""
    commit = head(repo).commit
    if commit is None:
        return Snapshot(tree)
    changes = {path: _content(tree, path) for path in changed_here(repo) if not path.endswith("/")}
    below = CommitSnapshot(repo, commit)
    return ChangedSnapshot(below, changes) if changes else below


def _content(tree: FileTree, path: str) -> bytes | None:
    """Return nothing for a file that cannot be read: it counts as changed, and building with it reports the reason."""
    try:
        return tree.read(path)
    except AtmosError:
        return b""


@contextmanager
def merged(repo: Repo, base: str, other: str) -> Iterator[str | None]:
    """Yield the tree that merging `other` into `base` would make; None when they conflict, or Git alone cannot tell.

    It can be read within only: nothing of it is kept in the repository.
    """
    one, two = resolve(repo, base), resolve(repo, other)
    # a merge driver is a program that git would run
    if one is None or two is None or ask(repo.top, "config", "--get-regexp", r"^merge\..*\.driver$").out:
        yield None
        return
    with aside(repo.git_dir) as environment:
        answer = ask(repo.top, "merge-tree", "--write-tree", one, two, env=environment)
        yield answer.text.splitlines()[0] if answer.status == 0 and answer.text else None
