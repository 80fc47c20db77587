from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.lab.processes import PATIENCE, LabError, PortTakenError, Process, free_port, retry_ports, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

# What runs in the background of a shell starts with SIGINT ignored, and its children too; a terminal's Ctrl-C does not.
PROGRAM = """
import signal, sys, pathlib, time
signal.signal(signal.SIGINT, signal.default_int_handler)
from tests.lab.processes import start
process = start("sleeper", ["sleep", "600"], logs=pathlib.Path(sys.argv[1]))
print(process.popen.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def parent(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    program = [sys.executable, "-c", PROGRAM, str(tmp_path)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    with subprocess.Popen(
        program, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment, text=True
    ) as process:
        yield process
        process.kill()


def group_is_gone(group: int) -> bool:
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return True
    return False


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_component_dies_with_the_test_run(parent: subprocess.Popen[str], number: signal.Signals) -> None:
    assert parent.stdout
    component = int(parent.stdout.readline())
    parent.send_signal(number)
    parent.wait(timeout=PATIENCE)
    wait_until(lambda: not Path(f"/proc/{component}").exists(), "the component's end")


def test_stopping_ends_the_whole_group(tmp_path: Path) -> None:
    process = start("sleeper", ["sh", "-c", "sleep 600 & echo started; wait"], logs=tmp_path)
    wait_until(lambda: "started" in process.log_tail(), "the start", processes=[process])
    process.stop()
    wait_until(lambda: group_is_gone(process.popen.pid), "the group's end")


def test_a_component_that_ends_by_itself_says_why(tmp_path: Path) -> None:
    process = start("broken", ["sh", "-c", "echo no such flag >&2; exit 3"], logs=tmp_path)
    with pytest.raises(LabError, match=r"(?s)broken ended with status 3.*no such flag"):
        wait_until(lambda: False, "readiness", processes=[process])
    process.stop()


def test_a_taken_port_is_tried_again(tmp_path: Path) -> None:
    tries: list[Process] = []

    def begin() -> int:
        text = "echo listen: address already in use; exit 1" if not tries else "sleep 600"
        tries.append(start(f"server-{len(tries)}", ["sh", "-c", text], logs=tmp_path))
        wait_until(lambda: len(tries) == 2, "readiness", processes=tries)
        return len(tries)

    with pytest.raises(PortTakenError):
        retry_ports(begin, attempts=1)
    tries.pop().stop()
    assert retry_ports(begin, attempts=2) == 2
    for process in tries:
        process.stop()


def test_two_asks_give_two_ports() -> None:
    ports = {free_port() for _ in range(50)}
    assert len(ports) == 50
    assert max(ports) < 32768
