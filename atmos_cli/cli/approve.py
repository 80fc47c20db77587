"""`atmos approve …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import (
    Branch,
    DryRun,
    Environments,
    Output,
    Push,
    RepoDir,
    Team,
    Write,
    Yes,
    confirm,
    interactive,
    start,
)
from atmos_cli.output.json.envelope import answer

if TYPE_CHECKING:
    from atmos_cli.gitops.repository import Repository

app = typer.Typer(help="Ask for, sign and judge permissions to pass a budget.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="An approval, as `atmos approve request` wrote it.")]
Base = Annotated[str | None, typer.Option(metavar="COMMIT", help="Trust this commit (default: the base branch).")]


@app.callback()
def main() -> None:
    pass


@app.command(help="Write a request to let a service pass its budget with exactly what it asks for now.")
def request(
    env: Annotated[
        str,
        typer.Option(
            "--env",
            "-e",
            metavar="ENV",
            autocompletion=completion.environments,
            help="The environment whose budget is passed.",
        ),
    ],
    service: Annotated[str, typer.Option("--service", "-s", help="The service that asks for more.")],
    team: Team = None,
    reason: Annotated[str | None, typer.Option(help="Why, in one line, for whoever is to sign.")] = None,
    expires: Annotated[str | None, typer.Option(metavar="14d", help="How long it lives (36h, 14d, 2w).")] = None,
    base: Base = None,
    write: Write = None,
    branch: Branch = None,
    push: Push = None,
    repo: RepoDir = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.approve import ApprovalRequest, plan_request
    from atmos_cli.commands.changes import write_change
    from atmos_cli.output.json.change import request_data
    from atmos_cli.output.text.approvals import show_request, show_requested

    ask = ApprovalRequest(env, service, team, reason, expires, base, write, branch)
    plan = plan_request(_repository(repo, writes=not dry_run), ask)
    if output == "text":
        show_request(plan)
    written = None
    if not dry_run:
        confirm("Write this?", yes=yes, output=output, default=False, hint="add `--yes`")
        written = write_change(plan.change, pushes=push)
    if output == "json":
        answer("approve request", data=request_data(plan, written), diagnostics=written.notes if written else ())
    elif written:
        show_requested(plan, written)


@app.command(help="Show what an approval asks for, who has signed, and what it is worth in this checkout.")
def show(file: File, base: Base = None, repo: RepoDir = None, output: Output = "text") -> None:
    from atmos_cli.commands.approve import check_approvals, load_approval
    from atmos_cli.output.json.change import approval_data, worth_data
    from atmos_cli.output.text.approvals import show_worth

    repository = _repository(repo)
    path = _from_root(file, repository)
    approval = load_approval(repository, path)
    checked = check_approvals(repository, environments=(approval.environment,), paths=[path], base=base)
    verdict = checked.verdicts[0]
    if output == "json":
        data = {**approval_data(path, approval), **worth_data(verdict)}
        answer("approve show", data=data, diagnostics=verdict.problems)
    else:
        show_worth(path, approval, verdict)


@app.command(
    help="Sign an approval with your SSH key; the signature is added to the file, which anybody may then commit."
)
def sign(
    file: File,
    key: Annotated[Path, typer.Option(metavar="KEY", help="Your private SSH key, or a `.pub` file for the agent.")],
    repo: RepoDir = None,
    yes: Yes = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.approve import load_approval, sign_approval
    from atmos_cli.output.json.change import approval_data
    from atmos_cli.output.text.approvals import show_approval, show_signed

    repository = _repository(repo, writes=True)
    path = _from_root(file, repository)
    approval = load_approval(repository, path)
    if output == "text":
        show_approval(path, approval)
    confirm("Approve this?", yes=yes, output=output, default=False, hint="add `--yes`")
    signed, who = sign_approval(repository, path, key=key, interactive=interactive(output))
    if output == "json":
        answer("approve sign", data={**approval_data(path, signed), "signedBy": who})
    else:
        show_signed(path, signed, who)


@app.command(
    help="Judge every approval in the checkout: what it is worth, and why not. Exit status 1 when one is worth nothing."
)
def check(
    env: Environments = None,
    service: Annotated[str | None, typer.Option("--service", "-s", help="Only approvals of this service.")] = None,
    base: Base = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.approve import check_approvals
    from atmos_cli.output.json.change import worth_data
    from atmos_cli.output.text.approvals import show_checked

    checked = check_approvals(_repository(repo), environments=tuple(env or ()), service=service, base=base)
    code = 1 if checked.problems else 0
    if output == "json":
        data = {"approvals": [{"file": each.path, **worth_data(each)} for each in checked.verdicts]}
        answer("approve check", data=data, diagnostics=checked.problems, exit_code=code)
    else:
        show_checked(checked)
    raise typer.Exit(code)


def _repository(repo: Path | None, *, writes: bool = False) -> Repository:
    from atmos_cli.gitops.repository import open_repository

    return open_repository(start(repo), writes=writes)


def _from_root(file: Path, repository: Repository) -> str:
    """Return the path from the root of a file named from the working directory, or from the root already."""
    from atmos_cli.diagnostics import Code, fail

    for candidate in (file.absolute(), file.resolve(), (repository.root / file).resolve()):
        if candidate.is_file() and candidate.is_relative_to(repository.root):
            return candidate.relative_to(repository.root).as_posix()
    hint = "`atmos approve check` lists approvals"
    raise fail(Code.APPROVAL_INVALID, f"there is no file `{file}` in {repository.root}", hint=hint)
