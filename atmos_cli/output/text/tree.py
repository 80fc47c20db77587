"""Object trees on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text
from rich.tree import Tree

from atmos_cli.output.console import console, escape
from atmos_cli.output.text.status import COLOURS, SHORT, word
from atmos_cli.verify.seen import Status

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.commands.tree import Grown
    from atmos_cli.verify.tree import Node

MARKS = {
    Status.CURRENT: "✔",
    Status.FAILED: "✘",
    Status.MISSING: "∅",
    Status.UNKNOWN: "?",
    Status.IN_PROGRESS: "…",
    Status.TERMINATING: "…",
    Status.SUSPENDED: "‖",
}


def show_trees(grown: Sequence[Grown]) -> None:
    """Print every object of each deployment with its health."""
    out = console()
    for each in grown:
        target = each.target
        title = f"{target.team}/{target.service} in {target.environment} on {target.cluster}"
        if each.root is None:
            out.print(f"[bold]{escape(title)}[/]  [magenta]unreachable[/]")
            continue
        out.print(f"[bold]{escape(title)}[/]  wanted {each.commit[:SHORT]}")
        out.print(_drawn(each.root))
        bad = len(each.unhealthy)
        out.print("all healthy" if not bad else f"{bad} not healthy")


def _drawn(node: Node, onto: Tree | None = None) -> Tree:
    branch = onto.add(_label(node)) if onto is not None else Tree(_label(node), guide_style="dim")
    for child in node.children:
        _drawn(child, branch)
    return branch


def _label(node: Node) -> Text:
    """Return a line that is never markup: names and messages are what a cluster says."""
    status = node.health.status
    text = Text.assemble((f"{MARKS[status]} ", COLOURS[status]), (f"{node.kind} ", "dim"), node.name)
    if node.note:
        text.append(f"  {node.note}", style="dim")
    words = node.health.message
    if status is not Status.CURRENT:
        text.append(f"  {word(status)}" + (f": {words}" if words else ""), style=COLOURS[status])
    elif words:
        text.append(f"  {words}", style="dim")
    return text
