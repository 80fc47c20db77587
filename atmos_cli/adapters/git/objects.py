"""Contents of blobs, read one after the other through one git process, whatever the length of their names."""

from __future__ import annotations

import os
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.git.process import start

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


class BlobReader:
    """Starts git at the first question; `close` ends it, and the next question starts it again."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._process: Any = None
        # not left to __del__: in a reference cycle Python may finalise the process before its owner
        self._end: Callable[[], object] = _nothing

    def read(self, blob: str) -> bytes | None:
        """Return the content of the object named `blob`; None when git cannot read it."""
        if self._process is None:
            self._process = start(self._top, "cat-file", "--batch")
            self._end = weakref.finalize(self, _ended, self._process)
        try:
            self._process.stdin.write(blob.encode() + b"\n")
            self._process.stdin.flush()
            header = self._process.stdout.readline().split()
            if len(header) != 3 or header[0] != blob.encode() or header[1] != b"blob":
                self._restart_unless_missing(header)
                return None
            data: bytes = self._process.stdout.read(int(header[2]) + 1)
        except OSError:
            self.close()
            return None
        if len(data) != int(header[2]) + 1:
            self.close()
            return None
        return data[:-1]

    def close(self) -> None:
        self._end()
        self._process = None

    def _restart_unless_missing(self, header: list[bytes]) -> None:
        """Keep git after `<name> missing`, which is a whole answer; restart it after anything else."""
        if header[-1:] != [b"missing"]:
            self.close()


def _nothing() -> None:
    return


def _ended(process: Any) -> None:
    for stream in (process.stdin, process.stdout, process.stderr):
        with suppress(OSError, ValueError):
            stream.close()
    with suppress(OSError):
        os.kill(process.pid, 15)
    process.wait()
