"""Plans and next steps for people. Imports rich, as the other `show_*` do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from atmos_cli.cli.text import print_diagnostics
from atmos_cli.output.console import console, escape

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from atmos_cli.commands.init import InitPlan
    from atmos_cli.commands.new import NewPlan
    from atmos_cli.gitops.budgeting import Budgeted
    from atmos_cli.gitops.intent import PlanRow
    from atmos_cli.gitops.write import Written
    from atmos_cli.result import ChangeSet


def show_new_plan(plan: NewPlan, *, with_diff: bool) -> None:
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


def show_init(plan: InitPlan, written: Written | None) -> None:
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


def _plan_table(rows: Sequence[PlanRow]) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for style in ("cyan", "bold", "dim"):
        table.add_column(style=style, overflow="fold")
    for row in rows:
        source = f"{row.source}; {row.note}" if row.note else row.source
        table.add_row(escape(row.field), escape(row.value), escape(source))
    return table


def show_budgets(budgets: Mapping[str, Budgeted]) -> None:
    """Per environment: now, after, limit, over by; who uses the rest, and the cost, where something is over."""
    from atmos_cli.cli.budget_data import top_users
    from atmos_cli.cli.show_budget import change_table, cost_change

    out = console()
    for each in budgets.values():
        out.print(f"Budget of [bold]{escape(each.environment)}[/] (counted: {each.budget.count})")
        out.print(change_table(each.rows))
        for line in (cost_change(each), *top_users(each)):
            if line:
                out.print(f"  {escape(line)}")


def _common(changes: ChangeSet) -> str:
    roots = sorted({"/".join(path.split("/")[:3]) for path in changes.files})
    return ", ".join(roots[:3]) + (", …" if len(roots) > 3 else "")
