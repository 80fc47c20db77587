"""Diagnostics as plain lines, without rich: `path:line:column: error ATM311 message`, then `hint:`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Severity, capped
from atmos_cli.foreign import line

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import TextIO

    from atmos_cli.diagnostics import Diagnostic

COLOURS = {Severity.ERROR: "31", Severity.WARNING: "33", Severity.INFO: "36"}


def diagnostic_lines(diagnostic: Diagnostic, *, colour: bool = False) -> list[str]:
    """Return two lines at most; names and values are made safe here, so that the colours may pass."""
    place = line(f"{diagnostic.where}: ") if diagnostic.where else ""
    severity = str(Severity(diagnostic.severity).value)
    if colour:
        severity = f"\x1b[{COLOURS[diagnostic.severity]}m{severity}\x1b[0m"
    environment = line(f" [{diagnostic.environment}]") if diagnostic.environment else ""
    lines = [f"{place}{severity} {diagnostic.code.value}{environment} {line(diagnostic.message)}"]
    if diagnostic.hint:
        lines.append(f"  hint: {line(diagnostic.hint)}")
    return lines


def grouped(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return one diagnostic for those that differ only in their environment, which then names all of them."""
    groups: dict[Diagnostic, list[str]] = {}
    for each in diagnostics:
        groups.setdefault(replace(each, environment=""), []).append(each.environment)
    return [replace(each, environment=", ".join(filter(None, names))) for each, names in groups.items()]


def print_diagnostics(diagnostics: Iterable[Diagnostic], *, to: TextIO | None = None) -> None:
    """Print diagnostics to standard error, unless `to` names another stream."""
    stream = to or sys.stderr
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    write = getattr(stream, "write_styled", stream.write) if colour else stream.write
    for diagnostic in capped(grouped(diagnostics)):
        for text in diagnostic_lines(diagnostic, colour=colour):
            write(f"{text}\n")


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """Return `2 errors, 1 warning`, or `no findings`."""
    found = grouped(diagnostics)
    counts = [(sum(d.count for d in found if d.severity is each), each.value) for each in Severity]
    parts = [f"{count} {name}{'s' if count != 1 else ''}" for count, name in counts if count and name != "info"]
    return ", ".join(parts) or "no findings"
