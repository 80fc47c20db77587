"""A commit that came too late is taken back and the branch follows; what the user has beside it stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from repos import CHANGES, commit_files, git, git_state, work_tree

from atmos_cli.adapters.git.catch_up import catch_up, follow
from atmos_cli.adapters.git.commit import write_commit
from atmos_cli.adapters.git.push import BehindError, push
from atmos_cli.adapters.git.repo import open_repo

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def late(checkout: Path, tmp_path: Path):
    """(repo, our commit, their commit): ours on top of `main` in the checkout, theirs pushed before it."""
    bare, other = tmp_path / "bare.git", tmp_path / "other"
    git(tmp_path, "init", "-q", "--bare", str(bare))
    git(checkout, "remote", "add", "origin", str(bare))
    git(checkout, "push", "-q", "origin", "main")
    git(tmp_path, "clone", "-q", "-b", "main", str(bare), str(other))
    theirs = commit_files(other, {"apps/theirs.yaml": "theirs\n", "user/unstaged.txt": "1\n"}, "theirs")
    git(other, "push", "-q", "origin", "main")
    repo = open_repo(checkout)
    assert repo is not None
    return repo, write_commit(repo, CHANGES, "ours"), theirs


def test_the_push_says_that_it_came_too_late(late):
    with pytest.raises(BehindError):
        push(late[0], "main")


def test_the_branch_follows_and_the_users_changes_stay(late, checkout):
    repo, ours, theirs = late
    before = work_tree(checkout)
    assert catch_up(repo, "main", ours.commit)
    assert git(checkout, "rev-parse", "main", "origin/main").split() == [theirs, theirs]
    after = work_tree(checkout)
    kept = {path: each for path, each in before.items() if path.startswith("user/")}
    assert {path: each for path, each in after.items() if path.startswith("user/")} == kept
    assert after["apps/theirs.yaml"][1] == b"theirs\n"
    assert after["apps/a.yaml"][1] == b"old a\n"
    assert "apps/c/d/e.yaml" not in after
    status = git(checkout, "status", "--porcelain=v1", "--untracked-files=all").splitlines()
    assert sorted(line[-len("user/both.txt") - 3 :] for line in status if "both" in line) == ["MM user/both.txt"]
    assert {line.split()[-1] for line in status} == {
        "user/both.txt",
        "user/new-staged.txt",
        "user/staged.txt",
        "user/unstaged.txt",
        "user/untracked.txt",
    }
    assert ours.commit in git(checkout, "reflog", "--no-abbrev", "main")


def test_nothing_moves_when_their_files_are_in_the_way(late, checkout):
    repo, ours, _ = late
    (checkout / "apps/theirs.yaml").write_text("my own\n")
    before = work_tree(checkout), git(checkout, "rev-parse", "main"), git(checkout, "status", "--porcelain=v2")
    assert not catch_up(repo, "main", ours.commit)
    assert (
        work_tree(checkout),
        git(checkout, "rev-parse", "main"),
        git(checkout, "status", "--porcelain=v2"),
    ) == before


def test_nothing_moves_when_own_commits_are_in_between(checkout, tmp_path, late):
    repo, ours, _ = late
    own = commit_files(checkout, {"own.txt": "own\n"}, "own")
    git(checkout, "commit", "-q", "--allow-empty", "-m", "another of atmos", "--only")
    last = git(checkout, "rev-parse", "HEAD")
    before = git_state(checkout)["head"], work_tree(checkout)
    assert not catch_up(repo, "main", last)
    assert (git_state(checkout)["head"], work_tree(checkout)) == before
    assert git(checkout, "rev-list", "main").split()[:3] == [last, own, ours.commit]


def test_nothing_moves_when_another_branch_is_checked_out(late, checkout):
    repo, ours, _ = late
    git(checkout, "switch", "-q", "-c", "mine")
    assert not catch_up(repo, "main", ours.commit)
    assert git(checkout, "rev-parse", "main") == ours.commit


def test_nothing_moves_when_the_remote_is_gone(late, checkout, tmp_path):
    repo, ours, _ = late
    (tmp_path / "bare.git").rename(tmp_path / "moved.git")
    assert not catch_up(repo, "main", ours.commit)
    assert git(checkout, "rev-parse", "main") == ours.commit


def test_what_comes_later_is_followed_and_own_commits_are_not_left_behind(late, checkout, tmp_path):
    repo, ours, _ = late
    assert not follow(repo, "main")
    assert git(checkout, "rev-parse", "main").strip() == ours.commit
    assert catch_up(repo, "main", ours.commit)
    later = commit_files(tmp_path / "other", {"apps/later.yaml": "later\n"}, "later")
    git(tmp_path / "other", "push", "-q", "origin", "main")
    mine = work_tree(checkout)
    assert follow(repo, "main")
    assert git(checkout, "rev-parse", "main").strip() == later
    assert {path: each for path, each in work_tree(checkout).items() if path in mine} == mine
