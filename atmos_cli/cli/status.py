"""`atmos status`: what is wanted, what is live and how it is, for every service, environment and cluster."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from atmos_cli.cli.options import Environments, Output, RepoDir, Team, start
from atmos_cli.output.say import say_json

if TYPE_CHECKING:
    from atmos_cli.commands.status import Overview, Row, Watcher

MOST_DRIFT = 20


def status(
    service: Annotated[
        str | None, typer.Argument(metavar="[SERVICE]", help="The service, as NAME or TEAM/NAME (default: all).")
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
        say_json(_json(found))
        return found.exit_code
    from atmos_cli.cli.show_status import show_overview
    from atmos_cli.cli.text import print_diagnostics

    show_overview(found)
    print_diagnostics(found.problems)
    return found.exit_code


def _watch(watcher: Watcher, output: str) -> int:
    """Until it is interrupted; the status is that of the last look. JSON is one envelope on each line."""
    from atmos_cli.commands.status_watch import follow

    code, before = 0, ""
    try:
        if output == "json":
            for found in follow(watcher):
                code, rows = found.exit_code, repr([row_data(row) for row in found.rows])
                if rows != before:
                    say_json(_json(found))
                    sys.stdout.flush()
                before = rows
        else:
            from atmos_cli.cli.show_status import Screen

            with Screen(live=sys.stdout.isatty()) as screen:
                for found in follow(watcher):
                    code = found.exit_code
                    screen.show(found)
    except KeyboardInterrupt:
        return code
    return code


def _json(found: Overview) -> str:
    from atmos_cli.cli.envelope import envelope

    data = {"at": round(found.at, 3), "services": [row_data(row) for row in found.rows]}
    return envelope("status", data=data, diagnostics=found.problems, exit_code=found.exit_code)


def row_data(row: Row) -> dict[str, Any]:
    """Every key is always there; what is not known is null. Times are unix seconds, commits 40 digits."""
    target, verdict = row.target, row.verdict
    return {
        "team": target.team,
        "service": target.service,
        "environment": target.environment,
        "cluster": target.cluster,
        "namespace": target.namespace,
        "engine": target.engine,
        "good": row.good,
        "wanted": {"commit": row.wanted, "at": row.committed},
        "live": row.live or None,
        "behind": row.behind,
        **_seen(row),
        "verdict": verdict and {"outcome": verdict.outcome.value, "commit": verdict.commit, "at": verdict.at},
        "problem": row.problem and {"code": row.problem.code.value, "message": row.problem.message},
    }


def _seen(row: Row) -> dict[str, Any]:
    from atmos_cli.verify.standing import drifted

    found = row.standing
    if found is None:
        return {"delivery": None, "health": None, "drift": None, "paused": None}
    delivery, health, pause = found.delivery, found.health, found.pause
    return {
        "delivery": {"arrival": delivery.arrival.value, "code": delivery.code, "message": delivery.message},
        "health": {
            "status": health.status.value,
            "code": health.code,
            "message": health.message,
            "object": found.worst and str(found.worst),
        },
        "drift": {"count": len(found.drift), "fields": [drifted(each) for each in found.drift[:MOST_DRIFT]]},
        "paused": pause and {"message": pause.message, "since": pause.since or None},
    }
