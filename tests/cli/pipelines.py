"""Runs the pipelines that atmos writes as their forge would: the same clone, the same shells, one step after the other."""

import os
import stat
import subprocess
import sys
from pathlib import Path

from atmos_cli.yamlio.load import load

ROOT = Path(__file__).parent.parent.parent
GITHUB = ".github/workflows/atmos.yaml"
GITLAB = ".gitlab/atmos.yaml"
HOOKS = ".pre-commit-config.yaml"


def program(directory, name, script):
    """Put a program of this name into the directory."""
    directory.mkdir(exist_ok=True)
    path = directory / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return directory


def shell(script, *, cwd, path=(), **env):
    """Run a script as a runner does; `atmos` and `python` are those of this checkout unless `path` has others."""
    own = program(Path(cwd).parent / "own-programs", "atmos", f'exec {sys.executable} -m atmos_cli "$@"')
    program(own, "python", f'exec {sys.executable} "$@"')
    dirs = os.pathsep.join([*map(str, path), str(own), os.environ["PATH"]])
    given = {**os.environ, "PYTHONPATH": str(ROOT), **env, "PATH": dirs}
    return subprocess.run(["bash", "-e", "-c", script], cwd=cwd, env=given, capture_output=True, text=True, check=False)


def steps(root, job):
    """The shell steps of a job of the workflow as (condition, script), in order."""
    workflow = load((root / GITHUB).read_bytes())
    return [(each.get("if", ""), each["run"]) for each in workflow["jobs"][job]["steps"] if "run" in each]


def checked_out(git, origin, target, *, ref):
    """What `actions/checkout` with `fetch-depth: 0` leaves: every branch as origin's, no default branch, no own one."""
    target.mkdir(exist_ok=True)
    git("init", "-q", cwd=target)
    git("remote", "add", "origin", str(origin), cwd=target)
    git("fetch", "-q", "origin", "+refs/heads/*:refs/remotes/origin/*", cwd=target)
    git("checkout", "-q", "--detach", ref, cwd=target)
    return target
