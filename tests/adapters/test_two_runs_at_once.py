"""Many atmos processes in one repository: every change that was accepted is there, every refusal is a clear answer."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from repos import git, git_state

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from atmos_cli.adapters.git.branch import write_branch
from atmos_cli.adapters.git.commit import write_commit
from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.diagnostics import AtmosError
from atmos_cli.result import ChangeSet
how, name, count = sys.argv[1], sys.argv[2], int(sys.argv[3])
repo = open_repo(Path('.'))
sys.stdin.readline()
for n in range(count):
    changes = ChangeSet({f'apps/{name}/{n}.yaml': name.encode()})
    try:
        if how == 'commit':
            write_commit(repo, changes, f'{name} {n}')
        else:
            write_branch(repo, changes, f'{name} {n}', branch=f'{how}/{n}', base='main')
        print('done', name, n)
    except AtmosError as error:
        print(error.diagnostics[0].code.value, name, n)
"""


def together(checkout: Path, *runs: tuple[str, str, int]) -> list[list[str]]:
    processes = [
        subprocess.Popen(
            [sys.executable, "-W", "error", "-c", PROGRAM, how, name, str(count)],
            cwd=checkout,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for how, name, count in runs
    ]
    for process in processes:
        assert process.stdin
        process.stdin.write("\n")
        process.stdin.flush()
    said = [process.communicate()[0] for process in processes]
    assert [process.returncode for process in processes] == [0] * len(runs)
    return [line.split() for text in said for line in text.splitlines()]


@pytest.mark.slow
def test_commits_and_branches_from_many_processes_are_all_there(checkout: Path) -> None:
    staged = git(checkout, "diff", "--cached", "--", "user")
    runs = [("commit", f"c{n}", 4) for n in range(4)] + [(f"b{n}", f"b{n}", 4) for n in range(2)]
    answers = together(checkout, *runs)
    assert len(answers) == 24
    assert {answer for answer, _, _ in answers} <= {"done", "ATM612"}
    tree = git(checkout, "ls-tree", "-r", "--name-only", "main").split()
    branches = git(checkout, "for-each-ref", "--format=%(refname:short)", "refs/heads/").split()
    for answer, name, number in answers:
        where = tree if name.startswith("c") else branches
        wanted = f"apps/{name}/{number}.yaml" if name.startswith("c") else f"{name}/{number}"
        assert (wanted in where) == (answer == "done")
    assert sum(answer == "done" for answer, _, _ in answers) > 12
    assert git(checkout, "diff", "--cached", "--", "user") == staged
    assert git(checkout, "status", "--porcelain", "--", "apps") == ""
    assert git_state(checkout)["left"] == ""


def test_one_of_many_gets_the_branch(checkout: Path) -> None:
    answers = together(checkout, *[("same", f"w{n}", 1) for n in range(5)])
    assert sorted(answer for answer, _, _ in answers) == ["ATM607"] * 4 + ["done"]
    winner = next(name for answer, name, _ in answers if answer == "done")
    assert git(checkout, "show", f"same/0:apps/{winner}/0.yaml") == winner
    assert git(checkout, "fsck", "--strict", "--no-dangling") == ""
