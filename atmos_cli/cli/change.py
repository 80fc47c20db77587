"""`atmos change`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

import typer

from atmos_cli.cli.options import DryRun, Output, RepoDir, Team, Write, Yes, confirm, start
from atmos_cli.output.json.envelope import answer

if TYPE_CHECKING:
    from atmos_cli.commands.change import ChangePlan
    from atmos_cli.gitops.write import Written

Several = list[str] | None


def change(
    service: Annotated[str, typer.Argument(help="The service, as NAME or TEAM/NAME.")],
    intent: Annotated[
        str, typer.Argument(metavar="[INTENT]", help='What changes, e.g. "add redis, size m in prod, 4 replicas".')
    ] = "",
    team: Team = None,
    env: Annotated[
        Several, typer.Option("--env", "-e", metavar="ENV", help="Only in this environment; may be repeated.")
    ] = None,
    size: Annotated[Literal["xs", "s", "m", "l", "xl"] | None, typer.Option(help="CPU and memory by class.")] = None,
    replicas: Annotated[int | None, typer.Option(min=0, max=1000, help="A fixed number of replicas.")] = None,
    scale: Annotated[str | None, typer.Option(metavar="MIN..MAX", help="Replicas follow the CPU use.")] = None,
    port: Annotated[str | None, typer.Option(metavar="PORT[:PORT]", help="Clients' port, and the process's.")] = None,
    host: Annotated[Several, typer.Option(help="One more host name; may be repeated.")] = None,
    set_env: Annotated[Several, typer.Option(metavar="NAME=VALUE", help="A plain environment variable.")] = None,
    unset_env: Annotated[Several, typer.Option(metavar="NAME", help="Remove an environment variable.")] = None,
    with_: Annotated[Several, typer.Option("--with", metavar="ADDON", help="Add an add-on; may be repeated.")] = None,
    without: Annotated[Several, typer.Option(metavar="ADDON", help="Remove an add-on; may be repeated.")] = None,
    ours: Annotated[
        Several, typer.Option(metavar="PATH", help="Conflicts in this file (or `.`): keep what is there.")
    ] = None,
    theirs: Annotated[
        Several, typer.Option(metavar="PATH", help="Conflicts in this file (or `.`): take the new one.")
    ] = None,
    repo: RepoDir = None,
    write: Write = None,
    branch: Annotated[str | None, typer.Option(help="The branch to make with `--write branch`.")] = None,
    push: Annotated[bool, typer.Option("--push", help="Push the commit or branch to origin.")] = False,
    with_diff: Annotated[bool, typer.Option("--diff", help="Show how every file changes.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.change import ChangeOptions, plan_change
    from atmos_cli.commands.changes import write_change
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.gitops.spec_change import ChangeFlags

    flags = ChangeFlags(
        size=size,
        replicas=replicas,
        scale=scale,
        port=port,
        hosts=tuple(host or ()),
        addons=tuple(with_ or ()),
        without=tuple(without or ()),
        env=tuple(set_env or ()),
        unset_env=tuple(unset_env or ()),
        environments=tuple(env or ()),
    )
    options = ChangeOptions(team, write, branch, ours=tuple(ours or ()), theirs=tuple(theirs or ()))
    plan = plan_change(open_repository(start(repo), writes=not dry_run), service, intent, flags, options)
    if output == "text":
        from atmos_cli.output.text.spec_change import show_change

        show_change(plan, with_diff=with_diff)
    written = None
    if plan.update is not None and not plan.refused and not dry_run:
        confirm("Write this?", yes=yes, output=output)
        written = write_change(plan.update.change, pushes=push)
    _finish(plan, written, output=output)


def _finish(plan: ChangePlan, written: Written | None, *, output: str) -> None:
    code = 1 if plan.refused else 0
    if output == "json":
        from atmos_cli.output.json.spec_change import change_data

        found = (*plan.repository.recovered, *plan.diagnostics, *(written.notes if written else ()))
        answer("change", data=change_data(plan, written), diagnostics=found, exit_code=code)
    else:
        from atmos_cli.output.text.spec_change import show_changed

        show_changed(plan, written)
    raise typer.Exit(code)
