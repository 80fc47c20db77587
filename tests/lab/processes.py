"""Long-running components as child processes that cannot outlive the test run, and free ports for them.

Every process has its own group and dies with us: on `stop`, at exit, and by the kernel's parent-death signal when we
are killed. Start them from the main thread only: the kernel sends that signal when the starting *thread* ends.
"""

from __future__ import annotations

import atexit
import contextlib
import fcntl
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

T = TypeVar("T")

# Seconds after which a wait is given up. Far more than anything takes, even with everything else of `.ci/run` beside it:
# a proof waits for a condition, and a busy machine is no fault of what is proven.
PATIENCE = 300.0
PORTS = range(20000, 32000)  # below the kernel's ephemeral range: no outgoing connection can take one
REGISTRY = Path("/tmp/atmos-lab-ports")  # one for all labs of the machine, whatever their TMPDIR
ALARMING = re.compile(
    r"^[EF]\d{4} |\blevel=(error|fatal|panic)\b|\"level\":\"(error|fatal|panic)\"|^panic: |\[[EF]\]", re.IGNORECASE
)
# Many Go servers on two cores: memory is cheaper than collecting it, but it must suffice for two labs at once.
PATIENT = {"GOGC": "600", "GOMEMLIMIT": "1GiB"}
IF_WE_LIVE = '[ "$PPID" = "$0" ] && exec "$@"'  # we may have died before the death signal was asked for

_running: list[Process] = []
_ports: dict[int, IO[str]] = {}


class LabError(Exception):
    """A component did not do what the lab needs of it; the message says which, why, and ends with its log."""


class PortTakenError(LabError):
    """A component found its port in use: start it again with another one."""


@dataclass(eq=False)
class Process:
    name: str
    command: tuple[str, ...]
    log: Path
    environment: Mapping[str, str]
    popen: subprocess.Popen[bytes] = field(init=False)

    def start(self) -> None:
        if threading.current_thread() is not threading.main_thread():
            raise LabError(f"{self.name} must be started from the main thread")
        guard = shutil.which("setpriv")
        prefix = (guard, "--pdeathsig", "KILL", "--", "sh", "-c", IF_WE_LIVE, str(os.getpid())) if guard else ()
        self.log.parent.mkdir(parents=True, exist_ok=True)
        with self.log.open("ab") as log:
            self.popen = subprocess.Popen(
                [*prefix, *self.command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env={**PATIENT, **os.environ, **self.environment},
                start_new_session=True,
            )
        _running.append(self)

    @property
    def alive(self) -> bool:
        return self.popen.poll() is None

    def stop(self, *, grace: float = 5) -> None:
        """Ends the process group, politely for `grace` seconds; harmless when it has ended."""
        if self in _running:
            _running.remove(self)
        for number in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.popen.pid, number)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.popen.wait(timeout=grace)
        # The leader is gone; what it started (git, kustomize) may still be in its group.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.popen.pid, signal.SIGKILL)

    def log_tail(self, lines: int = 30) -> str:
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""

    def check(self) -> None:
        """Raises when the process has ended by itself."""
        if self.alive:
            return
        tail = self.log_tail()
        error = PortTakenError if "address already in use" in tail else LabError
        raise error(f"{self.name} ended with status {self.popen.returncode}; its log {self.log} ends:\n{tail}")


def start(
    name: str, command: Sequence[str | Path], *, logs: Path, environment: Mapping[str, str] | None = None
) -> Process:
    process = Process(name, tuple(str(word) for word in command), logs / f"{name}.log", environment or {})
    process.start()
    return process


def stop_all(processes: Sequence[Process]) -> None:
    """All get the polite signal at once, the last started is waited for first."""
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.popen.pid, signal.SIGTERM)
    for process in reversed(processes):
        process.stop()


@atexit.register
def _stop_everything() -> None:
    stop_all(list(_running))


def running() -> tuple[Process, ...]:
    return tuple(_running)


def free_port() -> int:
    """A port of 127.0.0.1 that is free now and that no other lab on this machine will be given while we live."""
    REGISTRY.mkdir(exist_ok=True)
    for port in random.sample(PORTS, 500):
        handle = (REGISTRY / str(port)).open("w")
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
        except OSError:
            handle.close()
            continue
        _ports[port] = handle
        return port
    raise LabError("no free port between 20000 and 32000 in 500 tries")


@atexit.register
def _release_ports() -> None:
    for handle in _ports.values():
        handle.close()
    _ports.clear()


def retry_ports(begin: Callable[[], T], *, attempts: int = 3) -> T:
    """`begin`, which picks ports and starts something, again when somebody else was quicker to a port."""
    for _ in range(attempts - 1):
        with contextlib.suppress(PortTakenError):
            return begin()
    return begin()


def wait_until(
    ready: Callable[[], T | None],
    what: str,
    *,
    processes: Sequence[Process] = (),
    pause: float = 0.02,
) -> T:
    """The first value of `ready()` that is neither None nor False, asked again and again until the deadline.

    `pause`: seconds between the first two questions; later ones are up to half a second apart, or this.

    Raises LabError at the deadline, and at once when one of `processes` has ended.
    """
    deadline, longest = time.monotonic() + PATIENCE, max(pause, 0.5)
    while True:
        value = ready()
        if value is not None and value is not False:
            return value
        for process in processes:
            process.check()
        if time.monotonic() > deadline:
            tails = "\n".join(f"--- {process.name} ({process.log})\n{process.log_tail(10)}" for process in processes)
            raise LabError(f"{what}: not within {PATIENCE:g} s\n{tails}".rstrip())
        time.sleep(pause)
        pause = min(pause * 1.5, longest)


def alarming_lines(process: Process, *, since: int, lines: int = 30) -> str:
    """The last lines of a log from byte `since` on that speak of an error, cut to 300 characters; mostly none."""
    with process.log.open("rb") as log:
        log.seek(since)
        text = log.read().decode(errors="replace").splitlines()
    return "\n".join(line[:300] for line in [line for line in text if ALARMING.search(line)][-lines:])
