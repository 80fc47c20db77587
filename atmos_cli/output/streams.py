"""The process's standard output and error: whatever is printed goes through here, so nothing reaches them raw."""

from __future__ import annotations

import codecs
import errno
import io
import os
import re
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code, Diagnostic, fail
from atmos_cli.foreign import block, spelled

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import TextIO

# What rich writes: colours, and the movements of a table that is drawn again. No titles, links or queries.
_STYLE = re.compile(r"(\x1b\[\??[0-9;]*[A-HJKhlm]|\r)")
_LONGEST_COMMAND = len("##teamcity[")
# Of what atmos itself prints; whatever else has no place in an encoding is spelled.
STAND_INS = dict(zip("→←…·✔✘∅‖█░▇▁", ("->", "<-", "...", "-", "v", "x", "0", "=", "#", ".", "#", "_"), strict=True))


def _stand_in(error: UnicodeError) -> tuple[str | bytes, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    rest = error.object[error.start : error.end]
    return "".join(STAND_INS.get(char) or spelled(char) for char in rest), error.end


codecs.register_error("atmos-stand-in", _stand_in)


class SafeStream(io.TextIOBase):
    """Writes text with everything that is not printable as a visible escape, and no line as a command to a runner.

    `lost` is why it cannot be written, `missed` whether something was not shown, `holds_document` whether a program
    will read it. A loss on standard error never stops the work: it is reported at the end.
    """

    def __init__(self, under: TextIO | None, *, may_fail: bool) -> None:
        self.lost: OSError | None = None
        self.missed = False
        self.holds_document = False
        self._under = under
        self._may_fail = may_fail
        self._styles = False
        self._optional = False
        self._line = ""  # the last line so far, as far as a runner's command could go on from there

    @property
    def encoding(self) -> str:  # type: ignore[override]
        return getattr(self._under, "encoding", None) or "utf-8"

    @property
    def errors(self) -> str:  # type: ignore[override]
        return "strict"

    def writable(self) -> bool:
        return True

    def isatty(self) -> bool:
        return self._under is not None and self._under.isatty()

    def fileno(self) -> int:
        if self._under is None:
            raise io.UnsupportedOperation("fileno")
        return self._under.fileno()

    def close(self) -> None:
        """Do nothing: the stream below belongs to the interpreter, and closing would flush what cannot be written."""

    def write(self, text: str, /) -> int:
        if self._styles:
            self.write_styled(text)
        else:
            self._encoded(self._safe(text))
        return len(text)

    @contextmanager
    def styled(self) -> Iterator[None]:
        """Take every write, while this lasts, for one of atmos's own console."""
        self._styles = True
        try:
            yield
        finally:
            self._styles = False

    def write_progress(self, text: str) -> None:
        """Write what may get lost."""
        self._optional = True
        self.write(text)
        self.flush()
        self._optional = False

    def write_styled(self, text: str) -> None:
        """Write text of atmos's own console, whose colours and movements pass."""
        for number, part in enumerate(_STYLE.split(text)):
            if number % 2:
                self._line = "" if part == "\r" else self._line
                self._put(part)
            elif part:
                self._encoded(self._safe(part))

    def write_document(self, text: str) -> None:
        """Write YAML or XML, which are UTF-8 whatever the locale says."""
        self.holds_document = True
        buffer = getattr(self._under, "buffer", None)
        if buffer is None or codecs.lookup(self.encoding).name == "utf-8":
            self.write(text)
            return
        self.flush()
        with self._losing():
            buffer.write(self._safe(text).encode("utf-8"))

    def flush(self) -> None:
        if self._under is not None and self.lost is None:
            with self._losing():
                self._under.flush()

    def _safe(self, text: str) -> str:
        """Return text that is safe, also where an earlier write began a command."""
        known = len(self._line)
        whole = block(self._line + text)
        last = whole[whole.rfind("\n") + 1 :].lstrip(" \t")
        # The mark replaces what is cut off: this is no longer the start of the line.
        self._line = last if len(last) <= _LONGEST_COMMAND else "x" + last[-_LONGEST_COMMAND:]
        return whole[known:]

    def _encoded(self, text: str) -> None:
        encoding = self.encoding
        try:
            text.encode(encoding)
        except UnicodeEncodeError:
            text = text.encode(encoding, "atmos-stand-in").decode(encoding)
        self._put(text)

    def _put(self, text: str) -> None:
        with self._losing():
            if self._under is None:
                raise OSError(errno.EBADF, "it is closed")
            self._under.write(text)

    @contextmanager
    def _losing(self) -> Iterator[None]:
        if self.lost is not None and not self._may_fail:
            raise self.lost
        try:
            yield
        except BrokenPipeError:  # the reader has stopped reading
            self.silence()
            if not self._may_fail:
                raise
        except OSError as error:
            self.lost = error
            self.silence()
            if not self._may_fail:
                raise
        self.missed = self.missed or (self.lost is not None and not self._optional)

    def silence(self) -> None:
        """Send what is still kept to nowhere: the interpreter tries again at its end, and would complain."""
        with suppress(OSError, ValueError):
            where = os.open(os.devnull, os.O_WRONLY)
            os.dup2(where, self.fileno())
            os.close(where)


class SafeStreams:
    """Holds both streams of the process, while a command runs."""

    def __init__(self, out: TextIO | None, err: TextIO | None) -> None:
        self.out, self.err = SafeStream(out, may_fail=False), SafeStream(err, may_fail=True)
        self.closed = out is None

    def require_output(self) -> None:
        """Check before anything is done that the answer can be written; raises ATM910."""
        if self.closed:
            message = "standard output is closed, so atmos cannot answer; it did nothing"
            raise fail(Code.OUTPUT_FAILED, message, hint="if nobody needs the answer, add `>/dev/null`")

    def failed(self) -> bool:
        """Return whether something could not be written, after writing out what is still kept."""
        with suppress(OSError):
            self.out.flush()
        self.err.flush()
        return self.out.lost is not None or self.err.missed

    def losses(self) -> tuple[Diagnostic, ...]:
        return tuple(
            _lost(name, stream.lost) for name, stream in (("output", self.out), ("error", self.err)) if stream.lost
        )


def _lost(name: str, error: OSError) -> Diagnostic:
    message = f"standard {name} cannot be written: {(error.strerror or str(error)).lower()}"
    hint = "give it a file or pipe that takes text; what the command had done by then, `git status` and `git log` show"
    return Diagnostic(Code.OUTPUT_FAILED, message, hint=hint)


@contextmanager
def standard_streams() -> Iterator[SafeStreams]:
    """Put the safe streams in the place of `sys.stdout` and `sys.stderr`, and put those back at the end."""
    _fill_descriptors()
    real = sys.stdout, sys.stderr
    streams = SafeStreams(*real)
    sys.stdout, sys.stderr = streams.out, streams.err
    if sys.stdin is None:
        sys.stdin = open(os.devnull, encoding="utf-8")  # noqa: PTH123, SIM115
    try:
        yield streams
    finally:
        sys.stdout, sys.stderr = real


def _fill_descriptors() -> None:
    """Open what is closed: the next file opened would take that number, and a child's errors would end up in it."""
    for number in (0, 1, 2):
        try:
            os.fstat(number)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)
