"""`atmos rollback`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import (
    AllowReplace,
    Branch,
    Diff,
    DryRun,
    Output,
    Push,
    RepoDir,
    Service,
    Team,
    Write,
    Yes,
    confirm,
    start,
)
from atmos_cli.output.json.envelope import answer

if TYPE_CHECKING:
    from atmos_cli.commands.rollback import RolledBack
    from atmos_cli.commands.rollback_plan import RollbackPlan

Commit = Annotated[
    str | None, typer.Option("--commit", help="The bad commit (default: the newest that changed the service there).")
]
To = Annotated[
    str | None, typer.Option("--to", metavar="COMMIT", help="The state to restore (default: last verified).")
]


def rollback(
    service: Service,
    env: Annotated[
        str, typer.Option("--env", "-e", metavar="ENV", autocompletion=completion.environments, help="The environment.")
    ],
    team: Team = None,
    commit: Commit = None,
    to: To = None,
    reason: Annotated[str, typer.Option(help="Why; it stands in the commit.")] = "",
    all_environments: Annotated[
        bool, typer.Option("--all-environments", help="Restore files that other environments share as well.")
    ] = False,
    overlay_only: Annotated[
        bool, typer.Option("--overlay-only", help="Leave shared files as they are, even if the state is then mixed.")
    ] = False,
    migrations_compatible: Annotated[
        bool, typer.Option("--migrations-compatible", help="The old code runs on the database as it is now.")
    ] = False,
    accept_data_loss: Annotated[
        bool, typer.Option("--accept-data-loss", help="Volumes, databases or namespaces may be removed.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Restore even an image that was rolled back before.")] = False,
    allow_replace: AllowReplace = False,
    repo: RepoDir = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    with_diff: Diff = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.rollback import execute_rollback
    from atmos_cli.commands.rollback_plan import RollbackRequest, plan_rollback
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.verify.rollback import Allowed

    allowed = Allowed(
        all_environments=all_environments,
        overlay_only=overlay_only,
        migrations=migrations_compatible,
        data_loss=accept_data_loss,
        quarantined=force,
    )
    ask = RollbackRequest(
        service=service,
        environment=env,
        team=team,
        commit=commit,
        to=to,
        reason=reason,
        mode=write,
        branch=branch,
        pushes=push,
        allowed=allowed,
        allow_replace=allow_replace,
    )
    plan = plan_rollback(open_repository(start(repo), writes=not dry_run), ask)
    if output == "text":
        from atmos_cli.output.text.change import show_rollback

        show_rollback(plan, with_diff=with_diff)
    done = None
    if not plan.refused and not dry_run:
        confirm("Write this?", yes=yes, output=output)
        done = execute_rollback(plan)
    _finish(plan, done, output=output)


def _finish(plan: RollbackPlan, done: RolledBack | None, *, output: str) -> None:
    code = 1 if plan.refused else 0
    notes = done.notes if done else ()
    if output == "json":
        from atmos_cli.output.json.change import rollback_data

        last = done.plan if done else plan
        written = done.written.notes if done else ()
        diagnostics = (*plan.repository.recovered, *last.diagnostics, *written, *notes)
        answer("rollback", data=rollback_data(last, done), diagnostics=diagnostics, exit_code=code)
    else:
        from atmos_cli.output.text.change import show_done

        show_done(done.written if done else None, done.next[-1:] if done else (), refused=plan.refused, notes=notes)
    raise typer.Exit(code)
