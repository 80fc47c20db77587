"""`atmos update`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import (
    AllowReplace,
    Branch,
    Diff,
    DryRun,
    Force,
    Ours,
    Output,
    Push,
    RepoDir,
    RequestApproval,
    Team,
    Theirs,
    Write,
    Yes,
    confirm,
    interactive,
    start,
)
from atmos_cli.output.json.envelope import answer

if TYPE_CHECKING:
    from atmos_cli.commands.update import UpdatePlan
    from atmos_cli.gitops.service_update import UpdateOptions
    from atmos_cli.gitops.write import Written


def update(
    services: Annotated[
        list[str] | None,
        typer.Argument(
            help="Services to update (default: all, and what `init` made).", autocompletion=completion.services
        ),
    ] = None,
    team: Team = None,
    env: Annotated[
        list[str] | None,
        typer.Option(
            "--env",
            "-e",
            metavar="ENV",
            autocompletion=completion.environments,
            help="Put the services into this one, too.",
        ),
    ] = None,
    check: Annotated[
        bool, typer.Option("--check", help="Only say what is to be updated; exit 1 when something is.")
    ] = False,
    ours: Ours = None,
    theirs: Theirs = None,
    restore: Annotated[bool, typer.Option("--restore", help="Bring back what was deleted by hand.")] = False,
    allow_replace: AllowReplace = False,
    force: Force = False,
    request_approval: RequestApproval = False,
    each: Annotated[
        bool, typer.Option("--each", help="One commit or branch for each service, so that each team reviews its own.")
    ] = False,
    repo: RepoDir = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    with_diff: Diff = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    """Take an edited service.yaml, an edited atmos-cli.yaml or newer blueprints into the files, hand edits kept."""
    from atmos_cli.commands.changes import write_change
    from atmos_cli.commands.update import plan_update, separately
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.gitops.service_update import UpdateOptions

    options = UpdateOptions(
        mode=write,
        branch=branch,
        ours=tuple(ours or ()),
        theirs=tuple(theirs or ()),
        restore=restore,
        allow_replace=allow_replace,
        request_approval=request_approval,
        environments=tuple(env or ()),
        only_check=check,
        force=force,
        team=team,
    )
    reads = check or dry_run
    plan = plan_update(open_repository(start(repo), writes=not reads), tuple(services or ()), options)
    if output == "text":
        from atmos_cli.output.text.update import show_update

        show_update(plan, with_diff=with_diff, check=check)
    if plan.conflicts and not reads and interactive(output) and not yes:
        plan = _decided(plan, services or [], options)
    written: list[Written] = []
    if not reads and not plan.refused and plan.change.changes.files:
        confirm("Write this?", yes=yes, output=output)
        parts = separately(plan, options, pushes=push) if each else (write_change(plan.change, pushes=push),)
        written = list(parts)
    _finish(plan, written, output=output, check=check)


def _decided(plan: UpdatePlan, services: list[str], options: UpdateOptions) -> UpdatePlan:
    """Ask which side wins each conflict, and plan again with the answers."""
    from dataclasses import replace

    from atmos_cli.commands.update import plan_update
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.gitops.service_update import conflict_id
    from atmos_cli.output.text.update import conflict_question, show_update

    ours, theirs = list(options.ours), list(options.theirs)
    for conflict in (each for update in plan.updates for each in update.merged.conflicts):
        keeps = typer.confirm(conflict_question(conflict), default=True)
        (ours if keeps else theirs).append(conflict_id(conflict))
    decided = replace(options, ours=tuple(ours), theirs=tuple(theirs))
    again = plan_update(open_repository(plan.repository.root, writes=True), tuple(services), decided)
    show_update(again, with_diff=False, check=False)
    return again


def _finish(plan: UpdatePlan, written: list[Written], *, output: str, check: bool) -> None:
    code = 1 if plan.refused or plan.problems or (check and plan.pending) else 0
    if output == "json":
        from atmos_cli.output.json.update import update_data

        notes = [note for each in written for note in each.notes]
        found = (*plan.repository.recovered, *plan.diagnostics, *notes)
        answer("update", data=update_data(plan, written), diagnostics=found, exit_code=code)
    else:
        from atmos_cli.output.text.update import show_updated

        show_updated(plan, written, check=check)
    raise typer.Exit(code)
