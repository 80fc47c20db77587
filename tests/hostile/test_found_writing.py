"""What once went wrong around the moment of writing: locks, signals, crowds, streams; and secrets that were let pass."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from tests.hostile import promises
from tests.hostile.running import CONSOLE_SCRIPT, Ran, run_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.hostile.box import Box
    from tests.hostile.running import Server

pytestmark = pytest.mark.sample

NEW = ("new", "service", "go, port 8080", "--name", "zed", "--yes")
WRITERS = 20


def test_an_index_lock_is_no_half_commit(box: Box, server: Server) -> None:
    """Either nothing was done and that is said, or the commit is there and that is said."""
    before = box.git("rev-parse", "HEAD")
    (box.root / ".git" / "index.lock").touch()
    ran = server.run(*NEW, cwd=box.root, env=box.env)
    promises.ended(ran)
    committed = box.git("rev-parse", "HEAD") != before
    if committed:
        assert ran.status == 0, f"the commit is made, and the status says that it could not be done\n{ran}"
        assert "index" in ran.text, f"nobody learns that the index follows later\n{ran}"
    else:
        assert ran.status == 2, str(ran)
        assert "index.lock" in ran.text, str(ran)
        assert not (box.root / "apps/main/zed").exists(), "files of a commit that was not made"


@pytest.mark.slow
@pytest.mark.parametrize("write", ["commit", "branch", "files"])
@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT], ids=lambda sent: sent.name)
def test_a_signal_in_the_write_undoes_it_at_once(box: Box, sent: signal.Signals, write: str) -> None:
    """A hook that waits holds the write open; `files` runs none, so it is told when its directory appears."""
    hook = box.root / ".git" / "hooks" / "pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text(f"#!/bin/sh\ntouch {box.top}/log/in-hook\nexec sleep 20\n")
    hook.chmod(0o755)
    head, status = box.git("rev-parse", "HEAD"), box.git("status", "--porcelain")
    process = subprocess.Popen(
        [str(CONSOLE_SCRIPT), *NEW, "--write", write, "--branch", "b"]
        if write == "branch"
        else [str(CONSOLE_SCRIPT), *NEW, "--write", write],
        cwd=box.root,
        env=box.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509 - a terminal's
    )
    _wait_for_the_write(box, process)
    process.send_signal(sent)
    out, err = process.communicate(timeout=30)
    ran = Ran(NEW, process.returncode, out, err)
    assert b"Traceback" not in out + err, str(ran)
    done = (box.root / "apps/main/zed/service.yaml").exists() or box.git("rev-parse", "HEAD") != head
    if not done:
        assert box.git("status", "--porcelain") == status, f"left uncommitted files\n{ran}"
    assert not list((box.top / "tmp").iterdir()), f"left {list((box.top / 'tmp').iterdir())}\n{ran}"
    left = [name for name in ("undo.json", "redo.json") if (box.root / ".git/atmos-cli" / name).exists()]
    assert not left, f"left its journal\n{ran}"


def _wait_for_the_write(box: Box, process: subprocess.Popen[bytes]) -> None:
    """Until its hook runs, its first file is there, or it has ended."""
    signs = (box.top / "log" / "in-hook", box.root / ".git" / "atmos-cli" / "undo.json", box.root / "apps/main/zed")
    deadline = time.monotonic() + 30
    while process.poll() is None and not any(map(os.path.lexists, signs)) and not any((box.top / "tmp").iterdir()):
        assert time.monotonic() < deadline
        time.sleep(0.002)


@pytest.mark.slow
def test_twenty_writers_at_once_get_through_or_wait(box: Box) -> None:
    started = [_start(box, f"svc-{number}") for number in range(WRITERS)]
    ends = [(each.communicate(timeout=300), each.returncode) for each in started]
    refused = [said for said, status in ends if status != 0]
    assert not refused, f"{len(refused)} of {WRITERS} were refused: {refused[0]}"
    assert box.git("status", "--porcelain") == ""
    assert int(box.git("rev-list", "--count", "--grep=svc-", "HEAD")) == WRITERS


@pytest.mark.slow
def test_writers_of_one_name_are_told_in_one_finding(box: Box) -> None:
    started = [_start(box, "same") for _ in range(6)]
    ends = [(each.communicate(timeout=300)[0], each.returncode) for each in started]
    assert min(status for _, status in ends) == 0, ends
    assert [status for _, status in ends].count(0) == 1, ends
    for out, status in ends:
        errors = [each for each in json.loads(out)["diagnostics"] if each["severity"] == "error"]
        assert len(errors) == (status != 0), errors


def _start(box: Box, name: str) -> subprocess.Popen[bytes]:
    args = ("new", "service", "go, port 8080", "--name", name, "--yes", "-o", "json")
    return subprocess.Popen(
        [str(CONSOLE_SCRIPT), *args],
        cwd=box.root,
        env=box.env,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


STREAMS = {
    "stderr closed": "2>&-",
    "stdout closed": ">&-",
    "both closed": ">&- 2>&-",
    "stdout full": ">/dev/full",
    "stderr full": "2>/dev/full",
    "all closed": "<&- >&- 2>&-",
}


@pytest.mark.parametrize("streams", STREAMS)
@pytest.mark.parametrize(
    "command", ["validate", "validate -o json", "render checkout", "new service 'go, port 8080, named zed' --dry-run"]
)
def test_odd_standard_streams_are_no_bug(box: Box, streams: str, command: str) -> None:
    """Who cannot be answered gets exit 2, and a word where one can be said; who lost only stderr gets the answer."""
    shell = f"exec {CONSOLE_SCRIPT} {command} {STREAMS[streams]}"
    with promises.nothing_touched(box):
        ran = run_program(command=("/bin/sh", "-c", shell), cwd=box.root, env=box.env)
    promises.ended(ran)
    if streams.startswith("stderr"):
        assert ran.out, "no answer"
        assert ran.status == 0 or (ran.status == 2 and b"ATM910" in ran.out), str(ran)
    else:
        assert ran.status == 2, str(ran)
    if streams in ("stdout closed", "stdout full"):
        assert b"output" in ran.err, f"no word why\n{ran}"


SECRETS = {
    "a name in the overlay": ("overlay", "DB_PASSWORD", "hunter2SECRET"),
    "a name in the spec": ("spec", "DB_PASSWORD", "hunter2SECRET"),
    "a token in the spec": ("spec", "GH", "ghp_" + "a1B2" * 9),
    "a token in the overlay": ("overlay", "GH", "ghp_" + "a1B2" * 9),
    "a URL in the settings": ("url", "", "https://user:hunter2SECRET@git.example.test/x.git"),
}


@pytest.mark.parametrize("case", SECRETS)
def test_a_secret_in_a_plain_variable_is_an_error(box: Box, server: Server, case: str) -> None:
    place, name, value = SECRETS[case]
    if place == "overlay":
        path = "apps/main/checkout/overlays/dev/kustomization.yaml"
        _replace(
            box.root / path,
            "            - name: PORT\n",
            f"            - name: {name}\n              value: {value}\n            - name: PORT\n",
        )
    elif place == "spec":
        path = "apps/main/checkout/service.yaml"
        _replace(box.root / path, "size: s\n", f"size: s\nenv:\n  {name}: {value}\n")
    else:
        path = "atmos-cli.yaml"
        _replace(box.root / path, "https://git.example.test/shop/gitops.git", value)
    ran = server.run("validate", "-o", "json", cwd=box.root, env=box.env)
    found = [each for each in ran.json["diagnostics"] if each["severity"] == "error" and each["where"]["path"] == path]
    assert ran.status == 1, str(ran)
    assert found, str(ran)
    assert value not in ran.text
    assert "hunter2SECRET" not in ran.text


def test_a_secret_is_refused_before_it_is_written(box: Box, server: Server) -> None:
    with promises.nothing_touched(box):
        ran = server.run(*NEW, "--set-env", "API_TOKEN=hunter2SECRET", cwd=box.root, env=box.env)
    assert ran.status in {1, 2}, str(ran)
    assert "hunter2SECRET" not in ran.text


def _replace(file: Path, old: str, new: str) -> None:
    text = file.read_text()
    assert old in text
    file.write_text(text.replace(old, new, 1))
