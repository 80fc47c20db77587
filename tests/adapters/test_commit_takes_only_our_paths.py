"""Commit mode: exactly our files are committed, hooks run, everything else of the user stays byte for byte."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import pytest
from killing import COMPLETED, run_until
from repos import CHANGES, commit_files, git, git_state, work_tree

from atmos_cli.adapters.git import commit as git_commit
from atmos_cli.adapters.git.commit import write_commit
from atmos_cli.adapters.git.repo import Repo, init_repo, open_repo
from atmos_cli.adapters.lock import locked, place_of
from atmos_cli.adapters.transaction import recover
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def repo_of(path: Path) -> Repo:
    repo = open_repo(path)
    assert repo
    return repo


def refused(top: Path, changes: ChangeSet = CHANGES) -> AtmosError:
    before = work_tree(top), git_state(top)
    with pytest.raises(AtmosError) as caught:
        write_commit(repo_of(top), changes, "x")
    assert (work_tree(top), git_state(top)) == before
    assert caught.value.diagnostics[0].hint
    return caught.value


def hook(top: Path, name: str, script: str) -> None:
    file = top / ".git/hooks" / name
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_only_our_paths_are_committed_and_the_rest_stays(checkout: Path) -> None:
    before = work_tree(checkout)
    staged = git(checkout, "diff", "--cached", "--", "user")
    unstaged = git(checkout, "diff", "--", "user")
    old = git(checkout, "rev-parse", "HEAD")
    done = write_commit(repo_of(checkout), CHANGES, "add e\n\nAtmos-Service: e\n")
    assert done.branch == "main"
    assert git(checkout, "rev-parse", "HEAD", "HEAD^") == f"{done.commit}\n{old}"
    changed = git(checkout, "diff", "--name-status", "HEAD^", "HEAD")
    assert changed == "M\tapps/a.yaml\nA\tapps/c/d/e.yaml\nA\tapps/c/f.yaml\nD\tapps/gone/b.yaml"
    assert git(checkout, "diff", "--cached", "--", "user") == staged
    assert git(checkout, "diff", "--", "user") == unstaged
    assert git(checkout, "status", "--porcelain", "--", "apps") == ""
    after = work_tree(checkout)
    assert {path: after[path] for path in before if path.startswith("user")} == {
        path: before[path] for path in before if path.startswith("user")
    }
    assert git_state(checkout)["left"] == ""
    assert git(checkout, "reflog", "-1", "--format=%gs") == "commit: add e"
    assert git(checkout, "fsck", "--strict") == ""


def test_the_commit_is_the_one_that_git_itself_makes(checkout: Path, tmp_path: Path) -> None:
    twin = tmp_path / "twin"
    git(tmp_path, "clone", "-q", str(checkout), str(twin))
    for path, data in CHANGES.files.items():
        (twin / path).parent.mkdir(parents=True, exist_ok=True)
        (twin / path).unlink(missing_ok=True)
        if data is not None:
            (twin / path).write_bytes(data)
    git(twin, "add", "-A")
    git(twin, "commit", "-qm", "add e\n\nbody")
    assert write_commit(repo_of(checkout), CHANGES, "add e\n\nbody").commit == git(twin, "rev-parse", "HEAD")


def test_the_first_commit_of_a_new_repository(tmp_path: Path) -> None:
    top = tmp_path / "new"
    top.mkdir()
    repo = init_repo(top, branch="trunk")
    (top / "mine").write_text("x")
    done = write_commit(repo, ChangeSet({"a/b": b"x\n"}), "first")
    assert git(top, "rev-parse", "trunk") == done.commit
    assert git(top, "status", "--porcelain") == "?? mine"


def test_a_root_below_the_top_and_a_linked_worktree(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "worktree", "add", "-q", str(tmp_path / "linked"))
    write_commit(repo_of(tmp_path / "linked/apps"), ChangeSet({"n.yaml": b"n\n"}), "n")
    assert git(checkout, "show", "linked:apps/n.yaml") == "n"
    assert git(tmp_path / "linked", "status", "--porcelain") == ""
    assert git(checkout, "rev-parse", "main") != git(checkout, "rev-parse", "linked")


def test_nothing_to_write_is_no_commit(checkout: Path) -> None:
    before = git_state(checkout)
    same = ChangeSet({"apps/a.yaml": b"old a\n"}, {"apps/a.yaml": b"old a\n"})
    assert write_commit(repo_of(checkout), same, "x").commit == git(checkout, "rev-parse", "HEAD")
    assert git_state(checkout) == before


def test_an_ignored_path_is_committed_all_the_same(checkout: Path) -> None:
    (checkout / ".git/info").mkdir(exist_ok=True)
    (checkout / ".git/info/exclude").write_text("c/\n")
    write_commit(repo_of(checkout), CHANGES, "x")
    assert git(checkout, "show", "HEAD:apps/c/f.yaml") == "new f"


@pytest.mark.parametrize("how", ["unstaged", "staged", "untracked", "removed"])
def test_uncommitted_changes_of_our_own_paths_are_refused(checkout: Path, how: str) -> None:
    changes = ChangeSet({"apps/a.yaml": b"new\n"}, {"apps/a.yaml": b"mine\n"})
    (checkout / "apps/a.yaml").write_text("mine\n")
    if how == "staged":
        git(checkout, "add", "apps/a.yaml")
    elif how == "untracked":
        git(checkout, "rm", "-q", "--cached", "-f", "apps/a.yaml")
        git(checkout, "commit", "-qm", "gone")
    elif how == "removed":
        (checkout / "apps/a.yaml").unlink()
        changes = ChangeSet({"apps/a.yaml": b"new\n"})
    error = refused(checkout, changes)
    assert [d.code for d in error.diagnostics] == [Code.REPO_DIRTY_PATH]
    assert "apps/a.yaml" in error.diagnostics[0].message


def test_a_detached_head_an_unfinished_merge_and_no_identity_are_refused(checkout: Path, tmp_path: Path) -> None:
    git(checkout, "checkout", "-q", "--detach")
    error = refused(checkout)
    assert error.diagnostics[0].code is Code.REPO_DETACHED
    assert "--write branch" in error.diagnostics[0].hint
    git(checkout, "checkout", "-q", "main")
    (checkout / ".git/MERGE_HEAD").write_text(git(checkout, "rev-parse", "HEAD") + "\n")
    assert refused(checkout).diagnostics[0].code is Code.REPO_UNFINISHED
    (checkout / ".git/MERGE_HEAD").unlink()
    (tmp_path / "home/config").write_text("")
    assert refused(checkout).diagnostics[0].code is Code.REPO_NO_IDENTITY


@pytest.mark.parametrize("name", ["pre-commit", "commit-msg"])
def test_a_hook_that_refuses_undoes_everything_and_is_quoted(checkout: Path, name: str) -> None:
    hook(checkout, name, "echo checking >&2; echo 'line 3 is bad.' >&2; echo tampered > apps/a.yaml; exit 1")
    error = refused(checkout)
    assert f"{name} hook refused" in error.diagnostics[0].message
    assert "line 3 is bad" in error.diagnostics[0].message
    assert error.exit_code == 1


def test_hooks_see_what_git_commit_shows_them(checkout: Path) -> None:
    hook(
        checkout,
        "pre-commit",
        "git diff --cached --name-only > .git/seen; git diff --name-only >> .git/seen; pwd >> .git/seen",
    )
    hook(checkout, "prepare-commit-msg", 'echo "$2" >> .git/seen; echo "Change-Id: I1" >> "$1"')
    hook(checkout, "commit-msg", 'test -f .git/COMMIT_EDITMSG && echo "Checked: yes" >> "$1"')
    hook(checkout, "post-commit", "git log -1 --format=%an >> .git/seen; exit 1")
    write_commit(repo_of(checkout), CHANGES, "add e")
    seen = (checkout / ".git/seen").read_text().split("\n")
    assert seen[:4] == ["apps/a.yaml", "apps/c/d/e.yaml", "apps/c/f.yaml", "apps/gone/b.yaml"]
    assert "user/unstaged.txt" in seen
    assert seen[-4:] == [str(checkout), "message", "Ada Test", ""]
    assert git(checkout, "log", "-1", "--format=%B") == "add e\nChange-Id: I1\nChecked: yes"


def test_a_hook_may_mend_our_file_and_stage_it(checkout: Path) -> None:
    hook(checkout, "pre-commit", "echo mended >> apps/a.yaml; git add apps/a.yaml")
    write_commit(repo_of(checkout), CHANGES, "x")
    assert git(checkout, "show", "HEAD:apps/a.yaml") == "new a\nmended"
    assert git(checkout, "status", "--porcelain", "--", "apps") == ""


def test_atmos_in_a_hook_neither_recovers_nor_looks_at_the_hooks_index(checkout: Path) -> None:
    python = "import sys; from pathlib import Path; from atmos_cli.adapters.transaction import recover; "
    ask = "from atmos_cli.adapters.git.repo import open_repo; from atmos_cli.adapters.git.status import dirty; r = open_repo(Path('.')); "
    check = "sys.exit(recover(Path('.')) != () or dirty(r, ['user/staged.txt']) != ('user/staged.txt',))"
    hook(checkout, "pre-commit", f'"{os.sys.executable}" -c "{python}{ask}{check}"')  # type: ignore[attr-defined]
    write_commit(repo_of(checkout), CHANGES, "x")
    assert git(checkout, "show", "HEAD:apps/a.yaml") == "new a"


def test_old_git_without_git_hook_runs_hooks_too(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = git_commit.ask

    def old(top: Path, *args: str, **options: object) -> object:
        if args[0] == "hook":
            return git_commit.GitAnswer(1, b"", "git: 'hook' is not a git command. See 'git --help'.")
        return real(top, *args, **options)

    monkeypatch.setattr(git_commit, "ask", old)
    hook(checkout, "pre-commit", "git diff --cached --name-only; exit 1")
    assert "apps/gone/b.yaml" in refused(checkout).diagnostics[0].message
    hook(checkout, "pre-commit", "exit 0")
    write_commit(repo_of(checkout), CHANGES, "x")


def test_a_commit_of_the_user_in_the_meantime_is_not_lost(checkout: Path) -> None:
    before = work_tree(checkout)
    hook(checkout, "pre-commit", "unset GIT_INDEX_FILE; git commit -qm meanwhile --no-verify --only user/unstaged.txt")
    with pytest.raises(AtmosError) as caught:
        write_commit(repo_of(checkout), CHANGES, "x")
    assert caught.value.diagnostics[0].code is Code.BRANCH_MOVED
    assert git(checkout, "log", "-1", "--format=%s") == "meanwhile"
    assert work_tree(checkout) == before
    assert git_state(checkout)["left"] == ""


@pytest.mark.parametrize("break_it", [lambda top: (top / ".git/refs/heads/main.lock").touch()])
def test_a_failure_of_git_undoes_the_files(checkout: Path, break_it: Callable[[Path], None]) -> None:
    break_it(checkout)
    assert "main.lock" in refused(checkout).diagnostics[0].message


def test_a_held_index_lock_is_named_and_the_next_command_finishes(checkout: Path) -> None:
    (checkout / ".git/index.lock").touch()
    with pytest.raises(AtmosError) as caught:
        write_commit(repo_of(checkout), CHANGES, "x")
    assert "index.lock" in caught.value.diagnostics[0].message + caught.value.diagnostics[0].hint
    (checkout / ".git/index.lock").unlink()
    recover(checkout)
    assert git(checkout, "status", "--porcelain", "--", "apps") == ""


def lock_is_held(top: Path) -> bool:
    """By a git that outlived its killed atmos."""
    try:
        with locked(place_of(top), wait=0):
            return False
    except AtmosError:
        return True


@pytest.mark.slow
def test_what_the_user_staged_after_a_crash_is_kept(checkout: Path) -> None:
    for step in range(60, 300):
        assert run_until(step, lambda: write_commit(repo_of(checkout), CHANGES, "x")) < COMPLETED
        while lock_is_held(checkout):
            time.sleep(0.01)
        if git(checkout, "log", "-1", "--format=%s") == "x":
            break
        recover(checkout)
    (checkout / "apps/a.yaml").write_text("my own afterwards\n")
    git(checkout, "add", "apps/a.yaml")
    (note,) = recover(checkout)
    assert "finished" in note.message
    assert git(checkout, "status", "--porcelain", "--", "apps") == "M  apps/a.yaml"


def test_commits_below_other_commits_keep_working(checkout: Path) -> None:
    for number in range(3):
        write_commit(repo_of(checkout), ChangeSet({f"n/{number}": b"x\n"}), f"n {number}")
    commit_files(checkout, {"other": "x"})
    assert git(checkout, "rev-list", "--count", "HEAD") == "5"
