"""Many developers, one bare repo, all at the same moment: nothing is lost, and the limit holds without an approval.

Twenty at once are for the lab (`test_proof_forge_pushes.py`).
"""

import json
import os
import subprocess
import sys

import pytest

from .approving import make_keys, make_template

PUSHERS = 10
FIT = 4


@pytest.mark.slow
def test_ten_push_at_once(tmp_path, atmos, own_git):
    """Each adds a service of one pod where 4 more fit: 4 land, 6 are told why not, and every clone is whole."""
    (tmp_path / "keys").mkdir()
    world = make_template(tmp_path / "seed", atmos, make_keys(tmp_path / "keys"))
    world.budget(limit=1 + FIT, ceiling=100)
    world.commit("Room for four more")
    bare = tmp_path / "bare.git"
    world.git("clone", "-q", "--bare", str(world.root), str(bare), cwd=tmp_path)
    clones = [tmp_path / f"clone-{number}" for number in range(PUSHERS)]
    for clone in clones:
        world.git("clone", "-q", str(bare), str(clone), cwd=tmp_path)
    before = {clone: _state(clone) for clone in clones}

    runs = [_start(clone, f"svc-{number}") for number, clone in enumerate(clones)]
    results = [(run.communicate(timeout=300)[0], run.returncode) for run in runs]

    landed = [number for number, (_, code) in enumerate(results) if code == 0]
    world.git("fetch", "-q", str(bare), "main:refs/heads/landed")
    names = world.git("ls-tree", "--name-only", "landed", "apps/main/").split()
    assert set(names) == {"apps/main/checkout", *(f"apps/main/svc-{number}" for number in landed)}
    assert len(landed) == FIT, [code for _, code in results]
    assert int(world.git("rev-list", "--count", "landed", "^main")) == FIT
    for number, (out, code) in enumerate(results):
        _whole(clones[number], code, json.loads(out), before[clones[number]], number)
    world.git("switch", "-q", "landed")
    world.git("branch", "-q", "-f", "main", "landed")
    assert world.validate()[0] == 0
    assert world.audit().code == 0


def _start(clone, name):
    command = [sys.executable, "-m", "atmos_cli", "new", "service", f"node, port 80, called {name}"]
    options = ["--replicas", "1", "--env", "staging", "--write", "commit", "--push", "--yes", "-o", "json"]
    return subprocess.Popen(
        [*command, *options, "--repo", str(clone)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env=os.environ,
    )


def _git(*args, cwd):
    return subprocess.run(["git", *args], cwd=cwd, capture_output=True, text=True, check=True).stdout.strip()


def _state(clone):
    return _git("rev-parse", "HEAD", cwd=clone)


def _whole(clone, code, said, before, number):
    """Landed: the commit is in origin. Refused: over budget (or too late six times), and nothing is left behind."""
    assert _git("status", "--porcelain", cwd=clone) == "", said
    head = _git("rev-parse", "HEAD", cwd=clone)
    if code == 0:
        assert said["data"]["written"]["commit"] == head
        assert (clone / f"apps/main/svc-{number}").is_dir()
        return
    assert code == 1, said
    codes = {each["code"] for each in said["diagnostics"]}
    assert codes & {"ATM401", "ATM609"}, said
    assert not (clone / f"apps/main/svc-{number}").exists()
    assert head == _git("rev-parse", "origin/main", cwd=clone)
    words = " ".join(each["message"] for each in said["diagnostics"])
    assert ("Approval required" if "ATM401" in codes else "others pushed to main first") in words


@pytest.mark.slow
def test_what_the_user_was_doing_stays_when_others_were_first(tmp_path, atmos, own_git):
    (tmp_path / "keys").mkdir()
    world = make_template(tmp_path / "seed", atmos, make_keys(tmp_path / "keys"))
    world.budget(limit=9, ceiling=9)
    world.commit("Room")
    bare = tmp_path / "bare.git"
    world.git("clone", "-q", "--bare", str(world.root), str(bare), cwd=tmp_path)
    clones = [tmp_path / "first", tmp_path / "second"]
    for clone in clones:
        world.git("clone", "-q", str(bare), str(clone), cwd=tmp_path)
    overlay = clones[1] / "apps/main/checkout/overlays/staging/kustomization.yaml"
    overlay.write_text(overlay.read_text() + "# mine\n")
    (clones[1] / "notes.txt").write_text("mine\n")
    world.git("add", "notes.txt", cwd=clones[1])
    for number, clone in enumerate(clones):
        run = _start(clone, f"svc-{number}")
        out = run.communicate(timeout=120)[0]
        assert run.returncode == 0, out
    assert overlay.read_text().endswith("# mine\n")
    shown = _git("status", "--porcelain", cwd=clones[1]).splitlines()
    assert shown == ["M apps/main/checkout/overlays/staging/kustomization.yaml", "A  notes.txt"]
    assert _git("log", "--format=%s", "-2", "origin/main", cwd=clones[1]).splitlines() == [
        "Add the service svc-1",
        "Add the service svc-0",
    ]


def test_what_others_push_during_the_wait_does_not_make_it_late_again(tmp_path, atmos, own_git, monkeypatch):
    from atmos_cli.gitops import write

    (tmp_path / "keys").mkdir()
    world = make_template(tmp_path / "seed", atmos, make_keys(tmp_path / "keys"))
    bare = tmp_path / "bare.git"
    world.git("clone", "-q", "--bare", str(world.root), str(bare), cwd=tmp_path)
    late, other = tmp_path / "late", tmp_path / "other"
    for clone in (late, other):
        world.git("clone", "-q", str(bare), str(clone), cwd=tmp_path)
    waits = []

    def push(attempt, began):
        waits.append(attempt)
        _git("commit", "-q", "--allow-empty", "-m", f"theirs {len(waits)}", cwd=other)
        _git("push", "-q", "origin", "main", cwd=other)

    push(0, 0.0)
    waits.clear()
    monkeypatch.setattr(write, "pause", push)
    options = ["--replicas", "1", "--env", "staging", "--write", "commit", "--push", "--yes", "-o", "json"]
    done = atmos("new", "service", "node, port 80, called late", *options, "--repo", late)
    assert (done.code, waits) == (0, [0]), done.out
    assert _git("log", "--format=%s", "-2", "origin/main", cwd=late).splitlines()[1] == "theirs 1"


@pytest.mark.slow
def test_own_commits_in_the_way_keep_the_commit(tmp_path, atmos, own_git):
    (tmp_path / "keys").mkdir()
    world = make_template(tmp_path / "seed", atmos, make_keys(tmp_path / "keys"))
    world.budget(limit=9, ceiling=9)
    world.commit("Room")
    bare = tmp_path / "bare.git"
    world.git("clone", "-q", "--bare", str(world.root), str(bare), cwd=tmp_path)
    clones = [tmp_path / "first", tmp_path / "second"]
    for clone in clones:
        world.git("clone", "-q", str(bare), str(clone), cwd=tmp_path)
    world.git("commit", "-q", "--allow-empty", "-m", "own", cwd=clones[1])
    first = _start(clones[0], "svc-0")
    assert first.communicate(timeout=120)
    assert first.returncode == 0
    run = _start(clones[1], "svc-1")
    said = json.loads(run.communicate(timeout=120)[0])
    assert run.returncode == 2
    assert [each["code"] for each in said["diagnostics"]] == ["ATM609"]
    assert "the commit is kept on your branch main" in said["diagnostics"][0]["hint"]
    assert (clones[1] / "apps/main/svc-1").is_dir()
    assert _git("log", "--format=%s", "-2", cwd=clones[1]).splitlines() == ["Add the service svc-1", "own"]
