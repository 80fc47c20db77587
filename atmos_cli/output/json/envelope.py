"""The answer of a command for programs: one line with the versioned envelope of every `--output json`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Diagnostic, Severity, capped
from atmos_cli.output.say import dumped, say_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

VERSION = "1"


def answer(
    command: str, *, data: Mapping[str, Any], diagnostics: Iterable[Diagnostic] = (), exit_code: int = 0
) -> None:
    """Print the envelope."""
    say_json(envelope(command, data=data, diagnostics=diagnostics, exit_code=exit_code))


def envelope(
    command: str, *, data: Mapping[str, Any], diagnostics: Iterable[Diagnostic] = (), exit_code: int = 0
) -> str:
    """Return one line of JSON; `status` is `success`, `refused` (exit 1) or `error` (2 and more)."""
    status = {0: "success", 1: "refused"}.get(exit_code, "error")
    value = {
        "atmosResultVersion": VERSION,
        "command": command,
        "status": status,
        "exitCode": exit_code,
        "data": data,
        "diagnostics": [diagnostic_value(each) for each in capped(diagnostics)],
    }
    return dumped(value)


def diagnostic_value(diagnostic: Diagnostic) -> dict[str, Any]:
    """Return a diagnostic for programs: what is not known is null."""
    where = diagnostic.where
    place = None
    if where is not None:
        place = {
            "path": where.path,
            "line": where.line or None,
            "column": where.column or None,
            "field": where.field or None,
            "resource": where.resource or None,
        }
    return {
        "code": diagnostic.code.value,
        "severity": Severity(diagnostic.severity).value,
        "message": diagnostic.message,
        "where": place,
        "environment": diagnostic.environment or None,
        "hint": diagnostic.hint or None,
    }
