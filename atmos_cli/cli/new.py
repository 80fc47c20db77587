"""`atmos new service`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import (
    Branch,
    Diff,
    DryRun,
    Environments,
    Force,
    Output,
    Port,
    Push,
    RepoDir,
    RequestApproval,
    Scale,
    SetEnv,
    Size,
    Team,
    Write,
    Yes,
    asked,
    confirm,
    interactive,
    start,
)
from atmos_cli.diagnostics import Code, fail
from atmos_cli.output.json.envelope import answer
from atmos_cli.output.say import say

if TYPE_CHECKING:
    from atmos_cli.commands.init import InitPlan
    from atmos_cli.commands.new import NewPlan
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.gitops.write import Written

app = typer.Typer(help="Add something to the GitOps repo.", no_args_is_help=True)


@app.callback()
def main() -> None:
    pass


@app.command(
    help="Add a service: one plan with the source of every value, one question, then files, a commit or a branch."
)
def service(
    intent: Annotated[
        list[str] | None,
        typer.Argument(help='What it is, e.g. "node, port 80, postgres"; without it, atmos asks.', show_default=False),
    ] = None,
    name: Annotated[str | None, typer.Option(help="The name of the service.")] = None,
    team: Team = None,
    env: Environments = None,
    image: Annotated[str | None, typer.Option(metavar="NAME:TAG", help="The image to deploy first.")] = None,
    host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[ENV=]HOST",
            help="A host name under which production, or ENV, is reachable from outside; may be repeated.",
        ),
    ] = None,
    size: Size = None,
    replicas: Annotated[int | None, typer.Option(min=0, max=1000, help="The same number everywhere.")] = None,
    scale: Scale = None,
    port: Port = None,
    health_path: Annotated[
        str | None, typer.Option(metavar="/PATH", help="Answers 200 while the process lives.")
    ] = None,
    ready_path: Annotated[str | None, typer.Option(metavar="/PATH", help="Answers 200 when it can serve.")] = None,
    set_env: SetEnv = None,
    secret: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A variable whose value comes from a Secret, never from here; may be repeated."
        ),
    ] = None,
    with_: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="ADDON", help="An add-on; may be repeated.", autocompletion=completion.addons),
    ] = None,
    checkout: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Look there what the application is: package.json, pom.xml, Dockerfile and the like."
        ),
    ] = None,
    repo: RepoDir = None,
    init: Annotated[
        Path | None, typer.Option("--init", metavar="DIR", help="Make the default GitOps repo there first.")
    ] = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    force: Force = False,
    request_approval: RequestApproval = False,
    with_diff: Diff = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.changes import write_change
    from atmos_cli.commands.new import NewOptions, open_requests, plan_new
    from atmos_cli.gitops.intent_flags import Flags

    flags = Flags(
        name=name,
        team=team,
        environments=tuple(env or ()),
        image=image,
        hosts=tuple(host or ()),
        size=size,
        replicas=replicas,
        scale=scale,
        port=port,
        health_path=health_path,
        ready_path=ready_path,
        env=tuple(set_env or ()),
        secrets=tuple(secret or ()),
        addons=tuple(with_ or ()),
        checkout=checkout,
    )
    first, repository = _repository(repo, init, writes=not dry_run)
    options = NewOptions(
        mode=write,
        branch=branch,
        request_approval=request_approval,
        force=force,
        ask=None if yes else asked(output),
    )
    words = " ".join(intent or ())
    if not words and checkout is None:
        words = _asked_for(repository, yes=yes, output=output)
    plan = plan_new(repository, words, flags, options)
    if output == "text":
        from atmos_cli.output.text.change import show_new

        show_new(plan, open_requests(plan), with_diff=with_diff)
    written = None
    if not plan.change.refused and not dry_run:
        confirm("Write this?", yes=yes, output=output)
        if first is not None:
            _execute_init(first)
        written = write_change(plan.change, pushes=push)
    _finish(plan, written, first, output=output)


def _asked_for(repository: Repository, *, yes: bool, output: Output) -> str:
    """Return the intent that a person's answers make. Raises ATM107 where no one can be asked."""
    if yes or not interactive(output):
        hint = 'say what it is: `atmos new service "node, port 80, postgres"`'
        raise fail(Code.INTENT_EMPTY, "the intent is missing", hint=hint)
    from atmos_cli.commands.new_questions import intent_from
    from atmos_cli.foreign import shell

    text = intent_from(repository, lambda question, default: str(typer.prompt(question, default=default or None)), say)
    say(f"The same without questions: atmos new service {shell(text)}")
    return text


def _repository(repo: Path | None, init: Path | None, *, writes: bool) -> tuple[InitPlan | None, Repository]:
    from atmos_cli.commands.init import InitOptions, plan_init
    from atmos_cli.gitops.repository import Repository, open_repository

    if init is None:
        return None, open_repository(start(repo), writes=writes)
    first = plan_init(init.resolve(), InitOptions(), writes=writes)
    repository = Repository(first.root, first.tree, first.config, first.notes)
    return (first if first.changes.files else None), repository


def _execute_init(first: InitPlan) -> None:
    from atmos_cli.commands.init import execute_init

    execute_init(first)


def _steps_of_both(plan: NewPlan, first: InitPlan) -> tuple[tuple[str, str], ...]:
    """Return what is left to do for a service and its new repo, each thing once: one push takes both along."""
    own = plan.next_steps()
    said = {f"{topic}: {step}" for topic, step in own}
    of_repo = (each for each in first.setup() if each not in said and not each.startswith("push: "))
    return (*own, *(("repo", each) for each in of_repo))


def _finish(plan: NewPlan, written: Written | None, first: InitPlan | None, *, output: str) -> None:
    code = 1 if plan.change.refused else 0
    steps = plan.next_steps() if first is None else _steps_of_both(plan, first)
    if output == "json":
        from atmos_cli.output.json.change import new_data

        notes = written.notes if written else ()
        diagnostics = (*plan.repository.recovered, *plan.change.guarded.diagnostics, *notes)
        answer("new service", data=new_data(plan, written, steps), diagnostics=diagnostics, exit_code=code)
    else:
        from atmos_cli.output.text.change import show_done

        show_done(written, steps if written else (), refused=plan.change.refused)
    raise typer.Exit(code)
