"""What a sparse checkout leaves out is read from Git, and a change of it is not made where nobody would see it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from repos import commit_files, git

from atmos_cli.adapters.files import DiskTree
from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.adapters.git.sparse import SparseTree, disk_tree
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def sparse(checkout: Path) -> Path:
    git(checkout, "stash", "-q", "--include-untracked")
    commit_files(checkout, {"apps/deep/er/c.yaml": "c\n"})
    git(checkout, "sparse-checkout", "set", "user")
    assert not (checkout / "apps").exists()
    return checkout


def test_a_whole_checkout_costs_no_question(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("atmos_cli.adapters.git.sparse.open_repo", lambda _: pytest.fail("git was asked"))
    assert type(disk_tree(checkout)) is DiskTree


def test_what_is_left_out_is_listed_and_read(sparse: Path) -> None:
    tree = disk_tree(sparse)
    assert tree.files("apps") == ["apps/a.yaml", "apps/deep/er/c.yaml", "apps/gone/b.yaml"]
    assert tree.read("apps/deep/er/c.yaml") == b"c\n"
    assert tree.read("apps/none.yaml") is None
    assert tree.read("user/both.txt") == b"1\n"


def test_one_file_by_skip_worktree_is_left_out_too_and_what_is_on_disk_wins(checkout: Path) -> None:
    git(checkout, "update-index", "--skip-worktree", "apps/a.yaml")
    assert disk_tree(checkout).read("apps/a.yaml") == b"old a\n"
    (checkout / "apps/a.yaml").write_text("mine\n")
    assert disk_tree(checkout).read("apps/a.yaml") == b"mine\n"
    (checkout / "apps/a.yaml").unlink()
    assert disk_tree(checkout).read("apps/a.yaml") == b"old a\n"


def test_a_file_that_was_removed_stays_removed(checkout: Path) -> None:
    git(checkout, "update-index", "--skip-worktree", "apps/a.yaml")
    (checkout / "apps/gone/b.yaml").unlink()
    assert disk_tree(checkout).read("apps/gone/b.yaml") is None


def test_a_root_below_the_top_is_read_whole(sparse: Path) -> None:
    (sparse / "apps").mkdir()
    tree = disk_tree(sparse / "apps")
    assert tree.files() == ["a.yaml", "deep/er/c.yaml", "gone/b.yaml"]
    assert tree.read("gone/b.yaml") == b"old b\n"


def test_a_change_of_what_is_left_out_is_refused(sparse: Path) -> None:
    tree = disk_tree(sparse)
    assert isinstance(tree, SparseTree)
    tree.require_on_disk(["user/both.txt", "apps/new.yaml"])
    with pytest.raises(AtmosError) as caught:
        tree.require_on_disk(["apps/a.yaml", "user/both.txt", "apps/gone/b.yaml"])
    assert [each.code for each in caught.value.diagnostics] == [Code.FILE_UNREADABLE] * 2


def test_a_content_that_a_partial_clone_lacks_is_said(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "stash", "-q", "--include-untracked")
    git(checkout, "config", "uploadpack.allowFilter", "true")
    clone = tmp_path / "clone"
    git(tmp_path, "clone", "-q", "--filter=blob:none", "--sparse", f"file://{checkout}", str(clone))
    assert open_repo(clone)
    with pytest.raises(AtmosError) as caught:
        disk_tree(clone).read("apps/a.yaml")
    assert "holds only a part" in caught.value.diagnostics[0].message
    faults: list[Diagnostic] = []
    assert disk_tree(clone, faults=faults).read("apps/a.yaml") is None
    assert [each.code for each in faults] == [Code.GIT_FAILED]
    hint = caught.value.diagnostics[0].hint
    git(clone, *hint.split()[1:])
    assert disk_tree(clone).read("apps/a.yaml") == b"old a\n"
