"""What is wanted, live and healthy, and object trees, on a terminal."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from atmos_cli.output.console import console, escape
from atmos_cli.output.say import say
from atmos_cli.output.text.diagnostics import print_diagnostics
from atmos_cli.verify.deployment_status import drifted
from atmos_cli.verify.fields import counted
from atmos_cli.verify.masking import shown
from atmos_cli.verify.seen import Arrival, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from types import TracebackType

    from atmos_cli.commands.status import Overview, StatusRow
    from atmos_cli.commands.tree import Grown
    from atmos_cli.verify.deployment_status import DeploymentStatus
    from atmos_cli.verify.tree import TreeNode

SHORT = 7
LONGEST = 300
COLOURS = {
    Status.CURRENT: "green",
    Status.FAILED: "red",
    Status.MISSING: "red",
    Status.UNKNOWN: "magenta",
    Status.IN_PROGRESS: "yellow",
    Status.TERMINATING: "yellow",
    Status.SUSPENDED: "cyan",
}
MARKS = {
    Status.CURRENT: "✔",
    Status.FAILED: "✘",
    Status.MISSING: "∅",
    Status.UNKNOWN: "?",
    Status.IN_PROGRESS: "…",
    Status.TERMINATING: "…",
    Status.SUSPENDED: "‖",
}
HEADINGS = ("service", "env", "cluster", "wanted", "live", "health", "verdict", "")


def word(status: Status) -> str:
    """Return a status in plain words: `healthy` for what machines call `current`."""
    return "healthy" if status is Status.CURRENT else status.value.replace("-", " ")


def show_status(found: Overview) -> None:
    """Print the overview and what could not be asked."""
    show_overview(found)
    print_diagnostics(found.problems)


def show_overview(found: Overview) -> None:
    """Print one line for each service, environment and cluster, and how many are good."""
    out = console()
    out.print(_table(found.rows, found.at))
    out.print(_sum(found))


def _sum(found: Overview) -> str:
    good, asked = sum(row.good for row in found.rows), [row for row in found.rows if row.status is not None]
    words = [f"{good} of {counted(len(found.rows), 'deployment')} as wanted and healthy"]
    if len(asked) < len(found.rows):
        words.append(f"{len(found.rows) - len(asked)} unreachable")
    return ", ".join(words)


def _table(rows: Iterable[StatusRow], now: float) -> Table:
    table = Table(box=None, padding=(0, 2, 0, 0), header_style="dim")
    for heading in HEADINGS:
        table.add_column(heading, overflow="fold")
    for row in rows:
        table.add_row(*_cells(row, now))
    return table


def _cells(row: StatusRow, now: float) -> tuple[str, ...]:
    target = row.target
    verdict = row.verdict.outcome.value if row.verdict else "-"
    if row.verdict and row.verdict.commit != row.wanted:
        verdict += f" ({row.verdict.commit[:SHORT]})"
    place = (f"{target.team}/{target.service}", target.environment, target.cluster, row.wanted[:SHORT])
    return (
        *map(escape, place),
        escape(_live(row)),
        _health(row),
        escape(verdict),
        escape(shown(why(row, now), most=LONGEST)),
    )


def _live(row: StatusRow) -> str:
    behind = f" ({row.behind} behind)" if row.behind else ""
    return f"{row.live[:SHORT]}{behind}" if row.live else "-"


def _health(row: StatusRow) -> str:
    if row.status is None:
        return "[magenta]unreachable[/]"
    status = row.status.health.status
    return f"[{COLOURS[status]}]{word(status)}[/]"


def why(row: StatusRow, now: float) -> str:
    """Return what a person must know beside the columns: the reasons, most urgent first; empty when all is well."""
    words = [row.problem.message] if row.problem else []
    return "; ".join(words + (_reasons(row.status, now) if row.status else []))


def _reasons(found: DeploymentStatus, now: float) -> list[str]:
    words = []
    if found.health.status is not Status.CURRENT:
        reason = found.health.message or word(found.health.status)
        words.append(f"{found.worst}: {reason}" if found.worst else reason)
    if found.delivery.arrival is not Arrival.ARRIVED:
        words.append(found.delivery.message)
    if found.drift:
        words.append(f"{counted(len(found.drift), 'field')} not as wanted, {drifted(found.drift[0])}")
    if found.pause:
        since = f", last moved {ago(now - found.pause.since)} ago" if found.pause.since else ""
        words.append(f"{found.pause.message}{since}")
    return words


def ago(seconds: float) -> str:
    """Return a time in one unit: `40s`, `5m`, `3h`, `12d`."""
    whole = max(0, int(seconds))
    for size, unit in ((86400, "d"), (3600, "h"), (60, "m")):
        if whole >= size:
            return f"{whole // size}{unit}"
    return f"{whole}s"


class Screen:
    """Shows on a terminal one table that is drawn again, what is not good first; elsewhere a line for each change."""

    def __init__(self, *, live: bool) -> None:
        self._live = Live(console=console(), auto_refresh=False, transient=True) if live else None
        self._last: Overview | None = None
        self._said: dict[str, str] = {}

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()
            if self._last:
                show_overview(self._last)

    def show(self, found: Overview) -> None:
        self._last = found
        if self._live:
            rows = sorted(found.rows, key=lambda row: row.good)
            table = _table(rows, found.at)
            table.caption = f"{_sum(found)}, {time.strftime('%H:%M:%S', time.localtime(found.at))}"
            self._live.update(table, refresh=True)
            return
        for row in found.rows:
            name, line = _line(row)
            if self._said.get(name) != line:
                self._said[name] = line
                say(f"{name}: {line}")
                sys.stdout.flush()


def _line(row: StatusRow) -> tuple[str, str]:
    target = row.target
    state = word(row.status.health.status) if row.status else "unreachable"
    # Without the age of a pause, which would be a change every time.
    reasons = why(row, row.status.pause.since if row.status and row.status.pause else 0.0)
    line = f"wanted {row.wanted[:SHORT]}, live {_live(row)}, {state}" + (f"; {reasons}" if reasons else "")
    return f"{target.team}/{target.service} {target.environment}@{target.cluster}", shown(line, most=LONGEST)


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


def _drawn(node: TreeNode, onto: Tree | None = None) -> Tree:
    branch = onto.add(_label(node)) if onto is not None else Tree(_label(node), guide_style="dim")
    for child in node.children:
        _drawn(child, branch)
    return branch


def _label(node: TreeNode) -> Text:
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
