"""Notes are a union: two who write or push at once both keep their lines, and git itself reads them."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from repos import commit_files, git

from atmos_cli.adapters.git import notes
from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.diagnostics import AtmosError

if TYPE_CHECKING:
    from pathlib import Path

    from atmos_cli.adapters.git.repo import Repo

PROGRAM = """
import sys
from pathlib import Path
from atmos_cli.adapters.git import notes
from atmos_cli.adapters.git.repo import open_repo
name, commit, count, pushes = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == 'push'
repo = open_repo(Path('.'))
sys.stdin.readline()
for n in range(count):
    notes.add(repo, commit, [f'{name} {n}'])
    if pushes:
        notes.publish(repo)
"""


def repo_at(path: Path) -> Repo:
    found = open_repo(path)
    assert found
    return found


@pytest.fixture
def shared(tmp_path: Path) -> tuple[Path, Path, str]:
    """Two clones of one bare repository, and its commit."""
    first = tmp_path / "seed"
    first.mkdir()
    git(first, "init", "-q")
    commit = commit_files(first, {"a": "1\n"})
    git(tmp_path, "clone", "-q", "--bare", str(first), "bare.git")
    for name in ("one", "two"):
        git(tmp_path, "clone", "-q", str(tmp_path / "bare.git"), name)
    return tmp_path / "one", tmp_path / "two", commit


def together(runs: list[tuple[Path, str, str]], *, pushes: bool, count: int) -> None:
    words = [sys.executable, "-W", "error", "-c", PROGRAM]
    started = [
        subprocess.Popen(
            [*words, name, commit, str(count), "push" if pushes else "keep"], cwd=at, stdin=subprocess.PIPE, text=True
        )
        for at, name, commit in runs
    ]
    for process in started:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    for process in started:
        process.communicate(timeout=120)
    assert [process.returncode for process in started] == [0] * len(runs)


def test_git_reads_what_was_noted(shared: tuple[Path, Path, str]) -> None:
    one, _, commit = shared
    notes.add(repo_at(one), commit, ["b", "a"])
    notes.add(repo_at(one), commit, ["c", "a"])
    assert git(one, "notes", "--ref=atmos", "show", commit) == "a\nb\nc"
    assert notes.lines(repo_at(one)) == {commit: ("a", "b", "c")}


def test_lines_of_git_itself_are_read_and_kept(shared: tuple[Path, Path, str]) -> None:
    one, _, commit = shared
    git(one, "notes", "--ref=atmos", "add", "-m", "by hand", commit)
    notes.add(repo_at(one), commit, ["ours"])
    assert notes.lines(repo_at(one)) == {commit: ("by hand", "ours")}


@pytest.mark.slow
def test_processes_in_one_clone_lose_nothing(shared: tuple[Path, Path, str]) -> None:
    one, _, commit = shared
    together([(one, f"p{n}", commit) for n in range(4)], pushes=False, count=4)
    assert set(notes.lines(repo_at(one))[commit]) == {f"p{p} {n}" for p in range(4) for n in range(4)}


@pytest.mark.slow
def test_clones_that_push_at_once_lose_nothing(shared: tuple[Path, Path, str]) -> None:
    one, two, commit = shared
    together([(one, "one", commit), (two, "two", commit), (one, "three", commit)], pushes=True, count=4)
    wanted = {f"{name} {n}" for name in ("one", "two", "three") for n in range(4)}
    for clone in (one, two):
        assert notes.fetch(repo_at(clone)) == ""
        assert set(notes.lines(repo_at(clone))[commit]) == wanted
    assert set(git(one.parent / "bare.git", "notes", "--ref=atmos", "show", commit).splitlines()) == wanted


def test_notes_that_grew_apart_come_together(shared: tuple[Path, Path, str]) -> None:
    one, two, commit = shared
    other = commit_files(two, {"b": "1\n"})
    notes.add(repo_at(one), commit, ["one"])
    notes.add(repo_at(two), commit, ["two"])
    notes.add(repo_at(two), other, ["new"])
    notes.publish(repo_at(one))
    notes.publish(repo_at(two))
    assert notes.fetch(repo_at(one)) == ""
    assert notes.lines(repo_at(one)) == {commit: ("one", "two"), other: ("new",)}
    merge = git(one, "rev-list", "--parents", "-1", notes.REF).split()
    assert len(merge) == 3


def test_without_notes_there_is_nothing_and_no_error(shared: tuple[Path, Path, str]) -> None:
    one, _, _ = shared
    assert notes.lines(repo_at(one)) == {}
    assert notes.fetch(repo_at(one)) == ""
    notes.publish(repo_at(one))


def test_a_remote_that_is_gone_is_said(shared: tuple[Path, Path, str]) -> None:
    one, _, commit = shared
    git(one, "remote", "set-url", "origin", str(one.parent / "nowhere.git"))
    assert "Could not read from remote" in notes.fetch(repo_at(one))
    notes.add(repo_at(one), commit, ["kept"])
    with pytest.raises(AtmosError) as error:
        notes.publish(repo_at(one))
    assert error.value.diagnostics[0].code.value == "ATM609"
    assert notes.lines(repo_at(one)) == {commit: ("kept",)}


def test_without_an_identity_the_record_is_kept_all_the_same(
    shared: tuple[Path, Path, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _, commit = shared
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    notes.add(repo_at(one), commit, [json.dumps({"a": 1})])
    assert git(one, "log", "-1", "--format=%an", notes.REF) == "atmos"


def test_a_thousand_noted_commits_are_one_fast_tree(shared: tuple[Path, Path, str]) -> None:
    """Git's own fan-out and ours mix; a note of the wrong name or size is passed over."""
    one, _, commit = shared
    repo = repo_at(one)
    blob = git(one, "hash-object", "-w", "--stdin", input="x\n")
    rows = "".join(f"100644 blob {blob}\t{n:040x}\n" for n in range(1, 1001)) + f"100644 blob {blob}\tREADME\n"
    tree = git(one, "mktree", "--missing", input=rows)
    git(one, "update-ref", notes.REF, git(one, "commit-tree", "-m", "many", tree))
    notes.add(repo, commit, ["ours"])
    found = notes.lines(repo)
    assert (len(found), found[commit]) == (1001, ("ours",))
