"""`atmos status`: what is wanted, what is live and how it is, for every service, environment and cluster."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import Environments, Output, RepoDir, Team, start

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from atmos_cli.commands.status import Watcher
    from atmos_cli.output.json.live import Changes
    from atmos_cli.output.text.live import Screen


def status(
    service: Annotated[
        str | None,
        typer.Argument(
            metavar="[SERVICE]",
            autocompletion=completion.services,
            help="The service, as NAME or TEAM/NAME (default: all).",
        ),
    ] = None,
    env: Environments = None,
    team: Team = None,
    watch: Annotated[bool, typer.Option("--watch", "-w", help="Go on, and show every change.")] = False,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.adapters.clock import SystemClock
    from atmos_cli.commands.status import Asked, Watcher
    from atmos_cli.gitops.repository import open_repository

    asked = Asked(service, team, tuple(env or ()))
    with Watcher(open_repository(start(repo)), asked, SystemClock()) as watcher:
        code = _watch(watcher, output) if watch else _once(watcher, output)
    raise typer.Exit(code)


def _once(watcher: Watcher, output: str) -> int:
    found = watcher.look()
    if output == "json":
        from atmos_cli.output.json.live import answer_status

        answer_status(found)
    else:
        from atmos_cli.output.text.live import show_status

        show_status(found)
    return found.exit_code


def _watch(watcher: Watcher, output: str) -> int:
    """Go on until it is interrupted; the exit status is that of the last look."""
    from atmos_cli.commands.status_watch import follow

    code = 0
    try:
        with _screen(output) as screen:
            for found in follow(watcher):
                code = found.exit_code
                screen.show(found)
    except KeyboardInterrupt:
        return code
    return code


def _screen(output: str) -> AbstractContextManager[Screen | Changes]:
    if output == "json":
        from atmos_cli.output.json.live import Changes

        return nullcontext(Changes())
    from atmos_cli.output.text.live import Screen

    return Screen(live=sys.stdout.isatty())
