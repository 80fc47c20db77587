"""Plans, what was written and next steps on a terminal."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from rich.table import Table

from atmos_cli.output.console import console, escape
from atmos_cli.output.say import say
from atmos_cli.output.text.budget import show_budgets
from atmos_cli.output.text.diagnostics import print_diagnostics, summary
from atmos_cli.output.text.sentences import pending_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atmos_cli.commands.budget import Pending
    from atmos_cli.commands.init import InitPlan
    from atmos_cli.commands.new import NewPlan
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.intent import PlanRow
    from atmos_cli.gitops.write import Written
    from atmos_cli.result import ChangeSet


def show_new(plan: NewPlan, pending: Iterable[Pending], *, with_diff: bool) -> None:
    """Print the plan of a new service, its checks, and what other open branches ask for where it is over a budget."""
    print_diagnostics(plan.repository.recovered)
    _show_plan(plan, with_diff=with_diff)
    say(f"Checks  {summary(plan.guarded.diagnostics)}")
    sys.stdout.flush()
    print_diagnostics(plan.guarded.diagnostics)
    for line in pending_lines(pending):
        say(f"  {line}")


def _show_plan(plan: NewPlan, *, with_diff: bool) -> None:
    out = console()
    tags = ", ".join(next(iter(plan.generated.compositions.values())).blueprints)
    out.print(f"Plan for [bold]{escape(plan.spec.name)}[/] (team {escape(plan.team)}; {escape(tags)})")
    out.print(_plan_table(plan.rows))
    show_budgets(plan.guarded.budgets)
    out.print(f"Files  {len(plan.changes.files)} new below {escape(_common(plan.changes))}")
    for path, data in sorted(plan.changes.files.items()):
        if with_diff:
            out.print(f"[bold]+++ {escape(path)}[/]")
            for line in (data or b"").decode().splitlines():
                out.print(f"[green]+{escape(line)}[/]")
        else:
            out.print(f"  {escape(path)}", style="dim")


def show_next(steps: Iterable[tuple[str, str]]) -> None:
    """Print what to do now, by topic."""
    out = console()
    out.print("Next")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    table.add_column()
    table.add_column(overflow="fold")
    previous = ""
    for topic, step in steps:
        table.add_row(escape(topic) if topic != previous else "", escape(step))
        previous = topic
    out.print(table)


def show_written(written: Written) -> None:
    """Print where what was written is."""
    out = console()
    print_diagnostics(written.notes)
    if written.mode == "files":
        out.print(f"Wrote {len(written.paths)} files; nothing is committed")
        return
    what = "Committed" if written.mode == "commit" else "Made the branch"
    out.print(
        f"{what} {written.commit[:10]} on [bold]{escape(written.branch)}[/]{' and pushed it' if written.pushed else ''}"
    )
    if written.link:
        out.print(f"Open a pull request: {escape(written.link)}", soft_wrap=True)


def show_done(
    written: Written | None, steps: Iterable[tuple[str, str]], *, refused: bool, notes: Iterable[Diagnostic] = ()
) -> None:
    """Print where what was written is and what to do now, or that nothing was written since the answer is no."""
    if written:
        show_written(written)
        print_diagnostics(notes)
        show_next(steps)
    elif refused:
        say("Nothing was written")


def show_init(plan: InitPlan, written: Written | None) -> None:
    """Print what `init` would write, or has written, and what it left as people changed it."""
    out = console()
    changed = len([path for path in plan.changes.files if path != "atmos-cli.lock"])
    if written is None:
        verb = "Would write"
    elif not plan.changes.files:
        verb = "Complete already:"
    else:
        verb = "Wrote"
    engines = ", ".join(f"{name} ({cluster.engine})" for name, cluster in plan.config.clusters.items())
    out.print(f"{verb} {changed} files in {escape(str(plan.root))}")
    out.print(
        escape(
            f"  environments {', '.join(plan.config.environments)}; clusters {engines}; teams {', '.join(plan.teams)}"
        )
    )
    for path in plan.kept:
        out.print(f"  kept as you changed it: {escape(path)}")


def show_initialised(plan: InitPlan, written: Written | None) -> None:
    """Print what `init` has done, and what to do now."""
    print_diagnostics(plan.recovered)
    show_init(plan, written)
    if written:
        show_written(written)
    show_next(("", step) for step in plan.next_steps())


def _plan_table(rows: Sequence[PlanRow]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for style in ("cyan", "bold", "dim"):
        table.add_column(style=style, overflow="fold")
    for row in rows:
        source = f"{row.source}; {row.note}" if row.note else row.source
        table.add_row(escape(row.field), escape(row.value), escape(source))
    return table


def _common(changes: ChangeSet) -> str:
    roots = sorted({"/".join(path.split("/")[:3]) for path in changes.files})
    return ", ".join(roots[:3]) + (", …" if len(roots) > 3 else "")
