"""Runs atmos in a fresh process per request, forked from one that has imported it: a real process at the price of a call.

Run as a program: one JSON request a line on standard input, one JSON answer a line on standard output.
"""

from __future__ import annotations

import ctypes
import importlib
import io
import json
import os
import pkgutil
import resource
import signal
import sys
import time
import traceback
from typing import Any, NoReturn

# Root reads a file that nobody may read; without these two it is told as everybody is.
CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH, PR_CAPBSET_DROP = 1, 2, 24
DROPPED = "HOSTILE_CAPABILITIES_DROPPED"
PROCESSOR_SECONDS, ADDRESS_SPACE = 60, 3 << 30
PROCESSES = {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.spawn", "pty.spawn", "os.startfile"}


def main() -> None:
    if os.geteuid() == 0 and DROPPED not in os.environ:
        _without_override()
    _preload()
    for line in sys.stdin:
        request = json.loads(line)
        began = time.monotonic()
        child = os.fork()
        if child == 0:
            _run(request)
        _, status, usage = os.wait4(child, 0)
        _end_group(child)
        answer = {
            "status": os.waitstatus_to_exitcode(status),
            "processor": usage.ru_utime + usage.ru_stime,
            "wall": time.monotonic() - began,
            "megabytes": usage.ru_maxrss // 1024,
        }
        sys.stdout.write(json.dumps(answer) + "\n")
        sys.stdout.flush()


def _without_override() -> NoReturn:
    libc = ctypes.CDLL(None)
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)
    os.execve(sys.executable, [sys.executable, *sys.orig_argv[1:]], {**os.environ, DROPPED: "1"})  # noqa: S606 - itself again


def _preload() -> None:
    import atmos_cli

    for module in pkgutil.walk_packages(atmos_cli.__path__, "atmos_cli."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)


def _end_group(leader: int) -> None:
    try:
        os.killpg(leader, signal.SIGKILL)
    except ProcessLookupError:
        return


def _run(request: dict[str, Any]) -> NoReturn:
    os.setsid()
    signal.alarm(request["seconds"])
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS + 5))
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESS_SPACE, ADDRESS_SPACE))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    for number, file, flags in (
        (0, os.devnull, os.O_RDONLY),
        (1, request["out"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
        (2, request["err"], os.O_WRONLY | os.O_CREAT | os.O_TRUNC),
    ):
        handle = os.open(file, flags, 0o600)
        os.dup2(handle, number)
        os.close(handle)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False), encoding="utf-8")
    sys.stdout = _stream(1, "strict")
    sys.stderr = _stream(2, "backslashreplace")
    os.chdir(request["cwd"])
    os.environ.clear()
    os.environ.update(request["env"])
    os._exit(_call(request))


def _stream(number: int, errors: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BufferedWriter(io.FileIO(number, "w", closefd=False)), encoding="utf-8", errors=errors)


def _call(request: dict[str, Any]) -> int:
    from atmos_cli.entry import main as atmos

    sys.argv = ["atmos", *request["args"]]
    _listen(request["events"])
    code: object = 0
    try:
        atmos(request["args"])
    except SystemExit as stop:
        code = stop.code
    except BaseException:  # noqa: BLE001 - as the interpreter does: the traceback, and 1
        traceback.print_exc()
        code = 1
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except OSError:
        return 120
    return code if isinstance(code, int) else int(code is not None)


def _listen(file: str) -> None:
    """Keeps one JSON line for each process that is started and each file that is opened to be written.

    The null device is no program: with its name, what would ask git for its version when it is imported cannot.
    """
    log = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o600)

    def audit(event: str, args: tuple[Any, ...]) -> None:
        if event in PROCESSES and str(args[0]) != os.devnull:
            os.write(log, (json.dumps([event, str(args[0]), str(args[1:2])]) + "\n").encode())
        elif event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            os.write(log, (json.dumps(["write", str(args[0]), args[2]]) + "\n").encode())

    sys.addaudithook(audit)


if __name__ == "__main__":
    main()
