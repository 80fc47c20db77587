"""Checkouts that leave out files of their commit: what is not on disk is read from Git's index."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from atmos_cli.adapters.files import DiskTree, checked_path, find_checkout
from atmos_cli.adapters.git.objects import BlobReader
from atmos_cli.adapters.git.process import ask_ok
from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.adapters.git.tree import FILE_MODES, unreadable_content
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from atmos_cli.adapters.git.repo import Repo

_PLAIN_INDEX = b"DIRC\x00\x00\x00\x02"  # the older format, which has no place for "not on disk"


class SparseTree(DiskTree):
    """The files on disk, and for those that are left out (`absent`, blob by path) what the index has."""

    def __init__(
        self, root: Path, repo: Repo, absent: Mapping[str, str], *, faults: list[Diagnostic] | None = None
    ) -> None:
        super().__init__(root, faults=faults)
        self._repo = repo
        self._absent = absent
        self._blobs = BlobReader(repo.top)

    def read(self, path: str) -> bytes | None:
        found = super().read(path)
        blob = self._absent.get(checked_path(path))
        if found is not None or blob is None:
            return found
        data = self._blobs.read(blob)
        if data is None:
            self._note(unreadable_content(self._repo, path, "the index"))
        return data

    def files(self, under: str = "") -> list[str]:
        prefix = f"{checked_path(under)}/" if under else ""
        return sorted({*super().files(under), *(path for path in self._absent if path.startswith(prefix))})

    def require_on_disk(self, paths: Iterable[str]) -> None:
        """Check that `paths` are on disk; raises ATM618 for each left out, as a change of it would not be seen."""
        on_disk = DiskTree(self.root)
        left_out = [path for path in sorted(paths) if path in self._absent and on_disk.read(path) is None]
        if left_out:
            raise AtmosError(*(_left_out(path) for path in left_out))


def disk_tree(root: Path, *, faults: list[Diagnostic] | None = None) -> DiskTree:
    """Return the files below `root` as they are now, with those of the index that a sparse checkout leaves out.

    With `faults`, what cannot be read is noted there instead of raised.
    """
    found = find_checkout(root.resolve())
    if found is None or not _may_leave_out(found[1]):
        return DiskTree(root, faults=faults)
    repo = open_repo(root)
    absent = _left_out_of(repo) if repo else {}
    return SparseTree(root, repo, absent, faults=faults) if repo and absent else DiskTree(root, faults=faults)


def _may_leave_out(git_dir: Path) -> bool:
    """Return whether it is worth asking Git, by the format of its index."""
    try:
        with (git_dir / "index").open("rb") as file:
            return file.read(8) != _PLAIN_INDEX or any(git_dir.glob("sharedindex.*"))
    except OSError:
        return False


def _left_out_of(repo: Repo) -> dict[str, str]:
    start = repo.inside("")
    out = ask_ok(repo.top, "--literal-pathspecs", "ls-files", "-z", "-t", "--stage", "--", start or ".")
    found = {}
    for line in out.split(b"\0")[:-1]:
        head, _, name = line.partition(b"\t")
        tag, mode, blob, _ = head.decode().split()
        path = os.fsdecode(name)[len(start) :]
        if tag == "S" and mode in FILE_MODES and not os.path.lexists(repo.top / start / path):
            found[path] = blob
    return found


def _left_out(path: str) -> Diagnostic:
    return Diagnostic(
        Code.FILE_UNREADABLE,
        f"{path} is left out of this sparse checkout, and the change would not be seen on disk",
        hint="check it out first (`git sparse-checkout disable`), or use `--write branch`",
        where=Location(path),
    )
