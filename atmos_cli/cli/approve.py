"""`atmos approve …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from atmos_cli.cli.options import DryRun, Environments, Output, RepoDir, Team, Write, Yes, interactive, start
from atmos_cli.foreign import shell
from atmos_cli.output.say import say, say_json

if TYPE_CHECKING:
    from atmos_cli.approval.decide import Verdict
    from atmos_cli.approval.model import Approval
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.gitops.write import Written

app = typer.Typer(help="Ask for, sign and judge permissions to pass a budget.", no_args_is_help=True)

File = Annotated[Path, typer.Argument(metavar="FILE", help="An approval, as `atmos approve request` wrote it.")]
Base = Annotated[str | None, typer.Option(metavar="COMMIT", help="Trust this commit (default: the base branch).")]


@app.callback()
def main() -> None:
    pass


@app.command(help="Write a request to let a service pass its budget with exactly what it asks for now.")
def request(
    env: Annotated[str, typer.Option("--env", "-e", metavar="ENV", help="The environment whose budget is passed.")],
    service: Annotated[str, typer.Option("--service", "-s", help="The service that asks for more.")],
    team: Team = None,
    reason: Annotated[str | None, typer.Option(help="Why, in one line, for whoever is to sign.")] = None,
    expires: Annotated[str | None, typer.Option(metavar="14d", help="How long it lives (36h, 14d, 2w).")] = None,
    base: Base = None,
    write: Write = None,
    branch: Annotated[str | None, typer.Option(help="The branch to make with `--write branch`.")] = None,
    push: Annotated[bool, typer.Option("--push", help="Push the commit or branch to origin.")] = False,
    repo: RepoDir = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.commands.approve import approval_data, execute_request, plan_request

    plan = plan_request(
        _repository(repo, writes=not dry_run),
        environment=env,
        service=service,
        team=team,
        reason=reason,
        expires=expires,
        base=base,
    )
    if output == "text":
        say(f"Request {plan.path}")
        _show(plan.approval)
        for need in plan.needs:
            say(f"  needs      {need}")
    written = None
    if not dry_run:
        _confirm("Write this?", yes=yes, output=output)
        written = execute_request(plan, mode=write, branch=branch, pushes=push)
    if output == "json":
        data = {**approval_data(plan.path, plan.approval), "needs": list(plan.needs)}
        data["written"] = written.data() if written else None
        say_json(envelope("approve request", data=data, diagnostics=written.notes if written else ()))
    elif written:
        _written(written)
        say(f"Next: someone who may signs it: atmos approve sign {shell(plan.path)} --key ~/.ssh/id_ed25519")


@app.command(help="Show what an approval asks for, who has signed, and what it is worth in this checkout.")
def show(file: File, base: Base = None, repo: RepoDir = None, output: Output = "text") -> None:
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.cli.text import print_diagnostics
    from atmos_cli.commands.approve import approval_data, check_approvals, load_approval

    repository = _repository(repo)
    path = _from_root(file, repository)
    approval = load_approval(repository, path)
    checked = check_approvals(repository, environments=(approval.environment,), paths=[path], base=base)
    verdict = checked.verdicts[0]
    if output == "json":
        data = {**approval_data(path, approval), **_verdict_data(verdict)}
        say_json(envelope("approve show", data=data, diagnostics=verdict.problems))
        return
    say(path)
    _show(approval)
    say(f"  signed by  {', '.join(verdict.approvers) or 'nobody whose signature counts'}")
    say(f"  worth      {_worth(verdict)}")
    print_diagnostics(verdict.problems)


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
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.commands.approve import approval_data, load_approval, sign_approval

    repository = _repository(repo, writes=True)
    path = _from_root(file, repository)
    approval = load_approval(repository, path)
    if output == "text":
        say(path)
        _show(approval)
    _confirm("Approve this?", yes=yes, output=output)
    signed, who = sign_approval(repository, path, key=key, interactive=interactive(output))
    if output == "json":
        say_json(envelope("approve sign", data={**approval_data(path, signed), "signedBy": who}))
        return
    say(f"Signed by {who}")
    message = shell(f"Approve {signed.service}")
    say(f"Next: commit it, and nothing else with it: git commit -m {message} -- {shell(path)}")


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
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.cli.text import print_diagnostics
    from atmos_cli.commands.approve import check_approvals

    checked = check_approvals(_repository(repo), environments=tuple(env or ()), service=service, base=base)
    code = 1 if checked.problems else 0
    if output == "json":
        data = {"approvals": [{"file": each.path, **_verdict_data(each)} for each in checked.verdicts]}
        say_json(envelope("approve check", data=data, diagnostics=checked.problems, exit_code=code))
        raise typer.Exit(code)
    for each in checked.verdicts:
        say(f"{each.path}: {_worth(each)}")
    print_diagnostics(checked.problems)
    if not checked.verdicts and not checked.unreadable:
        say("there are no approvals here")
    raise typer.Exit(code)


def _repository(repo: Path | None, *, writes: bool = False) -> Repository:
    from atmos_cli.gitops.repository import open_repository

    return open_repository(start(repo), writes=writes)


def _from_root(file: Path, repository: Repository) -> str:
    """The path from the root of a file named from the working directory, or from the root already."""
    from atmos_cli.diagnostics import Code, fail

    for candidate in (file.absolute(), file.resolve(), (repository.root / file).resolve()):
        if candidate.is_file() and candidate.is_relative_to(repository.root):
            return candidate.relative_to(repository.root).as_posix()
    hint = "`atmos approve check` lists approvals"
    raise fail(Code.APPROVAL_INVALID, f"there is no file `{file}` in {repository.root}", hint=hint)


def _confirm(question: str, *, yes: bool, output: Any) -> None:
    from atmos_cli.diagnostics import Code, fail

    if interactive(output) and not yes:
        typer.confirm(question, default=False, abort=True)
    elif not yes and output == "text":
        raise fail(Code.USAGE, "this is no terminal, so atmos cannot ask", hint="add `--yes`")


def _show(approval: Approval) -> None:
    grants = (f"{name} {amount}" for name, amount in approval.grants.items())
    rows: list[tuple[str, str]] = [
        ("service", f"{approval.team}/{approval.service} in '{approval.environment}'"),
        ("may use", ", ".join(grants)),
        *(("exceeds", f"{each.scope}: {each.dimension} {each.after} of {each.limit}") for each in approval.exceeds),
        ("asked by", approval.requested_by),
        *([("reason", approval.reason)] if approval.reason else []),
        ("valid", f"{approval.created_at} until {approval.expires_at}, once"),
        ("claim", approval.claim_digest),
    ]
    for name, value in rows:
        say(f"  {name:<10} {value}")


def _written(written: Written) -> None:
    from atmos_cli.cli.text import print_diagnostics

    print_diagnostics(written.notes)
    if written.mode == "files":
        say("Wrote it; nothing is committed")
        return
    pushed = " and pushed it" if written.pushed else ""
    say(f"{'Committed' if written.mode == 'commit' else 'Made the branch'} {written.branch}{pushed}")
    if written.link:
        say(f"Open a pull request: {written.link}")


def _worth(verdict: Verdict) -> str:
    if verdict.valid:
        return f"valid until {verdict.approval.expires_at}, approved by {' and '.join(verdict.approvers)}"
    if verdict.state == "in use":
        return "in use: the base branch runs what it allowed"
    if verdict.state == "used":
        return "used up"
    return "nothing"


def _verdict_data(verdict: Verdict) -> dict[str, Any]:
    return {"state": verdict.state, "valid": verdict.valid, "approvers": list(verdict.approvers)}
