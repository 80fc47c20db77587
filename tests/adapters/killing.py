"""Run a function in a child process that dies, by SIGKILL, at its n-th step that writes or starts a program."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import traceback
import warnings
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

_WRITES = {
    *("os.rename", "os.remove", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod"),
    *("shutil.copyfile", "subprocess.Popen"),
}
COMPLETED, FAILED = 0, 1


def run_until(step: int, action: Callable[[], object], *, whole_group: bool = False, stop: int = signal.SIGKILL) -> int:
    """COMPLETED when `action` ended before `step`, else minus the signal; `whole_group` also kills the programs it started."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if child == 0:
        _in_child(step, action, whole_group, stop)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status)


def _in_child(step: int, action: Callable[[], object], whole_group: bool, stop: int) -> None:
    code = FAILED
    try:
        os.setsid()
        # What runs in the background of a shell starts with SIGINT ignored; a terminal's Ctrl-C does not.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        _arm(step, whole_group, stop)
        action()
        code = COMPLETED
    except KeyboardInterrupt:
        code = 130
    except BaseException:  # noqa: BLE001 - the parent sees the status, the reader the traceback
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _arm(step: int, whole_group: bool, stop: int) -> None:
    seen = 0
    write = os.write
    communicate = subprocess.Popen.communicate

    def count() -> bool:
        nonlocal seen
        seen += 1
        return seen == step

    def die() -> None:
        (os.killpg if whole_group else os.kill)(0 if whole_group else os.getpid(), stop)

    def audit(event: str, args: tuple[Any, ...]) -> None:
        opened = event == "open" and isinstance(args[2], int) and args[2] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
        if (opened or event in _WRITES) and count():
            die()

    def half_write(handle: int, data: Any) -> int:
        if count():
            write(handle, bytes(data)[: len(data) // 2])
            die()
        return write(handle, data)

    def while_it_runs(self: Any, *args: Any, **options: Any) -> Any:
        if count():
            die()
        return communicate(self, *args, **options)

    os.write = half_write  # type: ignore[assignment]
    subprocess.Popen.communicate = while_it_runs  # type: ignore[method-assign]
    sys.addaudithook(audit)
