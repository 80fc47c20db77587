"""Diagnostics as plain lines, without rich: `path:line:column: error ATM311 message`, then `hint:`."""

from __future__ import annotations

import os
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code, Severity, capped
from atmos_cli.foreign import line

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import TextIO

    from atmos_cli.diagnostics import Diagnostic

MOST_PLACEHOLDERS = 3
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


def gathered(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return one diagnostic, at the place of the first, for each kind of placeholder of which there are many."""
    kinds: dict[object, list[Diagnostic]] = {}
    for number, each in enumerate(diagnostics):
        kinds.setdefault(_kind(each) or number, []).append(each)
    return [
        shown for alike in kinds.values() for shown in ([_together(alike)] if len(alike) > MOST_PLACEHOLDERS else alike)
    ]


def _kind(diagnostic: Diagnostic) -> tuple[Code, str] | None:
    """Return what a placeholder stands for: the last step of its field; None for any other finding."""
    field = diagnostic.where.field if diagnostic.where else ""
    filled_in = diagnostic.code in (Code.IMAGE_PLACEHOLDER, Code.PLACEHOLDER)
    return (diagnostic.code, field.rpartition(".")[2].partition("[")[0]) if filled_in else None


def _together(alike: Sequence[Diagnostic]) -> Diagnostic:
    count = sum(each.count for each in alike)
    names = dict.fromkeys(name for each in alike for name in each.environment.split(", ") if name)
    message = f"{alike[0].message}, and {count - 1} more like it, which `--output json` has"
    return replace(alike[0], message=message, environment=", ".join(names), count=count)


def print_diagnostics(diagnostics: Iterable[Diagnostic], *, to: TextIO | None = None) -> None:
    """Print diagnostics to standard error, unless `to` names another stream."""
    stream = to or sys.stderr
    colour = stream.isatty() and not os.environ.get("NO_COLOR")
    write = getattr(stream, "write_styled", stream.write) if colour else stream.write
    for diagnostic in gathered(capped(grouped(diagnostics))):
        for text in diagnostic_lines(diagnostic, colour=colour):
            write(f"{text}\n")


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """Return `2 errors, 1 warning`, or `no findings`."""
    found = grouped(diagnostics)
    counts = [(sum(d.count for d in found if d.severity is each), each.value) for each in Severity]
    parts = [f"{count} {name}{'s' if count != 1 else ''}" for count, name in counts if count and name != "info"]
    return ", ".join(parts) or "no findings"
