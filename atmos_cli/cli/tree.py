"""`atmos tree`: every object of a service, with its health and why it is not healthy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from atmos_cli.cli.options import Environments, Output, RepoDir, Service, Team, start
from atmos_cli.output.json.envelope import answer
from atmos_cli.output.say import say


def tree(
    service: Service,
    env: Environments = None,
    team: Team = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page that works offline.")
    ] = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.adapters.clock import SystemClock
    from atmos_cli.commands.status import Asked
    from atmos_cli.commands.tree import exit_code, trees
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.gitops.trusted import trust
    from atmos_cli.output.text.diagnostics import print_diagnostics

    asked = Asked(service, team, tuple(env or ()))
    repository = open_repository(start(repo))
    grown = trees(repository, asked, clock=SystemClock())
    problems = tuple(dict.fromkeys((*trust(repository).notes, *(each.problem for each in grown if each.problem))))
    code = exit_code(grown)
    if html is not None:
        from atmos_cli.output.html import tree_page, write_page

        write_page(html, tree_page(grown))
    if output == "json":
        from atmos_cli.output.json.live import tree_data

        data = {"trees": [tree_data(each) for each in grown]}
        answer("tree", data=data, diagnostics=problems, exit_code=code)
        raise typer.Exit(code)
    if html is None:
        from atmos_cli.output.text.live import show_trees

        show_trees(grown)
    else:
        say(f"Wrote {html}")
    print_diagnostics(problems)
    raise typer.Exit(code)
