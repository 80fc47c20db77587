"""The sdist and the wheel of the source tree: the same bytes whenever, wherever and however often they are built."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Source:
    """What is released. `time` is the commit's, in unix seconds; `tags` are those of the commit."""

    root: Path
    version: str
    commit: str
    time: int
    tags: tuple[str, ...]
    modified: bool


class ReleaseError(Exception):
    """Why there is no release, and on a second line what to do."""


def source_of(root: Path) -> Source:
    """The commit that is checked out in `root`, and whether files differ from it."""
    commit, time = _git(root, "log", "-1", "--format=%H %ct").split()
    return Source(
        root=root,
        version=tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"],
        commit=commit,
        time=int(time),
        tags=tuple(_git(root, "tag", "--points-at", "HEAD").splitlines()),
        modified=bool(_git(root, "status", "--porcelain")),
    )


def build_twice(source: Source, outdir: Path) -> tuple[Path, Path]:
    """(sdist, wheel) in `outdir`. Raises ReleaseError when a second build elsewhere, with another umask, differs."""
    with tempfile.TemporaryDirectory() as first, tempfile.TemporaryDirectory() as second:
        made = build(source, Path(first))
        again = build(source, Path(second), umask=0o077)
        for one, other in zip(made, again, strict=True):
            if one.read_bytes() != other.read_bytes():
                raise ReleaseError(f"two builds of {one.name} differ\nhint: diffoscope shows where")
        outdir.mkdir(parents=True, exist_ok=True)
        sdist, wheel = (Path(shutil.copy(each, outdir)) for each in made)
    return sdist, wheel


def build(source: Source, work: Path, *, umask: int = 0o022) -> tuple[Path, Path]:
    """(sdist, wheel) in `work`; the wheel is made from what the sdist holds, so that the sdist holds all of it."""
    tree = _copied(source, work / "tree")
    sdist = hatch(tree, work, "sdist", time=source.time, umask=umask)
    with tarfile.open(sdist) as archive:
        archive.extractall(work / "unpacked", filter="data")
    unpacked = work / "unpacked" / sdist.name.removesuffix(".tar.gz")
    return sdist, hatch(unpacked, work, "wheel", time=source.time, umask=umask)


def hatch(tree: Path, outdir: Path, target: str, *, time: int, umask: int = 0o022) -> Path:
    """Build `target` of the project in `tree` with the environment's own hatchling; nothing is downloaded."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", target, "-d", str(outdir)]
    # What a builder's shell says must not come in: hatch has variables of its own.
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR", "PYTHONPYCACHEPREFIX") if name in os.environ}
    environment = {**kept, "SOURCE_DATE_EPOCH": str(time), "PYTHONHASHSEED": "0", "LC_ALL": "C.UTF-8", "TZ": "UTC"}
    before = set(outdir.iterdir())
    done = subprocess.run(command, cwd=tree, env=environment, umask=umask, capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"hatchling cannot build the {target}\n{done.stderr}")
    return next(iter(set(outdir.iterdir()) - before))


def _copied(source: Source, tree: Path) -> Path:
    """The files that Git has or would take: whatever else lies about in the checkout stays out."""
    for name in _git(source.root, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0"):
        path = source.root / name
        if name and path.is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, tree / name)
    return tree


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(root), *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise ReleaseError(f"git {arguments[0]} failed: {done.stderr.strip()}\nhint: release from a clone")
    return done.stdout.strip()
