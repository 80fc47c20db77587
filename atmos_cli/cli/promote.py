"""`atmos promote`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import (
    AllowReplace,
    Branch,
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
    from atmos_cli.commands.promote import PromotePlan
    from atmos_cli.gitops.write import Written


def promote(
    service: Service,
    to: Annotated[
        str,
        typer.Option(
            "--to", metavar="ENV", autocompletion=completion.environments, help="The environment that gets the version."
        ),
    ],
    from_: Annotated[
        str | None,
        typer.Option(
            "--from",
            metavar="ENV",
            autocompletion=completion.environments,
            help="Where it runs (default: `promotion.from`, or the environment before).",
        ),
    ] = None,
    team: Team = None,
    force: Annotated[
        bool, typer.Option("--force", help="Pass verdict, soak, freeze and quarantine; the commit names you.")
    ] = False,
    allow_replace: AllowReplace = False,
    request_approval: RequestApproval = False,
    repo: RepoDir = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.adapters.clock import SystemClock
    from atmos_cli.commands.changes import write_change
    from atmos_cli.commands.image_changes import Allowing
    from atmos_cli.commands.promote import PromoteRequest, plan_promote
    from atmos_cli.gitops.repository import open_repository

    allowing = Allowing(force, allow_replace, request_approval)
    ask = PromoteRequest(service, to, allowing, from_, team, write, branch)
    plan = plan_promote(open_repository(start(repo), writes=not dry_run), ask, clock=SystemClock())
    if output == "text":
        from atmos_cli.output.text.images import show_promote

        show_promote(plan)
    written = None
    if plan.change.changes.files and not plan.change.refused and not dry_run:
        confirm("Write this?", yes=yes, output=output)
        written = write_change(plan.change, pushes=push)
    _finish(plan, written, output=output)


def _finish(plan: PromotePlan, written: Written | None, *, output: str) -> None:
    code = 1 if plan.change.refused else 0
    if output == "json":
        from atmos_cli.output.json.images import promote_data

        notes = written.notes if written else ()
        answer("promote", data=promote_data(plan, written), diagnostics=(*plan.diagnostics, *notes), exit_code=code)
    else:
        from atmos_cli.output.text.change import show_done

        show_done(written, refused=plan.change.refused)
    raise typer.Exit(code)
