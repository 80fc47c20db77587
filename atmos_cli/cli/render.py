"""`atmos render` and `atmos diff`."""

from __future__ import annotations

from typing import Annotated

import typer

from atmos_cli.cli.options import Environments, Output, RepoDir, Service, Team, start
from atmos_cli.output.json.envelope import answer
from atmos_cli.output.say import say_document


def render(
    service: Service,
    env: Environments = None,
    team: Team = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.render import render as objects
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.yamlio.emit import emit_all

    repository = open_repository(start(repo))
    found = objects(repository, service, team=team, environments=tuple(env or ()))
    if output == "json":
        answer("render", data={"resources": found}, diagnostics=repository.recovered)
    else:
        say_document(emit_all(found))


def diff(
    base: Annotated[str | None, typer.Option(help="A branch, tag or commit (default: the base branch).")] = None,
    env: Environments = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.render import diff as differences
    from atmos_cli.gitops.pending import pending_updates
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.output.json.repo import diff_data
    from atmos_cli.output.text.diagnostics import print_diagnostics
    from atmos_cli.output.text.repo import show_diff

    repository = open_repository(start(repo))
    found = differences(repository, base=base, environments=tuple(env or ()))
    pending = tuple(pending_updates(repository.tree, repository.config, repository.catalogue, strict=False))
    if output == "json":
        answer("diff", data=diff_data(found), diagnostics=(*repository.recovered, *pending))
    else:
        show_diff(found)
        print_diagnostics(pending)
