"""`atmos deploy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from atmos_cli.cli.options import (
    AllowReplace,
    Branch,
    DryRun,
    Environments,
    Output,
    OutputFormat,
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
    from atmos_cli.commands.deploy import DeployPlan
    from atmos_cli.commands.verify_run import VerifiedRun
    from atmos_cli.gitops.write import Written


def deploy(
    service: Service,
    image: Annotated[
        list[str],
        typer.Option(
            metavar="[CONTAINER=]NAME:TAG[@DIGEST]", help="What to run; `:TAG` keeps the name. May be repeated."
        ),
    ],
    env: Environments = None,
    team: Team = None,
    verify: Annotated[bool, typer.Option("--verify", help="Then watch it until there is a verdict.")] = False,
    force: Annotated[bool, typer.Option("--force", help="Deploy even an image that was rolled back there.")] = False,
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
    from atmos_cli.commands.changes import write_change
    from atmos_cli.commands.deploy import DeployRequest, plan_deploy
    from atmos_cli.commands.image_changes import Allowing
    from atmos_cli.gitops.repository import open_repository

    allowing = Allowing(force, allow_replace, request_approval)
    ask = DeployRequest(service, tuple(image), allowing, tuple(env or ()), team, write, branch)
    plan = plan_deploy(open_repository(start(repo), writes=not dry_run), ask)
    if verify:
        _require_watchable(plan, push=push)
    if output == "text":
        from atmos_cli.output.text.images import show_deploy

        show_deploy(plan)
    written = None
    if plan.change.changes.files and not plan.change.refused and not dry_run:
        confirm("Write this?", yes=yes, output=output)
        written = write_change(plan.change, pushes=push)
    if output == "text":
        _show(plan, written)
    found = None
    if verify and not dry_run and not plan.change.refused:
        found = _watched(plan, written, output=output)
    code = 1 if plan.change.refused else found.status() if found else 0
    if output == "json":
        _answer(plan, written, found, code=code)
    raise typer.Exit(code)


def _require_watchable(plan: DeployPlan, *, push: bool | None) -> None:
    """An engine sees nothing but what is pushed to the branch that it follows."""
    from atmos_cli.diagnostics import Code, fail

    begun = plan.change.start
    if begun.mode != "commit" or not (begun.pushes if push is None else push):
        message = "`--verify` can only watch what is pushed to the branch that the engines follow"
        raise fail(Code.USAGE, message, hint="add `--write commit --push`")


def _watched(plan: DeployPlan, written: Written | None, *, output: OutputFormat) -> VerifiedRun:
    from atmos_cli.commands.verify_run import Watched, verify_now
    from atmos_cli.output.text.verify import Display

    wanted = Watched(
        f"{plan.team}/{plan.service}",
        environments=plan.environments,
        commit=written.commit if written else "",
    )
    found = verify_now(plan.repository, wanted, display=Display if output == "text" else None)
    if output == "text":
        from atmos_cli.output.text.diagnostics import print_diagnostics
        from atmos_cli.output.text.verify import show_verdicts

        show_verdicts(found.verdicts, found.actions)
        print_diagnostics(found.notes)
    return found


def _show(plan: DeployPlan, written: Written | None) -> None:
    from atmos_cli.output.text.change import show_done

    show_done(written, refused=plan.change.refused)


def _answer(plan: DeployPlan, written: Written | None, found: VerifiedRun | None, *, code: int) -> None:
    from atmos_cli.output.json.images import deploy_data

    data: dict[str, Any] = deploy_data(plan, written)
    if found is not None:
        from atmos_cli.output.json.verify import verdicts_data

        data |= verdicts_data(found.verdicts, found.actions)
    notes = (*(written.notes if written else ()), *(found.notes if found else ()))
    answer("deploy", data=data, diagnostics=(*plan.diagnostics, *notes), exit_code=code)
