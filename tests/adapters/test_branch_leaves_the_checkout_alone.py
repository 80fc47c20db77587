"""Branch mode: one new ref and its objects, and not a byte of checkout, index or HEAD; clear answers when it cannot be."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest
from repos import CHANGES, commit_files, git, git_state, work_tree

from atmos_cli.adapters.git.branch import write_branch
from atmos_cli.adapters.git.repo import Repo, init_repo, open_repo
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from pathlib import Path


def repo_of(path: Path) -> Repo:
    repo = open_repo(path)
    assert repo
    return repo


def refused(
    top: Path, changes: ChangeSet = CHANGES, *, branch: str = "atmos/e", base: str | None = "main"
) -> tuple[Code, str]:
    before = work_tree(top), git_state(top)
    with pytest.raises(AtmosError) as caught:
        write_branch(repo_of(top), changes, "x", branch=branch, base=base)
    assert (work_tree(top), git_state(top)) == before
    assert caught.value.diagnostics[0].hint
    return caught.value.diagnostics[0].code, caught.value.diagnostics[0].message


def test_a_branch_on_a_dirty_checkout_changes_only_the_branch(checkout: Path) -> None:
    (checkout / "apps/a.yaml").write_text("the user's own, uncommitted\n")
    before = work_tree(checkout), git_state(checkout)
    index = (checkout / ".git/index").read_bytes()
    commit = write_branch(repo_of(checkout), CHANGES, "add e\n\nAtmos-Service: e\n", branch="atmos/e", base="main")
    assert work_tree(checkout) == before[0]
    assert (checkout / ".git/index").read_bytes() == index
    after = git_state(checkout)
    assert after.pop("refs") != before[1].pop("refs")
    assert after == before[1]
    assert git(checkout, "rev-parse", "atmos/e", "atmos/e^") == f"{commit}\n{git(checkout, 'rev-parse', 'main')}"
    changed = git(checkout, "diff", "--name-status", "main", "atmos/e")
    assert changed == "M\tapps/a.yaml\nA\tapps/c/d/e.yaml\nA\tapps/c/f.yaml\nD\tapps/gone/b.yaml"
    assert git(checkout, "show", "atmos/e:apps/a.yaml") == "new a"
    assert git(checkout, "log", "-1", "--format=%B", "atmos/e") == "add e\n\nAtmos-Service: e"
    assert git(checkout, "fsck", "--strict") == ""


def test_works_on_a_detached_head_and_keeps_executable_bits(checkout: Path) -> None:
    git(checkout, "update-index", "--chmod=+x", "apps/a.yaml")
    git(checkout, "commit", "-qm", "mode")
    git(checkout, "checkout", "-q", "--detach")
    write_branch(repo_of(checkout), CHANGES, "x", branch="b", base="HEAD")
    assert git(checkout, "ls-tree", "b", "apps/a.yaml").startswith("100755")


def test_a_root_below_the_top_is_honoured(checkout: Path) -> None:
    write_branch(repo_of(checkout / "apps"), ChangeSet({"new.yaml": b"x\n"}), "x", branch="b", base="main")
    assert git(checkout, "show", "b:apps/new.yaml") == "x"


def test_the_first_commit_needs_another_branch_than_the_unborn_one(tmp_path: Path) -> None:
    top = tmp_path / "new"
    top.mkdir()
    repo = init_repo(top)
    with pytest.raises(AtmosError) as caught:
        write_branch(repo, ChangeSet({"a": b"x"}), "first", branch="main", base=None)
    assert caught.value.diagnostics[0].code is Code.BRANCH_EXISTS
    write_branch(repo, ChangeSet({"a": b"x"}), "first", branch="other", base=None)
    assert git(top, "show", "other:a") == "x"
    assert work_tree(top) == {}


def test_the_answers_are_clear(checkout: Path) -> None:
    git(checkout, "branch", "taken/here")
    assert refused(checkout, branch="taken/here")[0] is Code.BRANCH_EXISTS
    assert refused(checkout, branch="taken")[0] is Code.BRANCH_EXISTS
    assert refused(checkout, branch="taken/here/below")[0] is Code.BRANCH_EXISTS
    assert refused(checkout, branch="two words")[0] is Code.USAGE
    assert refused(checkout, branch="-f")[0] is Code.USAGE
    assert refused(checkout, base="nowhere") == (Code.GIT_FAILED, f"nowhere names no commit in {checkout}")
    assert refused(checkout, base="--all")[0] is Code.GIT_FAILED
    assert refused(checkout, ChangeSet({"../x": b""}))[0] is Code.PATH_ESCAPES
    assert refused(checkout, ChangeSet({"apps": b"x"}))[0] is Code.WRITE_FAILED
    assert refused(checkout, ChangeSet({"apps": b"x", "apps/n": b"x"}))[0] is Code.WRITE_FAILED
    assert refused(checkout, ChangeSet({"apps/a.yaml/n": b"x"}))[0] is Code.WRITE_FAILED
    (checkout / ".git/refs/heads/held.lock").touch()
    assert "held.lock" in refused(checkout, branch="held")[1]


def test_a_base_that_holds_something_else_is_refused(checkout: Path) -> None:
    commit_files(checkout, {"apps/a.yaml": "somebody else's\n"})
    code, message = refused(checkout)
    assert code is Code.FILE_CHANGED
    assert "apps/a.yaml" in message
    assert refused(checkout, ChangeSet({"atmos-cli.yaml": b"mine"}))[0] is Code.FILE_CHANGED


def test_a_link_in_the_base_is_never_written_through(checkout: Path) -> None:
    (checkout / "link").symlink_to("apps")
    git(checkout, "add", "link")
    git(checkout, "commit", "-qm", "link", "--", "link")
    assert refused(checkout, ChangeSet({"link/x": b"x"}))[0] is Code.WRITE_FAILED
    assert refused(checkout, ChangeSet({"link": b"x"}, {"link": b"apps"}))[0] is Code.WRITE_FAILED


def test_without_an_identity_nothing_is_written(checkout: Path, tmp_path: Path) -> None:
    (tmp_path / "home/config").write_text("")
    code, message = refused(checkout)
    assert code is Code.REPO_NO_IDENTITY
    assert "who you are" in message


def test_a_repository_of_sha256_works_the_same(tmp_path: Path) -> None:
    top = tmp_path / "sha256"
    top.mkdir()
    git(top, "init", "-q", "--object-format=sha256")
    commit_files(top, {"a": "1\n"})
    commit = write_branch(repo_of(top), ChangeSet({"a": b"2\n"}, {"a": b"1\n"}), "x", branch="b", base="main")
    assert len(commit) == 64
    assert git(top, "show", "b:a") == "2"


def test_commits_are_signed_when_git_is_told_to(checkout: Path, tmp_path: Path) -> None:
    key = tmp_path / "key"
    done = subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=False, capture_output=True)
    if done.returncode:
        pytest.fail("ssh-keygen is missing: install openssh-client")
    git(checkout, "config", "gpg.format", "ssh")
    git(checkout, "config", "user.signingKey", str(key))
    git(checkout, "config", "commit.gpgsign", "true")
    write_branch(repo_of(checkout), CHANGES, "x", branch="b", base="main")
    assert "gpgsig -----BEGIN SSH SIGNATURE" in git(checkout, "cat-file", "commit", "b")
    git(checkout, "config", "user.signingKey", str(tmp_path / "missing"))
    assert refused(checkout, branch="c")[0] is Code.GIT_FAILED
