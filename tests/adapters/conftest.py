"""Real git in temporary directories, blind to the machine's own configuration, with fixed dates: commits have known ids."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from atmos_cli.result import ChangeSet

CONFIG = """[user]
    name = Ada Test
    email = ada@example.com
[init]
    defaultBranch = main
    templateDir =
[commit]
    gpgsign = false
"""
DATE = "2026-01-02T03:04:05+00:00"


@pytest.fixture(autouse=True)
def _own_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("GIT_"):
            monkeypatch.delenv(name)
    home = tmp_path / "home"
    home.mkdir()
    (home / "config").write_text(CONFIG)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(home / "config"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    monkeypatch.setenv("GIT_AUTHOR_DATE", DATE)
    monkeypatch.setenv("GIT_COMMITTER_DATE", DATE)
    monkeypatch.delenv("EMAIL", raising=False)


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


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One commit, and beside it staged, unstaged and untracked changes that belong to the user."""
    top = tmp_path / "repo"
    top.mkdir()
    git(top, "init", "-q")
    commit_files(
        top,
        {
            "atmos-cli.yaml": "x: 1\n",
            "apps/a.yaml": "old a\n",
            "apps/gone/b.yaml": "old b\n",
            "user/both.txt": "1\n",
            "user/staged.txt": "1\n",
            "user/unstaged.txt": "1\n",
        },
    )
    (top / "user/staged.txt").write_text("2\n")
    (top / "user/both.txt").write_text("2\n")
    (top / "user/new-staged.txt").write_text("new\n")
    git(top, "add", "user")
    (top / "user/both.txt").write_text("3\n")
    (top / "user/unstaged.txt").write_text("2\n")
    (top / "user/untracked.txt").write_text("?\n")
    return top


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
        "left": " ".join(sorted(p.name for p in (top / ".git").iterdir() if "atmos" in p.name or "lock" in p.name)),
    }
