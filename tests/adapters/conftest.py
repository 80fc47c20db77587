"""Git blind to the machine's own configuration, with fixed dates: commits have known ids."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from repos import commit_files, git

if TYPE_CHECKING:
    from pathlib import Path

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
