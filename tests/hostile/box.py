"""A place with a GitOps repo, a home, a directory for temporary files and victims; says what a command changed in it."""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.hostile.running import path_of_tools

if TYPE_CHECKING:
    from collections.abc import Iterator

SECRET = "precious-that-nobody-may-read-4711"
FREE = {b"cache", b"ran", b"log"}  # the user's own cache, what canaries left, and ours
TEMPORARY = b"tmp"  # what was made there and removed again shows in its time only
LARGE = 4 << 20


@dataclass
class Box:
    top: Path
    root: Path
    env: dict[str, str]
    said: list[str] = field(default_factory=list)  # what was done to it, for the message of a failure
    own_process: bool = False  # what happens at start-up matters

    def write(self, path: str | bytes, content: str | bytes) -> Path:
        """Replace what is at `path` of the repo, whatever it is."""
        at = self.clear(path)
        at.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8", "surrogatepass"))
        return at

    def clear(self, path: str | bytes) -> Path:
        """Make room for something at `path`: its directories, and nothing there."""
        at = self.root / os.fsdecode(path)
        remove(at)
        for parent in reversed(at.relative_to(self.root).parents):
            place = self.root / parent
            if place.is_symlink() or (place.exists() and not place.is_dir()):
                remove(place)
            place.mkdir(exist_ok=True)
        return at

    def canary(self, name: str) -> str:
        """A shell command that leaves a trace where nothing else writes."""
        return f"touch {self.top}/ran/{name}"

    def program(self, at: Path, name: str) -> None:
        at.parent.mkdir(parents=True, exist_ok=True)
        at.write_text(f"#!/bin/sh\n{self.canary(name)}\nexit 1\n")
        at.chmod(0o755)

    @property
    def victim(self) -> Path:
        return self.top / "victim"

    @property
    def ran(self) -> list[str]:
        return sorted(each.name for each in (self.top / "ran").iterdir())

    def git(self, *args: str, at: Path | None = None, check: bool = True, text: str | None = None) -> str:
        done = subprocess.run(
            ["/usr/bin/env", "git", *args],
            cwd=at or self.root,
            env=self.env | {"PATH": path_of_tools()},
            capture_output=True,
            check=check,
            **({"input": text.encode()} if text is not None else {"stdin": subprocess.DEVNULL}),
        )
        return done.stdout.decode(errors="replace").strip()


def make(top: Path, template: Path, *, shape: str = "clone") -> Box:
    """A box with a copy of `template`: a `clone`, a `nested` directory of one, or `unpacked`, without Git."""
    top.mkdir(parents=True)
    for name in ("home", "tmp", "cache", "ran", "victim/dir", "log"):
        (top / name).mkdir(parents=True)
    (top / "victim" / "a.yaml").write_text(f"kind: Secret\nvalue: {SECRET}\n")
    (top / "victim" / "dir" / "b.txt").write_text(f"{SECRET}\n")
    (top / "victim" / "dir" / "undo.json").write_text('{"entries": []}\n')
    (top / "home" / ".gitconfig").write_text(
        "[user]\n\tname = Dev\n\temail = dev@example.test\n[init]\n\tdefaultBranch = main\n"
    )
    root = top / "repo" / "gitops" if shape == "nested" else top / "repo"
    shutil.copytree(template, root, symlinks=True)
    if shape != "clone":
        shutil.rmtree(root / ".git")
    box = Box(top, root, environment(top))
    if shape == "nested":
        outer = root.parent
        box.git("init", "-q", at=outer)
        box.git("add", "-A", at=outer)
        box.git("commit", "-qm", "base", at=outer)
    return box


def environment(top: Path) -> dict[str, str]:
    return {
        "PATH": path_of_tools(),
        "HOME": str(top / "home"),
        "TMPDIR": str(top / "tmp"),
        "ATMOS_CLI_CACHE": str(top / "cache"),
        "XDG_STATE_HOME": str(top / "home" / ".local" / "state"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "LANG": "C.UTF-8",
        "NO_COLOR": "1",
        "COLUMNS": "120",
        # Tests that start Python write no bytecode into a checkout, and read what the tests' own process keeps.
        "PYTHONDONTWRITEBYTECODE": "1",
        **{name: os.environ[name] for name in ("PYTHONPYCACHEPREFIX",) if name in os.environ},
    }


def remove(at: Path) -> None:
    """Remove whatever is there, also what may not be entered."""
    if at.is_dir() and not at.is_symlink():
        for folder, _, _ in os.walk(at):
            Path(folder).chmod(0o755)
        shutil.rmtree(at)
    elif os.path.lexists(at):
        at.unlink()


def snapshot(top: Path) -> dict[bytes, tuple[Any, ...]]:
    """Type, mode, owner, size, time and content of everything below `top` but what may change."""
    return dict(_entries(os.fsencode(top), b""))


def _entries(folder: bytes, prefix: bytes) -> Iterator[tuple[bytes, tuple[Any, ...]]]:
    for entry in os.scandir(folder):
        if not prefix and entry.name in FREE:
            continue
        found = entry.stat(follow_symlinks=False)
        path = prefix + entry.name
        # Git marks an object that is asked for as in use by the time of its file.
        packed = b".git/" in path and b"/objects/" in path and stat.S_ISREG(found.st_mode)
        time = 0 if packed or path == TEMPORARY else found.st_mtime_ns
        yield path, (oct(found.st_mode), found.st_uid, found.st_size, time, _content(entry.path, found))
        if stat.S_ISDIR(found.st_mode):
            yield from _entries(entry.path, path + b"/")


def _content(path: bytes, found: os.stat_result) -> bytes | None:
    if stat.S_ISLNK(found.st_mode):
        return os.readlink(path)  # noqa: PTH115 - a name in bytes
    if not stat.S_ISREG(found.st_mode) or found.st_size > LARGE:
        return None
    with Path(os.fsdecode(path)).open("rb") as file:
        return hashlib.blake2b(file.read(), digest_size=12).digest()


def changes(before: dict[bytes, tuple[Any, ...]], after: dict[bytes, tuple[Any, ...]]) -> list[str]:
    """What is gone, new or not as before, one line each."""
    return [
        f"{'gone' if path not in after else 'new' if path not in before else 'changed'}: {path!r}"
        for path in sorted(before.keys() | after.keys())
        if before.get(path) != after.get(path)
    ]
