"""What other tools make of the same three trees: Git's merges, and copier's way over Git."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tests.update.worlds import CONFIG, LOCK, SPEC

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.update.worlds import Files

MERGIRAF = os.environ.get("ATMOS_MERGIRAF") or shutil.which("mergiraf")
IDENTITY = "T <t@example.test> 0 +0000"


def _git(*args: str, cwd: Path, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(["git", *args], cwd=cwd, input=data, capture_output=True, check=False)


def generated_only(files: Mapping[str, bytes]) -> Files:
    """Without what every tool gets as it is: the declared inputs, and the lock, which is atmos's own."""
    return {
        path: data
        for path, data in files.items()
        if path not in (SPEC, LOCK, CONFIG) and not path.startswith("platform/")
    }


class Git:
    """One bare repository for all merges of a run."""

    def __init__(self) -> None:
        self._place = tempfile.TemporaryDirectory(prefix="atmos-rivals-")
        self.root = Path(self._place.name)
        _git("init", "-q", "--bare", ".", cwd=self.root)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._place.cleanup()

    def _commits(self, *trees: Mapping[str, bytes]) -> list[str]:
        """The first is the parent of the others."""
        lines: list[bytes] = []
        for number, tree in enumerate(trees):
            lines.append(f"commit refs/heads/m{number}\nmark :{number + 1}\ncommitter {IDENTITY}\ndata 1\nx\n".encode())
            lines.append(b"from :1\n" if number else b"")
            lines.append(b"deleteall\n")
            for path, data in sorted(tree.items()):
                lines.append(f"M 100644 inline {path}\ndata {len(data)}\n".encode() + data + b"\n")
        for number in range(len(trees)):
            _git("update-ref", "-d", f"refs/heads/m{number}", cwd=self.root)
        done = _git("fast-import", "--quiet", "--force", cwd=self.root, data=b"".join(lines))
        assert done.returncode == 0, done.stderr
        return [f"refs/heads/m{number}" for number in range(len(trees))]

    def merge(self, base: Files, ours: Files, theirs: Files) -> Files | None:
        """`git merge` of two branches, renames and all; None for a conflict."""
        merged, conflicts = self.merged(base, ours, theirs)
        return None if conflicts else merged

    def merged(self, base: Files, ours: Files, theirs: Files) -> tuple[Files, list[str]]:
        """What `git merge` leaves, and the paths in conflict."""
        _, one, other = self._commits(base, ours, theirs)
        done = _git("merge-tree", "--write-tree", "--name-only", "--no-messages", "-z", one, other, cwd=self.root)
        tree, *conflicts = (each for each in done.stdout.decode().split("\0") if each)
        return self._files(tree), conflicts

    def _files(self, tree: str) -> Files:
        listed = _git("ls-tree", "-r", "-z", tree, cwd=self.root).stdout.decode().split("\0")
        rows = [line.split(None, 3) for line in listed if line]
        asked = "\n".join(row[2] for row in rows).encode() + b"\n"
        data = _git("cat-file", "--batch", cwd=self.root, data=asked).stdout
        files: Files = {}
        at = 0
        for row in rows:
            end = data.index(b"\n", at)
            size = int(data[at:end].split()[2])
            files[row[3]] = data[end + 1 : end + 1 + size]
            at = end + 2 + size
        return files

    def merge_file(self, base: Files, ours: Files, theirs: Files) -> Files | None:
        """`git merge-file` on each path, as tools do that know of no renames."""
        return _by_path(base, ours, theirs, lambda _, *sides: self.merge_lines(*sides))

    def merge_lines(self, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
        """`git merge-file` on three texts; None for a conflict."""
        for name, data in (("ours", ours), ("base", base), ("theirs", theirs)):
            (self.root / name).write_bytes(data)
        done = _git("merge-file", "-p", "ours", "base", "theirs", cwd=self.root)
        return done.stdout if done.returncode == 0 else None

    def mergiraf(self, base: Files, ours: Files, theirs: Files) -> Files | None:
        """The syntax-aware merge driver, on each path; only where the program is installed."""
        return _by_path(base, ours, theirs, self._mergiraf)

    def _mergiraf(self, path: str, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
        for name, data in (("ours.yaml", ours), ("base.yaml", base), ("theirs.yaml", theirs)):
            (self.root / name).write_bytes(data)
        command = [str(MERGIRAF), "merge", "base.yaml", "ours.yaml", "theirs.yaml", "-p", path]
        done = subprocess.run(command, cwd=self.root, capture_output=True, check=False)
        return done.stdout if done.returncode == 0 else None

    def copier(self, base: Files, ours: Files, theirs: Files) -> Files | None:
        """copier's way: the person's diff with three lines of context on what is generated now, else `merge-file`."""
        return _by_path(base, ours, theirs, self._apply)

    def _apply(self, _: str, base: bytes, ours: bytes, theirs: bytes) -> bytes | None:
        with tempfile.TemporaryDirectory(dir=self.root) as name:
            place = Path(name)
            for side, data in (("a", base), ("b", ours)):
                (place / side).mkdir()
                (place / side / "f").write_bytes(data)
            diff = _git("diff", "--no-index", "--no-prefix", "a/f", "b/f", cwd=place).stdout
            (place / "f").write_bytes(theirs)
            done = _git("apply", "--unsafe-paths", "-p1", "-", cwd=place, data=diff.replace(b"b/f", b"a/f"))
            if done.returncode == 0:
                return (place / "f").read_bytes()
        return self.merge_lines(base, ours, theirs)


def _by_path(
    base: Files, ours: Files, theirs: Files, merge: Callable[[str, bytes, bytes, bytes], bytes | None]
) -> Files | None:
    result: Files = {}
    for path in sorted({*base, *ours, *theirs}):
        old, own, new = base.get(path), ours.get(path), theirs.get(path)
        if new in (own, old):
            taken = own
        elif old == own:
            taken = new
        elif own is None or new is None:
            return None
        else:
            taken = merge(path, old or b"", own, new)
            if taken is None:
                return None
        if taken is not None:
            result[path] = taken
    return result
