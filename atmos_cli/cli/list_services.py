"""`atmos list`."""

from __future__ import annotations

from typing import Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import Environments, Output, RepoDir, Team, start
from atmos_cli.output.json.envelope import answer


def list_services(
    services: Annotated[
        list[str] | None, typer.Argument(help="Services to list (default: all).", autocompletion=completion.services)
    ] = None,
    team: Team = None,
    env: Environments = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.list_services import listed
    from atmos_cli.gitops.repository import open_repository

    repository = open_repository(start(repo))
    found = listed(repository, tuple(services or ()), environments=tuple(env or ()), team=team)
    if output == "json":
        from atmos_cli.output.json.places import list_data

        answer("list", data=list_data(found), diagnostics=repository.recovered)
    else:
        from atmos_cli.output.text.places import show_list

        show_list(found, environments=tuple(env or ()))
