"""A change that was left half written: whoever reads is told, whoever writes puts it right first."""

import os
import subprocess
import sys
import time

import pytest

from atmos_cli.adapters import journal
from atmos_cli.adapters.lock import locked, place_of

READING = [
    ("validate",),
    ("validate", "--output", "json"),
    ("diff",),
    ("budget", "show"),
    ("budget", "check"),
    ("approve", "check"),
    ("new", "service", "go, port 80", "--dry-run"),
    ("init", "--dry-run"),
    ("blueprint", "list"),
]


@pytest.fixture
def pending(repo):
    """Killed when the new file was in its place, before anything else."""
    place = place_of(repo)
    with locked(place):
        entry = journal.JournalEntry("platform/note.yaml", None, b"a: 1\n")
        journal.save(place, journal.planned(place, (entry,)))
        journal.stage(place, journal.load(place))
    assert not (repo / "platform/note.yaml").exists()
    return repo


def everything(root):
    return {path.relative_to(root): path.lstat().st_mtime_ns for path in root.rglob("*")}


@pytest.mark.parametrize("args", READING, ids=" ".join)
def test_a_command_that_reads_says_so_and_writes_nothing(atmos, pending, args):
    before = everything(pending)
    done = atmos(*args, cwd=pending)
    if args[0] == "blueprint":
        assert done.code == 0
    else:
        assert done.code == 2
        assert "ATM619" in done.out + done.err
        assert f"atmos recover --repo {pending}" in done.out + done.err
    assert everything(pending) == before


def test_recover_undoes_it_and_says_so(atmos, pending):
    done = atmos("recover", "--repo", pending)
    assert done.code == 0
    assert "ATM613" in done.err
    assert "undone" in done.err
    assert atmos("validate", cwd=pending).code == 0
    assert list(pending.rglob(".atmos-cli-*")) == []


def test_recover_in_json(atmos, pending):
    done = atmos("recover", "--output", "json", cwd=pending)
    assert done.json["data"] == {"recovered": True}
    assert done.codes == ["ATM613"]
    assert atmos("recover", "--output", "json", cwd=pending).json["data"] == {"recovered": False}


def test_recover_has_nothing_to_do(atmos, repo):
    done = atmos("recover", cwd=repo)
    assert (done.code, done.out) == (0, "nothing to recover: no write was interrupted here\n")


def test_recover_nowhere(atmos, tmp_path):
    done = atmos("recover", "--repo", tmp_path / "none")
    assert done.code == 2
    assert "there is no directory" in done.err


def test_recover_while_another_one_writes(atmos, pending):
    with locked(place_of(pending)):
        done = atmos("recover", cwd=pending)
    assert done.code == 2
    assert "ATM612" in done.err


def test_a_command_that_writes_recovers_first(atmos, pending, git):
    done = atmos("new", "service", "go, port 8080", "--name", "shop", "--yes", cwd=pending)
    assert done.code == 0, done.err
    assert "ATM613" in done.err
    assert git("status", "--porcelain", cwd=pending) == ""


def test_a_commit_that_landed_is_reported_as_made(atmos, repo, git):
    """Another git takes the index lock after atmos has looked: the commit is made, and its index follows later."""
    hook = repo / ".git/hooks/commit-msg"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch .git/index.lock\n")
    hook.chmod(0o755)
    done = atmos("new", "service", "go, port 8080", "--name", "shop", "--yes", cwd=repo)
    hook.unlink()
    assert done.code == 0, done.err
    assert "is made, but the index" in done.out + done.err
    assert "atmos recover" in done.out + done.err
    (repo / ".git/index.lock").unlink()
    assert atmos("recover", cwd=repo).code == 0
    assert git("log", "-1", "--format=%s", cwd=repo).startswith("Add the service")
    assert git("status", "--porcelain", cwd=repo) == ""


def test_a_held_index_is_found_before_anything_is_written(atmos, repo, git):
    (repo / ".git/index.lock").touch()
    before = git("rev-parse", "HEAD", cwd=repo)
    done = atmos("new", "service", "go, port 8080", "--name", "shop", "--yes", cwd=repo)
    assert done.code == 2
    assert "nothing was written" in done.err
    assert f"rm {repo}/.git/index.lock" in done.err
    assert git("rev-parse", "HEAD", cwd=repo) == before
    assert not (repo / "apps/main/shop").exists()


SIGNALS = {"TERM": 143, "HUP": 129, "INT": 130}


@pytest.mark.slow
@pytest.mark.parametrize("name", SIGNALS)
@pytest.mark.parametrize("write", ["commit", "branch"])
def test_ended_in_the_middle_it_takes_everything_back(repo, git, tmp_path, name, write):
    """The hook is where `git commit` waits for a person or a slow check, and where CI cancels."""
    begun = tmp_path / "begun"
    hook = "pre-commit" if write == "commit" else "reference-transaction"
    file = repo / ".git/hooks" / hook
    file.parent.mkdir(exist_ok=True)
    file.write_text(f"#!/bin/sh\n[ $# -gt 0 ] && [ $1 != prepared ] && exit 0\ntouch {begun}\nexec sleep 5\n")
    file.chmod(0o755)
    before = git("rev-parse", "HEAD", cwd=repo)
    command = [sys.executable, "-m", "atmos_cli", "new", "service", "go, port 8080", "--name", "shop", "--yes"]
    scratch = tmp_path / "tmp"
    scratch.mkdir()
    process = subprocess.Popen(
        [*command, "--write", write],
        cwd=repo,
        env={**os.environ, "TMPDIR": str(scratch)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        preexec_fn=_as_in_a_terminal,  # noqa: PLW1509 - it only sets a signal
    )
    deadline = time.monotonic() + 60
    while not begun.exists():
        assert process.poll() is None, process.stderr.read()
        assert time.monotonic() < deadline
        time.sleep(0.01)
    process.send_signal(getattr(__import__("signal"), f"SIG{name}"))
    _, err = process.communicate(timeout=60)
    assert process.returncode == SIGNALS[name], err
    assert b"interrupted" in err
    file.unlink()
    if write == "commit":
        assert git("rev-parse", "HEAD", cwd=repo) == before
    assert git("status", "--porcelain", cwd=repo) == ""
    assert not (repo / "apps/main/shop").exists()
    assert list(scratch.iterdir()) == []
    assert [path.name for path in (repo / ".git").glob("atmos-cli*")] == []


def _as_in_a_terminal():
    """What runs in the background of a shell starts with SIGINT ignored."""
    import signal

    signal.signal(signal.SIGINT, signal.default_int_handler)
