"""Plans of `atmos change` on a terminal: each value before and after, and what it makes of the files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from atmos_cli.output.console import console, escape
from atmos_cli.output.say import say
from atmos_cli.output.text.change import show_done
from atmos_cli.output.text.diagnostics import print_diagnostics
from atmos_cli.output.text.update import show_update

if TYPE_CHECKING:
    from atmos_cli.commands.change import ChangePlan
    from atmos_cli.gitops.write import Written


def show_change(plan: ChangePlan, *, with_diff: bool) -> None:
    """Print each value with its source, before and after, then what that changes in the files."""
    change = plan.spec_change
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for style in ("cyan", "bold", "dim"):
        table.add_column(style=style, overflow="fold")
    for each in change.values:
        source = f"{each.source}; {each.note}" if each.note else each.source
        table.add_row(escape(each.field), escape(f"{each.before} ⇒ {each.after}"), escape(source))
    for so in change.already:
        source = f"{so.source}; {so.note}" if so.note else so.source
        table.add_row(escape(so.field), escape(f"is so already: {so.value}"), escape(source))
    out = console()
    out.print(f"Change of [bold]{escape(plan.name.service)}[/] (team {escape(plan.name.team)})")
    out.print(table)
    for line in change.stays:
        say(f"  note: {line}")
    if plan.brings_along:
        say(f"  note: {plan.name.directory}/service.yaml has edits that are not committed, which become part of this")
    if plan.update is not None:
        show_update(plan.update, with_diff=with_diff, check=False)
    else:
        print_diagnostics(plan.repository.recovered)


def show_changed(plan: ChangePlan, written: Written | None) -> None:
    """Print what was written, or why nothing was."""
    if plan.update is None:
        say("Nothing to change")
    show_done(written, plan.next_steps if written else (), refused=plan.refused)
