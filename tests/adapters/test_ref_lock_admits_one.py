"""The lock of a service in an environment has one holder, whoever asks at once, here or in another clone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from repos import commit_files, git

from atmos_cli.adapters.git import ref_lock
from atmos_cli.adapters.git.ref_lock import LEASE_SECONDS, held, lock_ref
from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.diagnostics import AtmosError, Code

if TYPE_CHECKING:
    from pathlib import Path

    from atmos_cli.adapters.git.repo import Repo

REF = lock_ref("prod", "shop", "checkout")
NOW = 1_800_000_000.0
PROGRAM = """
import sys
from pathlib import Path
from atmos_cli.adapters.git.ref_lock import held
from atmos_cli.adapters.git.repo import open_repo
from atmos_cli.diagnostics import AtmosError
repo = open_repo(Path('.'))
sys.stdin.readline()
try:
    with held(repo, sys.argv[1], holder=sys.argv[2], remote=sys.argv[3]):
        print('held', flush=True)
        sys.stdin.readline()
except AtmosError as error:
    print(error.diagnostics[0].code.value, error.diagnostics[0].message, flush=True)
"""


def repo_at(path: Path) -> Repo:
    found = open_repo(path)
    assert found
    return found


@pytest.fixture
def clones(tmp_path: Path) -> tuple[Path, Path]:
    seed = tmp_path / "seed"
    seed.mkdir()
    git(seed, "init", "-q")
    commit_files(seed, {"a": "1\n"})
    git(tmp_path, "clone", "-q", "--bare", str(seed), "bare.git")
    for name in ("one", "two"):
        git(tmp_path, "clone", "-q", str(tmp_path / "bare.git"), name)
    return tmp_path / "one", tmp_path / "two"


def refs(at: Path) -> str:
    return git(at, "for-each-ref", "refs/atmos")


def start(at: Path, name: str, remote: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-W", "error", "-c", PROGRAM, REF, name, remote]
    return subprocess.Popen(command, cwd=at, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def tell(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def hear(process: subprocess.Popen[str]) -> str:
    assert process.stdout
    return process.stdout.readline().strip()


@pytest.mark.sample
@pytest.mark.parametrize("remote", ["", "origin"], ids=["here", "remote"])
def test_of_many_at_once_one_holds_it(clones: tuple[Path, Path], remote: str) -> None:
    one, two = clones
    places = [one, two if remote else one] * 3
    started = [start(at, f"p{n}", remote) for n, at in enumerate(places)]
    for process in started:
        tell(process)
    said = [hear(process) for process in started]
    assert sum(line == "held" for line in said) == 1, said
    assert all(line == "held" or line.startswith("ATM821 another rollback of shop/checkout in prod") for line in said)
    for process in started:
        process.communicate("\n", timeout=60)
    assert [refs(at) for at in (one, two, one.parent / "bare.git")] == ["", "", ""]


def test_the_refusal_names_the_holder_and_the_way_out(clones: tuple[Path, Path]) -> None:
    one, two = clones
    with held(repo_at(one), REF, holder="run 7\x1b[31m\nExpires: 1", remote="origin", now=NOW):
        with pytest.raises(AtmosError) as error, held(repo_at(two), REF, holder="me", remote="origin", now=NOW):
            pass
        (said,) = error.value.diagnostics
        assert said.code is Code.ROLLBACK_BUSY
        assert error.value.exit_code == 1
        assert "(run 7" in said.message
        assert "\x1b" not in said.message
        assert "08:30:00 UTC" in said.message
        assert said.hint.endswith(f"`git push origin --delete {REF}`")
        assert refs(two) == ""
        git(two, "push", "-q", "origin", "--delete", REF)
        with held(repo_at(two), REF, holder="me", remote="origin", now=NOW) as problems:
            assert problems == ()


def test_another_service_is_not_in_the_way(clones: tuple[Path, Path]) -> None:
    one, _ = clones
    with held(repo_at(one), REF, holder="a"), held(repo_at(one), lock_ref("prod", "shop", "cart"), holder="b"):
        assert len(refs(one).splitlines()) == 2


def test_a_lease_past_its_time_is_taken_over_and_its_owner_does_not_free_the_new_one(clones: tuple[Path, Path]) -> None:
    one, two = clones
    later = NOW + LEASE_SECONDS + 1
    with held(repo_at(one), REF, holder="slow", remote="origin", now=NOW):
        with pytest.raises(AtmosError), held(repo_at(two), REF, holder="x", remote="origin", now=NOW + 60):
            pass
        second = held(repo_at(two), REF, holder="next", remote="origin", now=later)
        second.__enter__()
        third = held(repo_at(one), REF, holder="here", now=later)
        third.__enter__()
    assert "next" in git(one.parent / "bare.git", "log", "-1", "--format=%B", REF)
    assert "here" in git(one, "log", "-1", "--format=%B", REF)
    second.__exit__(None, None, None)
    third.__exit__(None, None, None)
    assert [refs(at) for at in (one, two, one.parent / "bare.git")] == ["", "", ""]


@pytest.mark.parametrize("remote", ["", "origin"], ids=["here", "remote"])
def test_a_killed_holder_on_this_machine_is_succeeded_at_once(clones: tuple[Path, Path], remote: str) -> None:
    one, two = clones
    process = start(one, "killed", remote)
    tell(process)
    assert hear(process) == "held"
    process.kill()
    process.communicate(timeout=60)
    assert REF in refs(one)
    with held(repo_at(two if remote else one), REF, holder="next", remote=remote) as problems:
        assert problems == ()


def test_a_lock_that_says_nothing_stays_until_somebody_removes_it(clones: tuple[Path, Path]) -> None:
    one, _ = clones
    git(one, "update-ref", REF, "HEAD")
    with pytest.raises(AtmosError) as error, held(repo_at(one), REF, holder="me"):
        pass
    assert error.value.diagnostics[0].hint.endswith(f"`git update-ref -d {REF}`")


def test_a_remote_that_takes_no_locks_is_said_and_does_not_stop_anyone(clones: tuple[Path, Path]) -> None:
    one, _ = clones
    hook = one.parent / "bare.git/hooks/pre-receive"
    hook.parent.mkdir()
    hook.write_text("#!/bin/sh\necho no such refs here >&2\nexit 1\n")
    hook.chmod(0o755)
    with held(repo_at(one), REF, holder="me", remote="origin") as problems:
        assert "origin keeps no lock" in problems[0]
    assert refs(one) == ""


def test_every_lock_is_an_object_of_its_own(clones: tuple[Path, Path]) -> None:
    made = {ref_lock._object(repo_at(clones[0]), REF, "same", NOW) for _ in range(3)}
    assert len(made) == 3
