"""A commit as a `ports.FileTree`."""

from __future__ import annotations

import os
import posixpath
from typing import TYPE_CHECKING, NamedTuple

from atmos_cli.adapters.files import MAX_FILE_BYTES, checked_path, escapes, too_large
from atmos_cli.adapters.git.objects import BlobReader
from atmos_cli.adapters.git.process import ask, ask_ok
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.adapters.git.repo import Repo

_LINK = "120000"
FILE_MODES = ("100644", "100755")
_MOST_LINKS = 20


class TreeEntry(NamedTuple):
    """One line of a tree: `mode` as git writes it ("" for nothing there), the object's id and its size in bytes."""

    mode: str = ""
    blob: str = ""
    size: int = 0


_NOTHING = TreeEntry()


class CommitTree:
    """The files of the commit `rev` below the repo's root: listed with one git process, contents through one other."""

    def __init__(self, repo: Repo, rev: str) -> None:
        self._repo = repo
        self._rev = rev
        self._entries: Mapping[str, TreeEntry] | None = None
        self._blobs = BlobReader(repo.top)

    def read(self, path: str) -> bytes | None:
        """Return the content, None when no regular file is there; AtmosError ATM614 for a link out of the root."""
        name = checked_path(path)
        for _ in range(_MOST_LINKS):
            entry = self._listing().get(name, _NOTHING)
            if entry.mode in FILE_MODES:
                return self._blob(entry, path)
            if entry.mode != _LINK:
                return None
            name = self._target(name, path)
        raise fail(
            Code.PATH_ESCAPES, f"{path} is a symbolic link that never ends", hint=f"remove it: `git rm {shell(path)}`"
        )

    def files(self, under: str = "") -> list[str]:
        """Return every file below `under`, sorted; links count when they lead to a file or out of the root."""
        prefix = f"{checked_path(under)}/" if under else ""
        listing = self._listing()
        return [path for path, entry in listing.items() if path.startswith(prefix) and self._is_file(path, entry.mode)]

    def close(self) -> None:
        """End the git process that reads contents; the tree can still be used."""
        self._blobs.close()

    def _listing(self) -> Mapping[str, TreeEntry]:
        if self._entries is None:
            tree = f"{self._rev}:{self._repo.prefix}" if self._repo.prefix else self._rev
            self._entries = entries(self._repo, tree)
        return self._entries

    def _is_file(self, path: str, mode: str) -> bool:
        for _ in range(_MOST_LINKS):
            if mode != _LINK:
                return mode in FILE_MODES
            target = posixpath.normpath(posixpath.join(posixpath.dirname(path), os.fsdecode(self._content(path))))
            if target.startswith(("../", "/")):
                return True
            path, mode = target, self._listing().get(target, _NOTHING).mode
        return False

    def _target(self, name: str, asked: str) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), os.fsdecode(self._content(name))))
        if target.startswith(("../", "/")) or target == "..":
            raise escapes(asked)
        return target

    def _content(self, path: str) -> bytes:
        return self._blob(self._listing()[path], path)

    def _blob(self, entry: TreeEntry, path: str) -> bytes:
        if entry.size > MAX_FILE_BYTES:
            raise too_large(path, entry.size)
        data = self._blobs.read(entry.blob)
        if data is None:
            raise unreadable_content(self._repo, path, self._rev)
        return data


def unreadable_content(repo: Repo, path: str, rev: str) -> AtmosError:
    """Explain why a content is missing: a partial clone leaves it at its remote, and no check fetches it."""
    if ask(repo.top, "config", "--get-regexp", r"^(extensions\.partialclone|remote\..*\.promisor)$").out:
        return fail(
            Code.GIT_FAILED,
            f"{path} of {rev} is not in this clone, which holds only a part of the contents",
            hint="git fetch --refetch --no-filter origin",
        )
    return fail(Code.GIT_FAILED, f"git cannot read {path} of {rev}", hint="run `git fsck`")


def is_there(repo: Repo, tree: str) -> bool:
    """Return whether `commit:directory` exists; a commit may be older than the repo below the checkout's top."""
    return ":" not in tree or not ask(repo.top, "rev-parse", "--quiet", "--verify", tree).status


def entries(repo: Repo, tree: str, *paths: str, deep: bool = True) -> dict[str, TreeEntry]:
    """Return `{path: entry}` of the tree-ish (only `paths`, when given), by path; not `deep`: the paths themselves."""
    found: dict[str, TreeEntry] = {}
    if not is_there(repo, tree):
        return found
    options = ("-r", "-l", "-z", "--full-tree") if deep else ("-l", "-z", "--full-tree")
    out = ask_ok(repo.top, "--literal-pathspecs", "ls-tree", *options, tree, "--", *paths)
    for line in out.split(b"\0")[:-1]:
        meta, _, name = line.partition(b"\t")
        mode, _, blob, size = meta.decode().split()
        found[os.fsdecode(name)] = TreeEntry(mode, blob, int(size) if size.isdigit() else 0)
    return dict(sorted(found.items()))
