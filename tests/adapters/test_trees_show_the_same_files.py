"""A directory and the commit made of it are the same FileTree; nothing outside the root can be read through either."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from repos import commit_files, git

from atmos_cli.adapters import files
from atmos_cli.adapters.files import DiskTree, find_root
from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.diagnostics import AtmosError, Code

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def both(tmp_path: Path) -> tuple[DiskTree, CommitTree]:
    top = tmp_path / "top"
    root = top / "demo"
    (root / "apps/x").mkdir(parents=True)
    git(top, "init", "-q")
    (root / "apps/x/a b.yaml").write_bytes(b"a: \xff\x00\r\n")
    (root / "apps/x/empty").write_bytes(b"")
    (root / "apps/ü.yaml").write_text("u\n")
    (top / "secret").write_text("outside\n")
    (root / "inside").symlink_to("apps/x/a b.yaml")
    (root / "chain").symlink_to("inside")
    (root / "folder").symlink_to("apps")
    (root / "dangling").symlink_to("nowhere")
    (root / "out").symlink_to("../secret")
    (root / "absolute").symlink_to("/etc/passwd")
    (root / "loop").symlink_to("loop")
    git(top, "add", "-A")
    git(top, "commit", "-qm", "x")
    repo = open_repo(root)
    assert repo
    assert repo.prefix == "demo"
    return DiskTree(root), CommitTree(repo, "HEAD")


def test_both_list_and_read_the_same(both: tuple[DiskTree, CommitTree]) -> None:
    disk, commit = both
    assert list(disk.files()) == list(commit.files())
    assert list(disk.files("apps")) == list(commit.files("apps")) == ["apps/x/a b.yaml", "apps/x/empty", "apps/ü.yaml"]
    assert list(disk.files("app")) == list(commit.files("app")) == []
    for path in (
        "apps/x/a b.yaml",
        "apps/x/empty",
        "apps/ü.yaml",
        "inside",
        "chain",
        "dangling",
        "apps",
        "no",
        "folder",
    ):
        assert disk.read(path) == commit.read(path), path
    assert disk.read("chain") == b"a: \xff\x00\r\n"
    assert "dangling" not in disk.files()


@pytest.mark.parametrize(
    "path", ["out", "absolute", "../secret", "/etc/passwd", "apps/../out", ".git/config", "a//b", "."]
)
def test_neither_reads_outside_its_root(both: tuple[DiskTree, CommitTree], path: str) -> None:
    for tree in both:
        with pytest.raises(AtmosError) as caught:
            tree.read(path)
        assert caught.value.diagnostics[0].code is Code.PATH_ESCAPES


def test_a_file_behind_a_linked_directory_that_leaves_the_root_is_refused(tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out/f").write_text("x")
    (tmp_path / "root").mkdir()
    (tmp_path / "root/link").symlink_to("../out")
    tree = DiskTree(tmp_path / "root")
    assert tree.files() == []
    assert tree.files("link") == []
    with pytest.raises(AtmosError) as caught:
        tree.read("link/f")
    assert caught.value.diagnostics[0].code is Code.PATH_ESCAPES


def test_a_link_that_never_ends_is_no_endless_loop(both: tuple[DiskTree, CommitTree]) -> None:
    for tree in both:
        with pytest.raises(AtmosError):
            tree.read("loop")


def test_a_file_past_the_limit_is_refused_by_both_and_the_next_read_works(
    both: tuple[DiskTree, CommitTree], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "MAX_FILE_BYTES", 3)
    monkeypatch.setattr("atmos_cli.adapters.git.tree.MAX_FILE_BYTES", 3)
    for tree in both:
        with pytest.raises(AtmosError) as caught:
            tree.read("apps/x/a b.yaml")
        assert caught.value.diagnostics[0].code is Code.FILE_TOO_LARGE
        assert tree.read("apps/ü.yaml") == b"u\n"


def test_git_directories_and_pipes_are_never_listed_or_waited_for(tmp_path: Path) -> None:
    (tmp_path / "sub/.git").mkdir(parents=True)
    (tmp_path / "sub/.git/config").write_text("x")
    os.mkfifo(tmp_path / "pipe")
    tree = DiskTree(tmp_path)
    assert [path for path in tree.files() if not path.startswith("home/")] == []
    assert tree.read("pipe") is None


def test_an_unreadable_file_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "f").write_text("x")
    real = os.open

    def refuse(path: str, *args: int, **options: int) -> int:
        if str(path).endswith("/f"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(AtmosError) as caught:
        DiskTree(tmp_path).read("f")
    assert caught.value.diagnostics[0].code is Code.FILE_UNREADABLE
    assert caught.value.diagnostics[0].message == "cannot read f: permission denied"


def test_the_root_is_the_nearest_directory_with_the_marker(tmp_path: Path) -> None:
    (tmp_path / "a/b/c").mkdir(parents=True)
    (tmp_path / "a/atmos-cli.yaml").touch()
    assert find_root(tmp_path / "a/b/c") == tmp_path / "a"
    assert find_root(tmp_path / "a") == tmp_path / "a"
    assert find_root(tmp_path) is None


def test_a_commit_stays_what_it_was(checkout: Path) -> None:
    repo = open_repo(checkout)
    assert repo
    tree = CommitTree(repo, git(checkout, "rev-parse", "HEAD"))
    commit_files(checkout, {"apps/a.yaml": "newer\n"})
    assert tree.read("apps/a.yaml") == b"old a\n"
    assert tree.read("user/untracked.txt") is None
