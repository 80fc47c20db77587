"""`atmos budget show|explain|diff|check|audit|init|rightsize`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from atmos_cli.cli import audit, budget_change, completion
from atmos_cli.cli.options import Environments, Output, RepoDir, Service, Team, start
from atmos_cli.output.json.envelope import answer
from atmos_cli.output.say import say, say_lines

if TYPE_CHECKING:
    from atmos_cli.gitops.repository import Repository

app = typer.Typer(help="What environments may use, what is used, by whom, and what it costs.", no_args_is_help=True)
Base = Annotated[
    str | None, typer.Option("--base", metavar="REF", help="The commit that is trusted (default: the base branch).")
]


@app.callback()
def main() -> None:
    pass


@app.command(help="Show what is used of every limit, by team or service, and what it costs a month.")
def show(
    environment: Annotated[
        str | None,
        typer.Argument(metavar="[ENV]", help="Only this environment.", autocompletion=completion.environments),
    ] = None,
    by: Annotated[Literal["team", "service"], typer.Option(help="Whose share to show.")] = "team",
    what: Annotated[
        Literal["steady", "peak", "rollout"] | None,
        typer.Option(help="Which pods to count (default: what the budget counts)."),
    ] = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page with the history of the base branch.")
    ] = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.budget import show as used

    repository = _open(repo)
    environments = (environment,) if environment else ()
    shown = used(repository, environments, by=by, what=what)
    if html is not None:
        from atmos_cli.commands.budget_history import history
        from atmos_cli.output.html import budget_page, write_page

        write_page(html, budget_page(shown, history(repository, environments)))
        say(f"Wrote {html}")
    elif output == "json":
        from atmos_cli.output.json.budget import shown_data

        answer("budget show", data={"environments": [shown_data(each) for each in shown]})
    else:
        from atmos_cli.output.text.budget import show_use

        show_use(shown)


@app.command(help="Show every line of the sum of one service, container by container, with the rule that applied.")
def explain(
    service: Service,
    team: Team = None,
    env: Environments = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.budget import explain as shares_of

    shares = shares_of(_open(repo), service, team=team, environments=tuple(env or ()))
    if output == "json":
        from atmos_cli.output.json.budget import share_data

        answer("budget explain", data={"deployments": [share_data(each) for each in shares]})
    else:
        from atmos_cli.output.text.budget import show_shares

        show_shares(shares)


@app.command(help="Show what a change makes of every environment; as Markdown for a comment on a pull request.")
def diff(
    commits: Annotated[str, typer.Argument(metavar="BASE..HEAD", help="The commits to compare.")],
    repo: RepoDir = None,
    output: Annotated[
        Literal["text", "json", "markdown"], typer.Option("--output", "-o", help="What to print.")
    ] = "text",
) -> None:
    from atmos_cli.commands.budget import diff as differences
    from atmos_cli.diagnostics import Code, fail

    base, dots, head = commits.partition("..")
    if not dots or not base or head.startswith("."):
        raise fail(Code.USAGE, f"`{commits}` is not BASE..HEAD", hint="for example: atmos budget diff main..HEAD")
    judged = differences(_open(repo), base, head or "HEAD")
    if output == "json":
        from atmos_cli.output.json.budget import row_data

        answer("budget diff", data={"budget": [row_data(row) for each in judged for row in each.rows]})
    elif output == "markdown":
        from atmos_cli.output.markdown import budget_comment

        say_lines(budget_comment(judged))
    else:
        from atmos_cli.output.text.budget import show_change

        show_change(judged)


@app.command(help="For CI and merge groups: may HEAD, merged into the base, land? Exit status 1 says no.")
def check(base: Base = None, repo: RepoDir = None, output: Output = "text") -> None:
    from atmos_cli.commands.budget import check as judge
    from atmos_cli.diagnostics import errors

    repository = _open(repo)
    judged = judge(repository, base=base)
    code = 1 if errors(judged.diagnostics) else 0
    if output == "json":
        from atmos_cli.output.json.budget import row_data

        data = {"budget": [row_data(row) for row in judged.rows]}
        answer("budget check", data=data, diagnostics=judged.diagnostics, exit_code=code)
    else:
        from atmos_cli.output.text.budget import show_check

        show_check(judged, lands=not code)
    raise typer.Exit(code)


app.command(
    "audit",
    help="Look for spend on the base branch that nobody approved, or that nobody approves any more.\n"
    "\n"
    "Exit status 1 when there is any. "
    "Run it on every push to the base branch, and daily: approvals expire by themselves.",
)(audit.audit)
app.command(
    "init", help="Write budgets from what is used today: half as much again, rounded up; twice that as the ceiling."
)(budget_change.init)
app.command("rightsize", help="Suggest CPU and memory from measured use, with the reason and what it saves.")(
    budget_change.rightsize
)


def _open(repo: Path | None) -> Repository:
    from atmos_cli.gitops.repository import open_repository

    return open_repository(start(repo))
