"""`atmos rename`."""

from __future__ import annotations

from typing import Annotated

import typer

from atmos_cli.cli.new_place import opened
from atmos_cli.cli.options import (
    Branch,
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
)
from atmos_cli.output.json.envelope import answer


def rename(
    service: Service,
    new: Annotated[str, typer.Argument(metavar="NEW", help="Its new name.")],
    team: Team = None,
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
    from atmos_cli.commands.changes import write_change
    from atmos_cli.commands.rename import Renaming, plan_rename

    plan = plan_rename(
        opened(repo, dry_run=dry_run), Renaming(service, new, team, request_approval), mode=write, branch=branch
    )
    if output == "text":
        from atmos_cli.output.text.removal import show_rename

        show_rename(plan, with_diff=with_diff)
    written = None
    if not dry_run and not plan.change.refused:
        confirm("Write this?", yes=yes, output=output)
        written = write_change(plan.change, pushes=push)
    code = 1 if plan.change.refused else 0
    if output == "json":
        from atmos_cli.output.json.removal import rename_data

        notes = written.notes if written else ()
        found = (*plan.repository.recovered, *plan.change.guarded.diagnostics, *notes)
        answer("rename", data=rename_data(plan, written), diagnostics=found, exit_code=code)
    else:
        from atmos_cli.output.text.change import show_done

        show_done(written, [("", step) for step in plan.next_steps()], refused=plan.change.refused)
    raise typer.Exit(code)
