"""`atmos new environment`, `atmos new team` and `atmos new cluster`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import (
    Branch,
    Diff,
    DryRun,
    Force,
    Ours,
    Output,
    Push,
    RepoDir,
    RequestApproval,
    Theirs,
    Write,
    Yes,
    confirm,
    start,
)
from atmos_cli.engines import NAMES
from atmos_cli.output.json.envelope import answer

if TYPE_CHECKING:
    from atmos_cli.commands.places import PlacePlan
    from atmos_cli.gitops.repository import Repository

Name = Annotated[str, typer.Argument(metavar="NAME", help="Its name: a-z, 0-9 and dashes.")]


def environment(
    name: Name,
    like: Annotated[
        str,
        typer.Option(
            metavar="ENV",
            autocompletion=completion.environments,
            help="Copy the settings, budget and services of this one.",
        ),
    ] = "",
    cluster: Annotated[str, typer.Option(help="The cluster it is on (default: that of `--like`).")] = "",
    after: Annotated[
        str,
        typer.Option(
            metavar="ENV",
            autocompletion=completion.environments,
            help="Stand behind this one in the order of promotion (default: `--like`).",
        ),
    ] = "",
    domain: Annotated[str, typer.Option(help="The domain of its services (default: as `init` has it).")] = "",
    service: Annotated[
        list[str] | None, typer.Option(help="Only this service is to be there; may be repeated.")
    ] = None,
    no_services: Annotated[bool, typer.Option("--no-services", help="No service is to be there yet.")] = False,
    force: Force = False,
    request_approval: RequestApproval = False,
    ours: Ours = None,
    theirs: Theirs = None,
    repo: RepoDir = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    with_diff: Diff = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.new_environment import NewEnvironment, plan_new_environment
    from atmos_cli.commands.places import PlaceOptions

    options = PlaceOptions(write, branch, tuple(ours or ()), tuple(theirs or ()), request_approval, force)
    wanted = NewEnvironment(name, like, cluster, after, domain, tuple(service or ()), no_services)
    plan = plan_new_environment(opened(repo, dry_run=dry_run), wanted, options)
    finish(plan, push=push, with_diff=with_diff, yes=yes, dry_run=dry_run, output=output)


def team(
    name: Name,
    group: Annotated[
        list[str] | None,
        typer.Option(metavar="GROUP", help="A group of your login service whose people are the team; may be repeated."),
    ] = None,
    ours: Ours = None,
    theirs: Theirs = None,
    repo: RepoDir = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    with_diff: Diff = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.new_team import plan_new_team
    from atmos_cli.commands.places import PlaceOptions

    options = PlaceOptions(write, branch, tuple(ours or ()), tuple(theirs or ()))
    plan = plan_new_team(opened(repo, dry_run=dry_run), name, options, groups=tuple(group or ()))
    finish(plan, push=push, with_diff=with_diff, yes=yes, dry_run=dry_run, output=output)


def cluster(
    name: Name,
    engine: Annotated[
        str, typer.Option(metavar=f"<{'|'.join(NAMES)}>", help="Its engine (default: that of the others).")
    ] = "",
    kubernetes: Annotated[str, typer.Option(metavar="1.N", help="Its version of Kubernetes.")] = "",
    like: Annotated[
        str, typer.Option(metavar="CLUSTER", autocompletion=completion.clusters, help="Copy the settings of this one.")
    ] = "",
    cluster_type: Annotated[
        str, typer.Option(metavar="TYPE", help="What it is, such as gke or openshift: see docs/clusters.md.")
    ] = "",
    ours: Ours = None,
    theirs: Theirs = None,
    repo: RepoDir = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    with_diff: Diff = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.new_cluster import NewCluster, plan_new_cluster
    from atmos_cli.commands.places import PlaceOptions

    options = PlaceOptions(write, branch, tuple(ours or ()), tuple(theirs or ()))
    wanted = NewCluster(name, engine, kubernetes, like, cluster_type)
    plan = plan_new_cluster(opened(repo, dry_run=dry_run), wanted, options)
    finish(plan, push=push, with_diff=with_diff, yes=yes, dry_run=dry_run, output=output)


def opened(repo: RepoDir, *, dry_run: bool) -> Repository:
    from atmos_cli.gitops.repository import open_repository

    return open_repository(start(repo), writes=not dry_run)


def finish(plan: PlacePlan, *, push: bool | None, with_diff: bool, yes: bool, dry_run: bool, output: Output) -> None:
    """Print a plan, ask, write it and say what a person does now; ends the command."""
    from atmos_cli.commands.changes import write_change

    update = plan.update
    if output == "text":
        from atmos_cli.output.text.places import show_place

        show_place(plan, with_diff=with_diff)
    written = None
    if not dry_run and not update.refused and update.change.changes.files:
        confirm("Write this?", yes=yes, output=output)
        written = write_change(update.change, pushes=push)
    code = 1 if update.refused or update.problems else 0
    if output == "json":
        from atmos_cli.output.json.places import place_data

        notes = written.notes if written else ()
        found = (*update.repository.recovered, *update.diagnostics, *notes)
        answer(f"{plan.verb} {plan.noun}", data=place_data(plan, written), diagnostics=found, exit_code=code)
    else:
        from atmos_cli.output.text.places import show_placed

        show_placed(plan, written)
    raise typer.Exit(code)
