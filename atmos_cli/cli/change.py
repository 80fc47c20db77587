"""`atmos change`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import (
    AllowReplace,
    Branch,
    Diff,
    DryRun,
    Environments,
    Ours,
    Output,
    Port,
    Push,
    RepoDir,
    RequestApproval,
    Scale,
    Service,
    SetEnv,
    Size,
    Team,
    Theirs,
    Write,
    Yes,
    confirm,
    start,
)
from atmos_cli.output.json.envelope import answer

if TYPE_CHECKING:
    from atmos_cli.commands.change import ChangePlan
    from atmos_cli.gitops.write import Written

Several = list[str] | None


def change(
    service: Service,
    intent: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[INTENT]",
            help='What changes, e.g. "add redis, size m in prod, 4 replicas".',
            show_default=False,
        ),
    ] = None,
    team: Team = None,
    env: Environments = None,
    size: Size = None,
    replicas: Annotated[int | None, typer.Option(min=0, max=1000, help="A fixed number of replicas.")] = None,
    scale: Scale = None,
    port: Port = None,
    host: Annotated[Several, typer.Option(help="One more host name; may be repeated.")] = None,
    set_env: SetEnv = None,
    secret: Annotated[
        Several, typer.Option(metavar="NAME", help="A variable whose value comes from a Secret; may be repeated.")
    ] = None,
    unset_env: Annotated[Several, typer.Option(metavar="NAME", help="Remove an environment variable.")] = None,
    with_: Annotated[
        Several,
        typer.Option(
            "--with", metavar="ADDON", help="Add an add-on; may be repeated.", autocompletion=completion.addons
        ),
    ] = None,
    without: Annotated[
        Several,
        typer.Option(metavar="ADDON", help="Remove an add-on; may be repeated.", autocompletion=completion.addons),
    ] = None,
    ours: Ours = None,
    theirs: Theirs = None,
    allow_replace: AllowReplace = False,
    request_approval: RequestApproval = False,
    repo: RepoDir = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    with_diff: Diff = False,
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
        secrets=tuple(secret or ()),
        environments=tuple(env or ()),
    )
    options = ChangeOptions(
        team, write, branch, tuple(ours or ()), tuple(theirs or ()), allow_replace, request_approval
    )
    plan = plan_change(
        open_repository(start(repo), writes=not dry_run), service, " ".join(intent or ()), flags, options
    )
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
