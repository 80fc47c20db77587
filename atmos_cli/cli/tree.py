"""`atmos tree`: every object of a service, with its health and why it is not healthy."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from atmos_cli.cli.options import Environments, Output, RepoDir, Team, start
from atmos_cli.output.say import say, say_json

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.commands.tree import Grown
    from atmos_cli.verify.tree import Node


def tree(
    service: Annotated[str, typer.Argument(help="The service, as NAME or TEAM/NAME.")],
    env: Environments = None,
    team: Team = None,
    html: Annotated[
        Path | None, typer.Option("--html", metavar="FILE", help="Write a page that works offline.")
    ] = None,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.adapters.clock import SystemClock
    from atmos_cli.cli.text import print_diagnostics
    from atmos_cli.commands.status import Asked
    from atmos_cli.commands.tree import trees
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.gitops.trusted import trust

    asked = Asked(service, team, tuple(env or ()))
    repository = open_repository(start(repo))
    grown = trees(repository, asked, clock=SystemClock())
    problems = tuple(dict.fromkeys((*trust(repository).notes, *(each.problem for each in grown if each.problem))))
    code = exit_code(grown)
    if html is not None:
        _write(html, grown)
    if output == "json":
        from atmos_cli.cli.envelope import envelope

        data = {"trees": [tree_data(each) for each in grown]}
        say_json(envelope("tree", data=data, diagnostics=problems, exit_code=code))
        raise typer.Exit(code)
    if html is None:
        from atmos_cli.cli.show_status import show_trees

        show_trees(grown)
    else:
        say(f"Wrote {html}")
    print_diagnostics(problems)
    raise typer.Exit(code)


def exit_code(grown: Sequence[Grown]) -> int:
    """0 when all is healthy, 1 when something is not, 2 when no cluster could be asked."""
    if grown and all(each.root is None for each in grown):
        return 2
    return 1 if any(each.root is None or each.unhealthy for each in grown) else 0


def _write(path: Path, grown: Sequence[Grown]) -> None:
    from atmos_cli.cli.tree_page import page
    from atmos_cli.commands.budget_history import write_page

    write_page(path, page(grown))


def tree_data(grown: Grown) -> dict[str, Any]:
    """`root` is null for a cluster that could not be asked; nodes have the same keys at every depth."""
    target = grown.target
    return {
        "team": target.team,
        "service": target.service,
        "environment": target.environment,
        "cluster": target.cluster,
        "engine": target.engine,
        "commit": grown.commit,
        "at": round(grown.at, 3),
        "root": node_data(grown.root) if grown.root else None,
        "problem": grown.problem and {"code": grown.problem.code.value, "message": grown.problem.message},
    }


def node_data(node: Node) -> dict[str, Any]:
    return {
        "kind": node.kind,
        "name": node.name,
        "namespace": node.namespace,
        "status": node.health.status.value,
        "code": node.health.code,
        "message": node.health.message,
        "note": node.note,
        "children": [node_data(each) for each in node.children],
    }
