"""Killed at any write, or while any git that it started runs: the next command finds all or nothing, or makes it so."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from killing import COMPLETED, run_until
from repos import CHANGES, git, git_state, work_tree

from atmos_cli.adapters.git.branch import move_ref, write_branch
from atmos_cli.adapters.git.commit import write_commit
from atmos_cli.adapters.git.repo import Repo, init_repo, open_repo
from atmos_cli.adapters.lock import place_of
from atmos_cli.adapters.transaction import apply, recover
from atmos_cli.diagnostics import Code
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_STEPS = 400


def by_files(top: Path) -> None:
    apply(top, CHANGES)


def by_commit(top: Path) -> None:
    write_commit(repo_of(top), CHANGES, "add e\n\nAtmos-Service: e\n")


def write_first(top: Path, changes: ChangeSet) -> None:
    write_commit(repo_of(top), changes, "first")


def repo_of(top: Path) -> Repo:
    repo = open_repo(top)
    assert repo
    return repo


def until_settled(top: Path) -> list[str]:
    """What the next commands say; a git that outlived its atmos keeps the lock for a moment."""
    said = [note.code for note in recover(top)]
    deadline = time.monotonic() + 10
    while place_of(top).directory.exists():
        assert time.monotonic() < deadline, list(place_of(top).directory.iterdir())
        said += [note.code for note in recover(top)]
    return said


def state(top: Path) -> tuple[object, ...]:
    return work_tree(top), git_state(top) if (top / ".git").exists() else None


def plain_copy(checkout: Path) -> Path:
    shutil.rmtree(checkout / ".git")
    return checkout


def kill_everywhere(
    template: Path,
    action: Callable[[Path], None],
    *,
    whole_group: bool = False,
    again: int = 0,
    stride: int = 1,
    stop: int = signal.SIGKILL,
) -> set[str]:
    """Every step in turn; gives which ends were seen. `again`: the recovery is killed too, at a step below `again`."""
    # in memory: thousands of fsyncs say nothing more about a killed process than none
    shelf = Path(tempfile.mkdtemp(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None))
    try:
        return _kill_everywhere(
            template, shelf / "trial", action, whole_group=whole_group, again=again, stop=stop, stride=stride
        )
    finally:
        shutil.rmtree(shelf)


def _kill_everywhere(
    template: Path, top: Path, action: Callable[[Path], None], *, whole_group: bool, again: int, stop: int, stride: int
) -> set[str]:
    shutil.copytree(template, top, symlinks=True)
    before = state(top)
    action(top)
    after = state(top)
    assert before != after
    ends = set()
    for step in range(1, MOST_STEPS, stride):
        shutil.rmtree(top)
        shutil.copytree(template, top, symlinks=True)
        code = run_until(step, lambda: action(top), whole_group=whole_group, stop=stop)
        if again and code != COMPLETED:
            run_until(1 + step % again, lambda: recover(top), whole_group=whole_group)
        said = until_settled(top)
        now = state(top)
        deadline = time.monotonic() + 10
        while now not in (before, after) and time.monotonic() < deadline:
            time.sleep(0.05)  # a git that outlived its atmos, without a journal: the moment of a new branch
            now = state(top)
        assert now in (before, after), f"step {step}: neither as before nor complete"
        assert set(said) <= {Code.WRITE_RECOVERED}
        ends.add("before" if now == before else "after")
        if code == COMPLETED:
            assert now == after
            assert step > 20
            return ends
    pytest.fail("it never completed")


@pytest.mark.sample
@pytest.mark.parametrize("again", [0, 12])
def test_files_in_a_checkout_are_all_written_or_none(checkout: Path, again: int) -> None:
    assert kill_everywhere(checkout, by_files, again=again) == {"before", "after"}


@pytest.mark.sample
@pytest.mark.parametrize("again", [0, 12])
def test_files_outside_git_are_all_written_or_none(checkout: Path, again: int) -> None:
    assert kill_everywhere(plain_copy(checkout), by_files, again=again) == {"before", "after"}


@pytest.mark.slow
@pytest.mark.parametrize(("whole_group", "again"), [(False, 0), (True, 0), (True, 25)])
def test_a_commit_is_made_with_its_files_or_not_at_all(checkout: Path, whole_group: bool, again: int) -> None:
    assert kill_everywhere(
        checkout, by_commit, whole_group=whole_group, again=again, stride=2 if whole_group else 1
    ) == {"before", "after"}


@pytest.mark.slow
def test_a_commit_below_a_subdirectory_is_whole_too(checkout: Path, tmp_path: Path) -> None:
    outer = tmp_path / "outer"
    outer.mkdir()
    shutil.rmtree(checkout / ".git")
    shutil.copytree(checkout, outer / "demo")
    git(outer, "init", "-q")
    git(outer, "add", "demo/apps")
    git(outer, "commit", "-qm", "base")
    assert kill_everywhere(outer, lambda top: by_commit(top / "demo"), stride=3) == {"before", "after"}


@pytest.mark.slow
def test_the_first_commit_of_a_repository_is_whole_too(tmp_path: Path) -> None:
    top = tmp_path / "empty"
    top.mkdir()
    init_repo(top)
    (top / "mine.txt").write_text("untracked\n")
    changes = ChangeSet({f"d{n}/f.yaml": b"x: 1\n" for n in range(3)})
    assert kill_everywhere(top, lambda at: write_first(at, changes), stride=3) == {"before", "after"}


@pytest.mark.slow
def test_a_branch_appears_whole_or_not_at_all(checkout: Path) -> None:
    def by_branch(top: Path) -> None:
        write_branch(repo_of(top), CHANGES, "add e", branch="atmos/e", base="main")

    assert kill_everywhere(checkout, by_branch) == {"before", "after"}


@pytest.mark.slow
@pytest.mark.parametrize("action", [by_files, by_commit])
def test_ctrl_c_anywhere_leaves_all_or_nothing_and_no_journal(checkout: Path, action: Callable[[Path], None]) -> None:
    assert kill_everywhere(checkout, action, stop=signal.SIGINT, stride=2) == {"before", "after"}


def test_what_was_recovered_is_said_once(checkout: Path) -> None:
    step = next(n for n in range(1, MOST_STEPS) if _journal_after(checkout, n))
    assert step
    (note,) = recover(checkout)
    assert note.code is Code.WRITE_RECOVERED
    assert "4 files" in note.message
    assert recover(checkout) == ()


def _journal_after(checkout: Path, step: int) -> bool:
    assert run_until(step, lambda: by_files(checkout)) != COMPLETED
    if (checkout / ".git/atmos-cli/undo.json").exists():
        return True
    recover(checkout)
    return False


def test_git_that_moves_a_ref_is_not_ended_in_the_middle(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hook = checkout / ".git" / "hooks" / "reference-transaction"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nsleep 0.5\n")
    hook.chmod(0o755)
    old = git(checkout, "rev-parse", "HEAD").strip()
    new = git(checkout, "commit-tree", "-p", old, "-m", "next", "HEAD^{tree}").strip()
    repo = repo_of(checkout)
    communicate, stops = subprocess.Popen.communicate, [KeyboardInterrupt()]

    def interrupted(self: Any, *args: Any, **options: Any) -> Any:
        if stops and "update-ref" in self.args:
            raise stops.pop()
        return communicate(self, *args, **options)

    monkeypatch.setattr(subprocess.Popen, "communicate", interrupted)
    with pytest.raises(KeyboardInterrupt):
        move_ref(repo, "refs/heads/main", new=new, old=old, reason="next")
    assert git(checkout, "rev-parse", "main").strip() == new
    assert not list((checkout / ".git").rglob("*.lock"))
