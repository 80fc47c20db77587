"""Traced: offline reading commands start git, ssh-keygen and kustomize only, from absolute paths, and open nothing to write."""

from __future__ import annotations

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

EXECUTED = re.compile(r'execve\("([^"]*)", .*\) = 0$')
OPENED = re.compile(r'open(?:at)?\((?:AT_FDCWD, )?"([^"]*)", ([A-Z_|]+).*\) = \d+$')
CHANGED = re.compile(
    r'(?:unlink|rename|mkdir|rmdir|symlink|link|chmod|truncate)(?:at2?)?\((?:AT_FDCWD, )?"([^"]*)".*\) = 0$'
)
WRITES = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_TRUNC", "O_APPEND"}
KNOWN = {"git", "ssh-keygen", "kustomize"}
SIGNED = "platform/approvals/dev/checkout/3f9c1a2b4c5d6e7f.yaml"


@pytest.fixture
def tools(box: Box) -> Box:
    """With a kustomize on PATH, a kustomization that only the real tool builds, and an approval to be verified."""
    at = box.top / "home" / "bin" / "kustomize"
    at.parent.mkdir()
    at.write_text("#!/bin/sh\nexit 1\n")
    at.chmod(0o755)
    box.env["PATH"] = f"{at.parent}:{box.env['PATH']}"
    (box.top / "home" / "bin" / "kubectl").symlink_to("kustomize")
    overlay = box.root / "apps/default/checkout/overlays/dev/kustomization.yaml"
    overlay.write_text(
        overlay.read_text() + "vars:\n- name: X\n  objref: {kind: Service, name: checkout, apiVersion: v1}\n"
    )
    return box


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
    assert not foreign, f"{foreign}\n{ran}"
    assert not [each for each in executed if not Path(each).is_absolute()], executed
    written = {found[1] for line in lines if (found := OPENED.match(line)) and WRITES & set(found[2].split("|"))}
    written |= {found[1] for line in lines if (found := CHANGED.match(line))}
    allowed = (str(tools.top / "cache"), "/dev/null", "/dev/tty", str(tools.top / "tmp"))
    assert not {each for each in written if not each.startswith(allowed)}, f"{sorted(written)[:20]}\n{ran}"


def _may_trace(strace: str) -> bool:
    return subprocess.run([strace, "-qq", "-o", os.devnull, "true"], check=False, capture_output=True).returncode == 0
