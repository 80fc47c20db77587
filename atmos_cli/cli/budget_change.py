"""`atmos budget init` and `atmos budget rightsize`: the two that can write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import (
    Diff,
    DryRun,
    Output,
    Push,
    RepoDir,
    RequestApproval,
    Service,
    Team,
    Write,
    Yes,
    confirm,
    start,
)
from atmos_cli.output.json.envelope import answer

if TYPE_CHECKING:
    from atmos_cli.commands.rightsize import Rightsizing
    from atmos_cli.commands.update import UpdatePlan
    from atmos_cli.gitops.write import Written


def init(
    environment: Annotated[
        list[str] | None, typer.Argument(metavar="[ENV]...", help="Only these environments.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Suggest new limits where there is a budget already, too.")
    ] = False,
    repo: RepoDir = None,
    write: Write = None,
    push: Push = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.budget_init import plan_budgets
    from atmos_cli.commands.changes import write_change
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.output.json.change import limits_data
    from atmos_cli.output.text.change import show_limits, show_limits_written

    repository = open_repository(start(repo), writes=not dry_run)
    plan = plan_budgets(repository, tuple(environment or ()), replace=replace, mode=write)
    if output == "text":
        show_limits(plan)
    written = None
    if plan.change.changes.files and not plan.change.refused and not dry_run:
        confirm("Write this?", yes=yes, output=output)
        written = write_change(plan.change, pushes=push)
    code = 1 if plan.change.refused else 0
    if output == "json":
        said = (*plan.diagnostics, *(written.notes if written else ()))
        answer("budget init", data=limits_data(plan, written), diagnostics=said, exit_code=code)
    elif written is not None:
        show_limits_written(written)
    raise typer.Exit(code)


def rightsize(
    service: Service,
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Measured use by container, JSON or YAML.")
    ] = None,
    prometheus: Annotated[str | None, typer.Option(metavar="URL", help="Ask this Prometheus.")] = None,
    env: Annotated[
        str | None,
        typer.Option(
            "--env", "-e", metavar="ENV", autocompletion=completion.environments, help="Where the use was measured."
        ),
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="How far to look back.")] = 14,
    team: Team = None,
    apply: Annotated[
        bool, typer.Option("--write", help="Write it: service.yaml and all files, as `git.write` says.")
    ] = False,
    branch: Annotated[str | None, typer.Option(help="Write it as this branch.")] = None,
    push: Push = None,
    request_approval: RequestApproval = False,
    with_diff: Diff = False,
    repo: RepoDir = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.change import ChangeOptions
    from atmos_cli.commands.changes import write_change
    from atmos_cli.commands.rightsize import plan_rightsizing
    from atmos_cli.commands.rightsize import rightsize as suggest
    from atmos_cli.gitops.repository import open_repository

    repository = open_repository(start(repo), writes=apply and not dry_run)
    found = suggest(repository, service, team=team, file=from_, prometheus=prometheus, environment=env, days=days)
    plan = None
    if apply:
        options = ChangeOptions(mode="branch" if branch else None, branch=branch, request_approval=request_approval)
        plan = plan_rightsizing(repository, found, options)
    if output == "text":
        from atmos_cli.output.text.change import show_rightsizing
        from atmos_cli.output.text.update import show_update

        show_rightsizing(found, applies=apply)
        if plan is not None:
            show_update(plan, with_diff=with_diff, check=False)
    written = None
    if plan is not None and not plan.refused and not dry_run:
        confirm("Write this?", yes=yes, output=output)
        written = write_change(plan.change, pushes=push)
    _finish_rightsizing(found, plan, written, output=output)


def _finish_rightsizing(found: Rightsizing, plan: UpdatePlan | None, written: Written | None, *, output: str) -> None:
    refused = plan is not None and plan.refused
    code = 1 if found.suggestion.problem or refused else 0
    if output == "json":
        from atmos_cli.output.json.change import rightsizing_data

        said = (*(plan.diagnostics if plan else ()), *(written.notes if written else ()))
        answer("budget rightsize", data=rightsizing_data(found, written), diagnostics=said, exit_code=code)
    else:
        from atmos_cli.output.text.change import show_done

        show_done(written, refused=refused)
    raise typer.Exit(code)
