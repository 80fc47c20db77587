"""`atmos render` and `atmos diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from atmos_cli.cli.options import Environments, Output, RepoDir, Team, start
from atmos_cli.output.say import say, say_document, say_json


def render(
    service: Annotated[str, typer.Argument(help="The service, as NAME or TEAM/NAME.")],
    env: Environments = None,
    team: Team = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.commands import render as usecase
    from atmos_cli.gitops.repository import open_repository

    repository = open_repository(start(repo))
    found = usecase.render(repository, service, team=team, environments=tuple(env or ()))
    if output == "json":
        say_json(envelope("render", data={"resources": found}, diagnostics=repository.recovered))
        return
    say_document(usecase.rendered_text(found))


def diff(
    base: Annotated[str | None, typer.Option(help="A branch, tag or commit (default: the base branch).")] = None,
    env: Environments = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.commands import render as usecase
    from atmos_cli.gitops.repository import open_repository

    repository = open_repository(start(repo))
    found = usecase.diff(repository, base=base, environments=tuple(env or ()))
    if output == "json":
        changes = [
            {
                "environment": each.deployment.environment,
                "team": each.deployment.team,
                "service": each.deployment.service,
                "resource": each.resource._asdict(),
                "change": each.change,
                "diff": list(each.lines),
            }
            for each in found
        ]
        say_json(envelope("diff", data={"changes": changes}, diagnostics=repository.recovered))
        return
    if not found:
        say("no environment changes")
    for each in found:
        where = f"{each.deployment.environment} {each.deployment.team}/{each.deployment.service}"
        say(f"=== {where}: {each.resource} {each.change}")
        for line in each.lines:
            say(line)
