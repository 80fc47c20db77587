"""`atmos outdated`."""

from __future__ import annotations

import typer

from atmos_cli.cli.options import Output, RepoDir, start
from atmos_cli.output.json.envelope import answer


def outdated(repo: RepoDir = None, output: Output = "text") -> None:
    from atmos_cli.adapters.clock import today
    from atmos_cli.commands.outdated import outdated as judge
    from atmos_cli.gitops.repository import open_repository

    repository = open_repository(start(repo))
    found = judge(repository, on=today())
    code = 1 if found.behind or found.problems else 0
    if output == "json":
        from atmos_cli.output.json.outdated import outdated_data

        diagnostics = (*repository.recovered, *found.problems)
        answer("outdated", data=outdated_data(found), diagnostics=diagnostics, exit_code=code)
    else:
        from atmos_cli.output.text.outdated import show_outdated

        show_outdated(found)
    raise typer.Exit(code)
