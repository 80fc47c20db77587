"""`atmos verify`: watch a commit until there is a verdict."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer
from typer.core import TyperGroup

from atmos_cli.cli import completion
from atmos_cli.cli.options import Environments, Output, RepoDir, Service, Team, start
from atmos_cli.output.json.envelope import answer
from atmos_cli.output.say import say_document, say_progress

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.commands.verify_act import Action
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.verify.model import Verdict

Format = Literal["text", "json", "junit", "markdown"]
OnFail = Literal["alert", "suggest", "branch", "rollback"]


class _Group(TyperGroup):
    """Reads `atmos verify SERVICE` as `atmos verify run SERVICE`, unless the first word names a command."""

    default = "run"

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        if not args or args[0] not in self.commands:
            args = [self.default, *args]
        return super().parse_args(ctx, args)


app = typer.Typer(
    cls=_Group,
    no_args_is_help=False,
    help="Say whether a commit arrived, its pods became good and users are worse off; why, and what now.",
)


@app.callback()
def main() -> None:
    pass


@app.command(
    epilog="How often it would have alarmed without a deploy: `atmos verify backtest --help`",
    help="Watch a commit until there is a verdict: exit 0 pass or warn, 1 fail, 4 inconclusive, 5 superseded.",
)
def run(
    service: Annotated[
        str | None,
        typer.Argument(
            help="The service, as NAME or TEAM/NAME (default: all that the commit changes).",
            autocompletion=completion.services,
        ),
    ] = None,
    env: Environments = None,
    team: Team = None,
    commit: Annotated[
        str, typer.Option(metavar="C", help="The commit (default: the last one on the base branch that changed it).")
    ] = "",
    on_fail: Annotated[
        OnFail | None, typer.Option(help="What FAIL does (default: `verify.rollback` of the spec).")
    ] = None,
    fail_on: Annotated[Literal["fail", "warn"], typer.Option(help="The mildest verdict that exits with 1.")] = "fail",
    record: Annotated[Path | None, typer.Option(metavar="DIR", help="Write every answer down there.")] = None,
    replay: Annotated[Path | None, typer.Option(metavar="DIR", help="Repeat a recorded run, offline.")] = None,
    webhook: Annotated[
        str | None, typer.Option(metavar="VARIABLE", help="Post to the Slack-compatible URL in this variable.")
    ] = None,
    summary: Annotated[Path | None, typer.Option(metavar="FILE", help="Append Markdown to this file.")] = None,
    repo: RepoDir = None,
    output: Annotated[Format, typer.Option("--output", "-o", help="What to print.")] = "text",
) -> None:
    from atmos_cli.commands.verify_run import Watched, verify_now, verify_replayed
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.output.notify import notify, require_channels
    from atmos_cli.output.text.verify import Display

    require_channels(webhook, summary)
    display = Display if output == "text" else None
    if replay:
        found = verify_replayed(replay, display=display)
    else:
        wanted = Watched(service, team, tuple(env or ()), commit, on_fail, record)
        found = verify_now(open_repository(start(repo)), wanted, display=display)
    if not found.verdicts:
        say_progress("this commit changes no service in these environments")
    notes = [*found.notes, *notify(found.verdicts, webhook, summary)]
    code = found.status(fail_on)
    _print(found.verdicts, found.actions, notes, output, code)
    raise typer.Exit(code)


@app.command(
    help="Say how often it would have alarmed without a deploy: ask this before you opt into automatic rollback."
)
def backtest(
    service: Service,
    env: Environments = None,
    team: Team = None,
    hours: Annotated[float, typer.Option(min=2.0, max=744.0, help="How far to look back.")] = 24.0,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.backtest import backtests
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.gitops.trusted import trust

    repository = open_repository(start(repo))
    notes = trust(repository).notes
    found = backtests(repository, service, team=team, environments=env or (), hours=hours)
    if output == "json":
        from atmos_cli.output.json.verify import backtest_data

        answer("verify backtest", data={"backtests": [backtest_data(*each) for each in found]}, diagnostics=notes)
    else:
        from atmos_cli.output.text.verify import show_backtests

        show_backtests(found, notes)


def _print(
    verdicts: Sequence[Verdict], actions: Sequence[Action], notes: Sequence[Diagnostic], output: Format, code: int
) -> None:
    from atmos_cli.output.text.diagnostics import print_diagnostics

    if output == "json":
        from atmos_cli.output.json.verify import verdicts_data

        answer("verify", data=verdicts_data(verdicts, actions), diagnostics=notes, exit_code=code)
        return
    if output == "text":
        from atmos_cli.output.text.verify import show_verdicts

        show_verdicts(verdicts, actions)
    elif output == "junit":
        from atmos_cli.output.junit import junit

        say_document(junit(verdicts))
    else:
        from atmos_cli.output.markdown import verdict_comment

        say_document(verdict_comment(verdicts))
    print_diagnostics(notes)
