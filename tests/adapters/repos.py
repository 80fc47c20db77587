"""Real git in temporary directories: small steps that many tests take, and what a repository looks like."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

from atmos_cli.result import ChangeSet


def git(at: Path, *args: str, **options: Any) -> str:
    done = subprocess.run(["git", *args], cwd=at, capture_output=True, text=True, check=True, **options)
    return done.stdout.strip()


def commit_files(at: Path, files: dict[str, str], message: str = "base") -> str:
    for path, text in files.items():
        (at / path).parent.mkdir(parents=True, exist_ok=True)
        (at / path).write_text(text)
    git(at, "add", "--", *files)
    git(at, "commit", "-qm", message)
    return git(at, "rev-parse", "HEAD")


CHANGES = ChangeSet(
    {"apps/a.yaml": b"new a\n", "apps/gone/b.yaml": None, "apps/c/d/e.yaml": b"new e\n", "apps/c/f.yaml": b"new f\n"},
    {"apps/a.yaml": b"old a\n", "apps/gone/b.yaml": b"old b\n"},
)


def work_tree(top: Path) -> dict[str, tuple[int, bytes]]:
    """Every file and directory outside `.git`, with mode and content."""
    found: dict[str, tuple[int, bytes]] = {}
    for folder, names, files in os.walk(top):
        if ".git" in names:
            names.remove(".git")
        for name in names:
            found[os.path.relpath(Path(folder, name), top) + "/"] = (0, b"")
        for name in files:
            file = Path(folder, name)
            found[str(file.relative_to(top))] = (file.stat().st_mode, file.read_bytes())
    return found


def git_state(top: Path) -> dict[str, str]:
    """What the index and the refs say, and that nothing of atmos is left in the Git directory."""
    return {
        "refs": git(top, "for-each-ref"),
        "head": (top / ".git/HEAD").read_text(),
        # mode and content id of HEAD, index and work tree for everything that differs
        "status": git(top, "status", "--porcelain=v2", "--untracked-files=all"),
        "left": " ".join(
            sorted(p.name for p in (top / ".git").rglob("*") if "atmos-cli" in p.name or p.suffix == ".lock")
        ),
    }
