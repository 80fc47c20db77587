"""`atmos budget audit`."""

from __future__ import annotations

from typing import Annotated

import typer

from atmos_cli.cli.options import Environments, Output, RepoDir, start
from atmos_cli.output.json.envelope import answer


def audit(
    env: Environments = None,
    base: Annotated[
        str | None, typer.Option(metavar="COMMIT", help="Audit this commit (default: the base branch).")
    ] = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.audit import audit as run
    from atmos_cli.diagnostics import errors
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.output.json.budget import audit_data
    from atmos_cli.output.text.suggestions import show_audit

    found = run(open_repository(start(repo)), environments=tuple(env or ()), base=base)
    code = 1 if errors(found.diagnostics) else 0
    if output == "json":
        answer("budget audit", data=audit_data(found), diagnostics=found.diagnostics, exit_code=code)
    else:
        show_audit(found)
    raise typer.Exit(code)
