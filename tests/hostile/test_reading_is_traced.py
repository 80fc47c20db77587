"""Traced: offline reading commands start git, ssh-keygen and kustomize only, from absolute paths, and open nothing to write."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.hostile import commands, promises
from tests.hostile.running import CONSOLE_SCRIPT, run_program

if TYPE_CHECKING:
    from tests.hostile.box import Box
    from tests.hostile.running import Server

pytestmark = pytest.mark.sample

EXECUTED = re.compile(r'execve\("([^"]*)", .*\) = 0$')
OPENED = re.compile(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]*)", ([A-Z_|]+).*\) = \d+$')
CHANGED = re.compile(
    r'(?:unlink|rename|mkdir|rmdir|symlink|link|chmod|truncate)(?:at2?)?\((?:AT_FDCWD, )?"([^"]*)".*\) = 0$'
)
WRITES = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"}
KNOWN = {"git", "ssh-keygen", "kustomize"}


@pytest.fixture
def tools(box: Box) -> Box:
    """With a kustomize on PATH, a kustomization that only the real tool builds, and an approval to be verified."""
    at = box.top / "home" / "bin" / "kustomize"
    at.parent.mkdir()
    at.write_text("#!/bin/sh\nexit 1\n")
    at.chmod(0o755)
    box.env["PATH"] = f"{at.parent}:{box.env['PATH']}"
    (box.top / "home" / "bin" / "kubectl").symlink_to("kustomize")
    _approved(box)
    overlay = box.root / "apps/main/checkout/overlays/dev/kustomization.yaml"
    overlay.write_text(
        overlay.read_text() + "vars:\n- name: X\n  objref: {kind: Service, name: checkout, apiVersion: v1}\n"
    )
    return box


def _approved(box: Box) -> None:
    """More pods of a service than its environment may have, and the request for it, signed by who may."""
    key = box.top / "home" / "key"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key)], check=True)
    people = {
        "ana": {
            "emails": ["ana@example.test"],
            "roles": ["lead"],
            "keys": [key.with_suffix(".pub").read_text().strip()],
        }
    }
    people["dev"] = {"emails": ["dev@example.test"], "roles": [], "keys": []}
    box.write("platform/approvers.yaml", json.dumps({"version": 1, "people": people}))
    tiers = [{"overBy": "<=1000%", "roles": ["lead"], "count": 1, "maxTTL": "14d"}]
    limits = {"pods": {"limit": "4", "ceiling": "90"}}
    budget = {
        "version": 1,
        "environment": "staging",
        "count": "steady",
        "limits": limits,
        "approvals": {"tiers": tiers},
    }
    box.write("platform/budgets/staging.yaml", json.dumps(budget))
    box.git("commit", "-qam", "limits")
    box.git("add", "-A")
    box.git("commit", "-qm", "people")
    box.git("checkout", "-qb", "topic")
    overlay = box.root / "apps/main/worker/overlays/staging/kustomization.yaml"
    overlay.write_text(overlay.read_text().replace("count: 2", "count: 9", 1))
    asking = (
        "approve",
        "request",
        "--env",
        "staging",
        "--service",
        "worker",
        "--reason",
        "sale",
        "--write",
        "files",
        "--yes",
    )
    asked = run_program(*asking, "-o", "json", cwd=box.root, env=box.env)
    assert asked.status == 0, str(asked)
    file = asked.json["data"]["file"]
    signed = run_program("approve", "sign", file, "--key", str(key), "--yes", cwd=box.root, env=box.env)
    assert signed.status == 0, str(signed)


@pytest.mark.slow
@pytest.mark.parametrize("command", commands.READING, ids=" ".join)
def test_only_known_programs_are_started_from_absolute_paths(
    tools: Box, server: Server, command: tuple[str, ...]
) -> None:
    ran = server.run(*command, cwd=tools.root, env=tools.env)
    started = {name for event, name in ran.events if event != "write"}
    assert {Path(each).name for each in started} <= KNOWN, f"{started}\n{ran}"
    assert not [each for each in started if not Path(each).is_absolute()], f"looked up by name: {started}\n{ran}"


@pytest.mark.parametrize("command", commands.READING, ids=" ".join)
def test_nothing_but_the_cache_is_opened_to_be_written(tools: Box, server: Server, command: tuple[str, ...]) -> None:
    ran = server.run(*command, cwd=tools.root, env=tools.env)
    opened = {name for event, name in ran.events if event == "write"}
    allowed = (str(tools.top / "cache"), os.devnull)
    # A number is a pipe to a program; what lies below `tmp` is looked at below: it must be gone.
    other = {each for each in opened if not each.startswith(allowed) and not each.isdigit()}
    assert not {each for each in other if not each.startswith(str(tools.top / "tmp"))}, f"{other}\n{ran}"
    assert not list((tools.top / "tmp").iterdir()), str(ran)


@pytest.mark.slow
@pytest.mark.parametrize("command", [("validate",), ("approve", "check"), ("budget", "check"), ("diff",)], ids=" ".join)
def test_the_system_saw_no_other_program_and_no_write(tools: Box, command: tuple[str, ...]) -> None:
    """By strace where it can be had, else by what Python itself says of its processes, which the tests above read."""
    strace = shutil.which("strace")
    trace = tools.top / "log" / "trace"
    if not strace or not _may_trace(strace):
        return
    watched = "execve,open,openat,unlink,unlinkat,rename,renameat,renameat2,mkdir,mkdirat,rmdir,symlink,symlinkat,link,linkat,chmod,fchmodat,truncate"
    tracing = (strace, "-f", "-qq", "-s", "4096", "-e", f"trace={watched}", "-o", str(trace), str(CONSOLE_SCRIPT))
    ran = run_program(*command, cwd=tools.root, env=tools.env, command=tracing)
    promises.ended(ran)
    lines = [line.partition(" ")[2].strip() for line in trace.read_text(errors="replace").splitlines()]
    executed = [found[1] for line in lines if (found := EXECUTED.match(line))][1:]
    core = subprocess.check_output(["git", "--exec-path"], text=True).strip()
    foreign = [each for each in executed if not each.startswith(core) and Path(each).name not in KNOWN]
    assert executed
    assert any(Path(each).name == "ssh-keygen" for each in executed) or command[0] != "approve", executed
    assert not foreign, f"{foreign}\n{ran}"
    assert not [each for each in executed if not Path(each).is_absolute()], executed
    written = {found[1] for line in lines if (found := OPENED.match(line)) and WRITES & set(found[2].split("|"))}
    written |= {found[1] for line in lines if (found := CHANGED.match(line))}
    allowed = (str(tools.top / "cache"), "/dev/null", "/dev/tty", str(tools.top / "tmp"))
    assert not {each for each in written if not each.startswith(allowed)}, f"{sorted(written)[:20]}\n{ran}"


def _may_trace(strace: str) -> bool:
    return subprocess.run([strace, "-qq", "-o", os.devnull, "true"], check=False, capture_output=True).returncode == 0
