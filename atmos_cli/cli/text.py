"""Diagnostics as plain lines, without rich: `path:line:column: error ATM311 message`, then `hint:`."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from atmos_cli.diagnostics import Diagnostic

COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


def diagnostic_lines(diagnostic: Diagnostic, *, colour: bool = False) -> list[str]:
    place = f"{diagnostic.where}: " if diagnostic.where else ""
    severity = str(Severity(diagnostic.severity).value)
    if colour:
        severity = f"\x1b[{COLOURS[diagnostic.severity]}m{severity}\x1b[0m"
    environment = f" [{diagnostic.environment}]" if diagnostic.environment else ""
    lines = [f"{place}{severity} {diagnostic.code.value}{environment} {diagnostic.message}"]
    if diagnostic.hint:
        lines.append(f"  hint: {diagnostic.hint}")
    return lines


def print_diagnostics(diagnostics: Iterable[Diagnostic], *, to: TextIO | None = None) -> None:
    stream = to or sys.stderr
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    for diagnostic in diagnostics:
        for line in diagnostic_lines(diagnostic, colour=colour):
            print(line, file=stream)


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """`2 errors, 1 warning`, or `no findings`."""
    found = list(diagnostics)
    counts = [(sum(d.severity is each for d in found), each.value) for each in Severity]
    parts = [f"{count} {name}{'s' if count != 1 else ''}" for count, name in counts if count and name != "info"]
    return ", ".join(parts) or "no findings"
