"""`atmos budget audit`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli.options import Environments, Output, RepoDir, start
from atmos_cli.output.say import say, say_json

if TYPE_CHECKING:
    from atmos_cli.commands.audit import Audit


def audit(
    env: Environments = None,
    base: Annotated[
        str | None, typer.Option(metavar="COMMIT", help="Audit this commit (default: the base branch).")
    ] = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.cli.text import print_diagnostics
    from atmos_cli.commands.audit import audit as run
    from atmos_cli.diagnostics import errors
    from atmos_cli.gitops.repository import open_repository

    found = run(open_repository(start(repo)), environments=tuple(env or ()), base=base)
    code = 1 if errors(found.diagnostics) else 0
    if output == "json":
        say_json(envelope("budget audit", data=found.data(), diagnostics=found.diagnostics, exit_code=code))
    else:
        _show(found)
        print_diagnostics(found.diagnostics)
    raise typer.Exit(code)


def _show(found: Audit) -> None:
    say(f"{', '.join(found.environments)} at {found.commit[:12]}")
    for row in found.over:
        names = [each.path for each in found.used if each.explains(row)]
        why = f"approved: {', '.join(names)}" if names else "not approved"
        say(f"  {row.environment}: {row.scope} {row.dimension} {row.text(row.after)} of {row.text(row.limit)}, {why}")
    if not found.over:
        say("  every sum is within its limit")
