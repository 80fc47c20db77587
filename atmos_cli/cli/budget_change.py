"""`atmos budget init` and `atmos budget rightsize`: the two that can write."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from atmos_cli.cli.options import DryRun, Output, RepoDir, Team, Write, Yes, confirm, start
from atmos_cli.output.json.envelope import answer


def init(
    environment: Annotated[
        list[str] | None, typer.Argument(metavar="[ENV]...", help="Only these environments.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Suggest new limits where there is a budget already, too.")
    ] = False,
    repo: RepoDir = None,
    write: Write = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.budget_init import execute_budgets, plan_budgets
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.output.json.change import limits_data
    from atmos_cli.output.text.suggestions import show_limits, show_limits_written

    plan = plan_budgets(open_repository(start(repo), writes=not dry_run), tuple(environment or ()), replace=replace)
    if output == "text":
        show_limits(plan)
    written = None
    if plan.changes.files and not dry_run:
        confirm("Write this?", yes=yes, output=output)
        written = execute_budgets(plan, mode=write)
    if output == "json":
        answer("budget init", data=limits_data(plan, written), diagnostics=written.notes if written else ())
    elif written is not None:
        show_limits_written(written)


def rightsize(
    service: Annotated[str, typer.Argument(help="The service, as NAME or TEAM/NAME.")],
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Measured use by container, JSON or YAML.")
    ] = None,
    prometheus: Annotated[str | None, typer.Option(metavar="URL", help="Ask this Prometheus.")] = None,
    env: Annotated[str | None, typer.Option("--env", "-e", metavar="ENV", help="Where the use was measured.")] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="How far to look back.")] = 14,
    team: Team = None,
    apply: Annotated[bool, typer.Option("--write", help="Change service.yaml.")] = False,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.rightsize import apply_rightsizing
    from atmos_cli.commands.rightsize import rightsize as suggest
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.output.json.change import rightsizing_data
    from atmos_cli.output.text.suggestions import show_rightsizing

    repository = open_repository(start(repo), writes=apply)
    found = suggest(repository, service, team=team, file=from_, prometheus=prometheus, environment=env, days=days)
    if apply and found.changes.files:
        apply_rightsizing(repository, found)
    if output == "json":
        answer("budget rightsize", data=rightsizing_data(found, applied=apply))
    else:
        show_rightsizing(found, applied=apply)
    raise typer.Exit(1 if found.suggestion.problem else 0)
