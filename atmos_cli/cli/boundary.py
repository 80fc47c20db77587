"""What a person or a program reads when a command ends with an exception."""

from __future__ import annotations

import os
import sys
import tempfile
import traceback
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.cli.envelope import envelope
from atmos_cli.cli.text import print_diagnostics
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence


def failed(error: Exception, args: Sequence[str]) -> int:
    """Prints the diagnostics of `error` (or the apology for a bug) and gives the exit status."""
    if isinstance(error, AtmosError):
        diagnostics, code = error.diagnostics, error.exit_code
    else:
        diagnostics, code = (_bug(error),), 3
    if wants_json(args):
        command = " ".join(arg for arg in args[:2] if not arg.startswith("-"))
        print(envelope(command, data={}, diagnostics=diagnostics, exit_code=code))
    else:
        print_diagnostics(diagnostics)
    return code


def wants_json(args: Sequence[str]) -> bool:
    pairs = pairwise([*args, ""])
    return any((flag in ("--output", "-o") and value == "json") or flag == "--output=json" for flag, value in pairs)


def _bug(error: Exception) -> Diagnostic:
    where = _report("".join(traceback.format_exception(error)))
    message = f"atmos met an error of its own: {type(error).__name__}: {error}"
    return Diagnostic(
        Code.BUG, message.splitlines()[0][:500], hint=f"please report it with {where}; nothing was written"
    )


def _report(text: str) -> str:
    """The traceback goes to a private file: it helps whoever reports, and nobody reads it by accident."""
    try:
        descriptor, path = tempfile.mkstemp(prefix="atmos-cli-", suffix=".log")
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="replace") as file:
            file.write(text)
    except OSError:
        sys.stderr.write(text)
        return "the traceback above"
    return str(Path(path))
