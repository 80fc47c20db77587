"""`atmos remove`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.new_place import finish, opened
from atmos_cli.cli.options import Branch, Diff, DryRun, Output, Push, RepoDir, Service, Team, Write, Yes, confirm
from atmos_cli.output.json.envelope import answer

if TYPE_CHECKING:
    from atmos_cli.commands.places import Noun, PlacePlan
    from atmos_cli.commands.remove_service import RemovalPlan
    from atmos_cli.gitops.write import Written

app = typer.Typer(help="Remove something from the repo, and say what stays in the clusters.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name.")]
Sides = Annotated[
    list[str] | None,
    typer.Option("--theirs", metavar="PATH", help="Remove this file (or `.` for all) although people edited it."),
]


@app.callback()
def main() -> None:
    pass


@app.command(help="Remove a service, or its deployment in one environment; data stays in the clusters until you say.")
def service(
    name: Service,
    env: Annotated[
        str,
        typer.Option(
            "--env", "-e", metavar="ENV", autocompletion=completion.environments, help="Only from this environment."
        ),
    ] = "",
    team: Team = None,
    accept_data_loss: Annotated[
        bool, typer.Option("--accept-data-loss", help="Objects with data that nothing keeps may go, too.")
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
    from atmos_cli.commands.changes import write_change
    from atmos_cli.commands.remove_service import Removal, plan_removal

    wanted = Removal(name, team, env, accept_data_loss)
    plan = plan_removal(opened(repo, dry_run=dry_run), wanted, mode=write, branch=branch)
    if output == "text":
        from atmos_cli.output.text.removal import show_removal

        show_removal(plan, with_diff=with_diff)
    written = None
    if not dry_run and not plan.refused:
        confirm("Write this?", yes=yes, output=output)
        written = write_change(plan.change, pushes=push)
    _finish(plan, written, output=output)


def _finish(plan: RemovalPlan, written: Written | None, *, output: str) -> None:
    code = 1 if plan.refused else 0
    if output == "json":
        from atmos_cli.output.json.removal import removal_data

        notes = written.notes if written else ()
        found = (*plan.repository.recovered, *plan.diagnostics, *notes)
        answer("remove service", data=removal_data(plan, written), diagnostics=found, exit_code=code)
    else:
        from atmos_cli.output.text.removal import show_removed

        show_removed(plan, written)
    raise typer.Exit(code)


@app.command(help="Remove an environment that no service is in any more.")
def environment(
    name: Name,
    theirs: Sides = None,
    repo: RepoDir = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    with_diff: Diff = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    plan = _place("environment", name, theirs, repo, write, branch, dry_run=dry_run)
    finish(plan, push=push, with_diff=with_diff, yes=yes, dry_run=dry_run, output=output)


@app.command(help="Remove a team that has no service any more.")
def team(
    name: Name,
    theirs: Sides = None,
    repo: RepoDir = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    with_diff: Diff = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    plan = _place("team", name, theirs, repo, write, branch, dry_run=dry_run)
    finish(plan, push=push, with_diff=with_diff, yes=yes, dry_run=dry_run, output=output)


@app.command(help="Remove a cluster that no environment is on any more.")
def cluster(
    name: Name,
    theirs: Sides = None,
    repo: RepoDir = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    with_diff: Diff = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    plan = _place("cluster", name, theirs, repo, write, branch, dry_run=dry_run)
    finish(plan, push=push, with_diff=with_diff, yes=yes, dry_run=dry_run, output=output)


def _place(
    noun: Noun, name: str, theirs: Sides, repo: RepoDir, write: Write, branch: Branch, *, dry_run: bool
) -> PlacePlan:
    from atmos_cli.commands.places import PlaceOptions
    from atmos_cli.commands.remove_place import PlaceRemoval, plan_place_removal

    options = PlaceOptions(write, branch, theirs=tuple(theirs or ()))
    return plan_place_removal(opened(repo, dry_run=dry_run), PlaceRemoval(noun, name), options)
