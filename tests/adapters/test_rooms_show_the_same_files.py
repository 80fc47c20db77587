"""A tree that lists only the rooms that are asked for holds what the whole listing holds."""

import random
import subprocess

import pytest

from atmos_cli.adapters.git import directory_tree as room_tree
from atmos_cli.adapters.git.directory_tree import DirectoryTree
from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.adapters.git.snapshots import ChangedSnapshot, CommitSnapshot, Snapshot
from atmos_cli.adapters.git.tree import CommitTree


@pytest.fixture
def repo(tmp_path):
    for team in "ab":
        for service in range(5):
            for path in ("base/x.yaml", "overlays/dev/kustomization.yaml"):
                file = tmp_path / f"apps/{team}/s{service}/{path}"
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(f"{team}{service}{path}")
    (tmp_path / "README.md").write_text("hello")
    (tmp_path / "apps/a/s1/link.yaml").symlink_to("../s0/base/x.yaml")
    (tmp_path / "apps/a/s2/deep.yaml").symlink_to("../../../README.md")
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.test")
    for args in (("init", "-q"), ("add", "-A"), ("commit", "-qm", "all")):
        subprocess.run([*git, *args], cwd=tmp_path, check=True)
    return open_repo(tmp_path)


@pytest.mark.parametrize("many", [1, 3, 40])
def test_in_any_order_and_however_many_rooms(repo, monkeypatch, many):
    monkeypatch.setattr(room_tree, "MANY", many)
    whole = CommitTree(repo, "HEAD")
    paths = [*whole.files(), "apps/a/s0", "apps/a/none/x.yaml", "nothing", "apps/a/s0/base/none"]
    under = ["", "apps", "apps/a", "apps/a/s1", "apps/a/s1/base", "apps/c", "none/at/all/here"]
    rng = random.Random(many)
    for _ in range(5):
        rooms = DirectoryTree(repo, "HEAD")
        asked = [("read", path) for path in paths] + [("files", each) for each in under]
        rng.shuffle(asked)
        for what, path in asked:
            assert getattr(rooms, what)(path) == getattr(whole, what)(path), (what, path)


@pytest.mark.parametrize("many", [1, 40])
def test_links_are_seen(repo, monkeypatch, many):
    monkeypatch.setattr(room_tree, "MANY", many)
    tree = DirectoryTree(repo, "HEAD")
    assert [name for name in ("s0", "s1", "s2", "s3") if tree.has_links(f"apps/a/{name}")] == ["s1", "s2"]
    assert tree.has_links("apps")
    assert not tree.has_links("apps/b")


def test_levels_of_a_change_are_those_of_the_tree_that_it_makes(repo):
    changes = {
        "apps/a/s9/base/x.yaml": b"new",
        "apps/b/s0/base/x.yaml": None,
        "apps/b/s0/overlays/dev/kustomization.yaml": None,
        "apps/a/s3/base/x.yaml": b"other",
    }
    below = CommitSnapshot(repo, "HEAD")
    changed = ChangedSnapshot(below, changes)
    directories = ["apps", "apps/a", "apps/b", "tenants/dev"]
    assert set(changed.level(directories)) == set(Snapshot(changed.tree).level(directories))
    stamps = changed.level(["apps/a"])
    assert not stamps["apps/a/s9"]
    assert not stamps["apps/a/s3"]
    assert stamps["apps/a/s0"] == below.level(["apps/a"])["apps/a/s0"]
