"""The file of a recording: JSON lines, each whole or absent, so that a run that is killed loses nothing before.

The first line says the format and what was recorded. `{"id", "answer"}` is an answer; `{"on", "call", "args", "id"}` a
call that got it, or with `error` in place of `id` one that failed; `{"uses"}` something that was there to be asked.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from atmos_cli import __version__
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity, fail

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

FILE = "recording.jsonl"
FORMAT = 1
MAX_BYTES = 256 * 1024 * 1024
_MAX_HEAD = 1 << 20
_AGAIN = "record the run again with this version of atmos, in a new directory"
_SHOWN = 200


class Writer:
    """Asks the outside world, and records each call before its answer is used. Returns what a replay will return."""

    def __init__(self, directory: Path, *, about: Mapping[str, Any]) -> None:
        self._path = directory / FILE
        self._known: set[str] = set()
        self._lock = threading.Lock()
        self._size = 0
        try:
            directory.mkdir(parents=True, exist_ok=True)
            flags = os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_NOFOLLOW | os.O_CLOEXEC
            self._handle = os.open(self._path, flags, 0o600)
        except OSError as error:
            raise self._unwritable(error) from None
        try:
            self._begin(_dumped({"atmos-recording": FORMAT, "version": __version__, "about": about}))
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        with self._lock:
            if self._handle >= 0:
                os.close(self._handle)
                self._handle = -1

    def uses(self, on: str) -> None:
        self._write({"uses": on})

    def take(self, on: str, call: str, args: Sequence[Any], live: Callable[[], Any]) -> Any:
        """Return the answer of `live`, as JSON returns it. Raises what `live` raises, after recording it."""
        try:
            text = _dumped(live())
        except AtmosError as error:
            self._write({"on": on, "call": call, "args": args, "error": _as_json(error)})
            raise
        digest = hashlib.sha256(text).hexdigest()[:24]
        with self._lock:
            new = digest not in self._known
            self._known.add(digest)
        if new:
            self._put(b'{"id":"' + digest.encode() + b'","answer":' + text + b"}\n")
        self._write({"on": on, "call": call, "args": args, "id": digest})
        return json.loads(text)

    def _begin(self, head: bytes) -> None:
        try:
            fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            raise fail(
                Code.RECORDING_INVALID, f"another run records into {self._path.parent}", hint="name another directory"
            ) from None
        size = os.fstat(self._handle).st_size
        if not size:
            self._put(head + b"\n")
            return
        with self._path.open("rb") as file:
            first = file.readline(_MAX_HEAD)
            if first.rstrip(b"\n") != head:
                message = f"{self._path.parent} holds the recording of another run"
                raise fail(Code.RECORDING_INVALID, message, hint="name another directory, or remove that one")
            self._size = _whole(file, size)
        os.ftruncate(self._handle, self._size)

    def _write(self, line: dict[str, Any]) -> None:
        self._put(_dumped(line) + b"\n")

    def _put(self, line: bytes) -> None:
        try:
            with self._lock:
                self._size += len(line)
                if self._size > MAX_BYTES:
                    message = f"{self._path} is full: a recording has at most {MAX_BYTES >> 20} MiB"
                    raise fail(Code.RECORDING_INVALID, message, hint="record less at once, such as one service")
                rest = memoryview(line)
                while rest:
                    rest = rest[os.write(self._handle, rest) :]
        except OSError as error:
            raise self._unwritable(error) from None

    def _unwritable(self, error: OSError) -> AtmosError:
        message = f"{self._path} cannot be written: {(error.strerror or str(error)).lower()}"
        return fail(Code.RECORDING_INVALID, message, hint="name a directory that you can write to: `--record DIR`")


class Reader:
    """Returns the recorded answers of each call in their order; cannot ask the outside world."""

    def __init__(self, directory: Path) -> None:
        self._path = directory / FILE
        self._answers: dict[str, bytes] = {}
        self._calls: dict[tuple[str, str, bytes], deque[dict[str, Any]]] = {}
        self._given: dict[tuple[str, str, bytes], int] = {}
        self._lock = threading.Lock()
        self.used: set[str] = set()
        self.about: dict[str, Any] = {}
        self._read()

    def take(self, on: str, call: str, args: Sequence[Any], _: Callable[[], Any]) -> Any:
        """Return the next answer to this call, or raise the next error. Raises ATM814 when there is none left."""
        key = (on, call, _dumped(args))
        with self._lock:
            left = self._calls.get(key)
            if not left:
                raise self._missing(key)
            found = left.popleft()
            self._given[key] = self._given.get(key, 0) + 1
        if "error" in found:
            raise _error(found["error"])
        return self._parsed(self._answers[found["id"]], 0)["answer"]

    def odd(self, on: str, call: str) -> AtmosError:
        """Make the ATM814 for an answer that is not what that call answers."""
        return self._invalid(f"an answer to `{call}` of {on} is none that it can give")

    def _read(self) -> None:
        try:
            with self._path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
        except OSError as error:
            why = "holds no recording" if isinstance(error, FileNotFoundError) else "cannot be read"
            hint = "name the directory that was given to `--record`"
            raise fail(Code.RECORDING_INVALID, f"{self._path.parent} {why}", hint=hint) from None
        if len(data) > MAX_BYTES:
            raise self._invalid(f"it is larger than {MAX_BYTES >> 20} MiB")
        lines = data.split(b"\n")[:-1]  # what follows the last line end was being written when the run was killed
        head = self._parsed(lines[0], 1) if lines else {}
        if head.get("atmos-recording") != FORMAT or not isinstance(head.get("about"), dict):
            raise self._invalid(f"it is not of format {FORMAT}, which this version of atmos reads")
        self.about = head["about"]
        for number, line in enumerate(lines[1:], 2):
            self._learn(self._parsed(line, number), line, number)

    def _learn(self, value: dict[str, Any], line: bytes, number: int) -> None:
        on, call, digest = value.get("on"), value.get("call"), value.get("id")
        if isinstance(digest, str) and "answer" in value:
            self._answers[digest] = line
        elif isinstance(value.get("uses"), str):
            self.used.add(value["uses"])
        elif isinstance(on, str) and isinstance(call, str) and self._said(value):
            key = (on, call, _dumped(value.get("args")))
            self._calls.setdefault(key, deque()).append(value)
        else:
            raise self._invalid(f"line {number} is neither a call nor an answer")

    def _said(self, value: dict[str, Any]) -> bool:
        digest = value.get("id")
        return "error" in value or (isinstance(digest, str) and digest in self._answers)

    def _parsed(self, line: bytes, number: int) -> dict[str, Any]:
        with suppress(ValueError, RecursionError):
            found = json.loads(line)
            if isinstance(found, dict):
                return found
        raise self._invalid(f"line {number} is not JSON" if number else "an answer is nested too deeply")

    def _missing(self, key: tuple[str, str, bytes]) -> AtmosError:
        asked = f"{key[0]}: {key[1]} {key[2][:_SHOWN].decode(errors='replace')}"
        count = self._given.get(key, 0)
        why = f"ends after {count} answers to" if count else "has no answer to"
        message = f"the recording in {self._path.parent} {why} `{asked}`"
        return fail(Code.RECORDING_INVALID, message, hint=f"the recorded run did not ask this: {_AGAIN}")

    def _invalid(self, why: str) -> AtmosError:
        return fail(Code.RECORDING_INVALID, f"the recording in {self._path.parent} cannot be used: {why}", hint=_AGAIN)


def _dumped(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), sort_keys=True, ensure_ascii=True).encode()


def _whole(file: Any, size: int) -> int:
    """Return where the last whole line of a file ends."""
    step = 1 << 16
    end = size
    while end > 0:
        start = max(0, end - step)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return int(start + found + 1)
        end = start
    return 0


def _as_json(error: AtmosError) -> dict[str, Any]:
    listed = [
        {"code": d.code.value, "message": d.message, "severity": d.severity.value, "hint": d.hint}
        for d in error.diagnostics
    ]
    return {"diagnostics": listed, "exit_code": error.exit_code}


def _error(recorded: Any) -> AtmosError:
    """Return the error that was recorded, or one that says that somebody edited it."""
    with suppress(KeyError, TypeError, ValueError):
        found = [
            Diagnostic(Code(d["code"]), str(d["message"]), Severity(d["severity"]), hint=str(d["hint"]))
            for d in recorded["diagnostics"]
        ]
        return AtmosError(*found, exit_code=int(recorded["exit_code"]))
    return fail(Code.RECORDING_INVALID, "the recording holds an error that atmos never raises", hint=_AGAIN)
