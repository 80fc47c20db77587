"""What a person or a program reads when a command ends with an exception."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.output.json.envelope import answer
from atmos_cli.output.text.diagnostics import print_diagnostics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.output.streams import SafeStreams


def failed(error: Exception, args: Sequence[str], streams: SafeStreams) -> int:
    """Print the diagnostics of `error` (or the apology for a bug) and return the exit status."""
    if streams.out.lost is not None:
        return 2  # `unsaid` reports why
    if isinstance(error, AtmosError):
        diagnostics, code = error.diagnostics, error.exit_code
    else:
        diagnostics, code = (_bug(error),), 3
    with suppress(OSError):  # `unsaid` is asked next
        if _wants_json(args) and not streams.closed:
            command = " ".join(arg for arg in args[:2] if not arg.startswith("-"))
            answer(command, data={}, diagnostics=diagnostics, exit_code=code)
        else:
            _last_words(diagnostics, streams)
    return code


def unsaid(streams: SafeStreams, code: int) -> int:
    """Say on the stream that still works what could not be said on the other; return 2, or `code` if that is more."""
    with suppress(OSError):
        if streams.out.lost is not None:
            print_diagnostics(streams.losses(), to=sys.stderr)
        elif code < 2 and not streams.out.holds_document:
            print_diagnostics(streams.losses(), to=sys.stdout)
        sys.stdout.flush()
    return max(code, 2)


def _last_words(diagnostics: Sequence[Diagnostic], streams: SafeStreams) -> None:
    print_diagnostics(diagnostics, to=sys.stderr)
    sys.stderr.flush()
    if streams.err.missed and not streams.closed and not streams.out.holds_document:
        print_diagnostics(diagnostics, to=sys.stdout)


def _wants_json(args: Sequence[str]) -> bool:
    if not any("json" in arg for arg in args):
        return False  # without Typer, whose import takes longer than all else of an error of `validate`
    from atmos_cli.cli.app import output_of

    return output_of(args) == "json"


def _bug(error: Exception) -> Diagnostic:
    where = _report("".join(traceback.format_exception(error)))
    message = f"atmos met an error of its own: {type(error).__name__}: {error}"
    return Diagnostic(
        Code.BUG,
        message.splitlines()[0][:500],
        hint=f"please report it with {where}; what it had written by then `git status` and `git log` show",
    )


def _report(text: str) -> str:
    """Write the traceback into a private file: it helps whoever reports the bug, and is not read by accident."""
    try:
        descriptor, path = tempfile.mkstemp(prefix="atmos-cli-", suffix=".log")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError:
        sys.stderr.write(text)
        return "the traceback above"
    return str(Path(path))
