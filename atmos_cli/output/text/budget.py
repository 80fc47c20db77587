"""Budgets on a terminal: tables, bars, and the sum of one service line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.table import Table

from atmos_cli.budget.dimensions import MONEY, amount_text
from atmos_cli.budget.evaluate import UNKNOWN, oversubscription
from atmos_cli.kube.quantity import ZERO
from atmos_cli.output.console import console, escape
from atmos_cli.output.say import say
from atmos_cli.output.text.diagnostics import print_diagnostics
from atmos_cli.output.text.sentences import cost_line, top_users

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.budget.explain import Explained
    from atmos_cli.commands.audit import Audit
    from atmos_cli.commands.budget import ExplainedDeployment, Shown
    from atmos_cli.gitops.budgeting import Budgeted
    from atmos_cli.gitops.judging import Judged
    from atmos_cli.kube.quantity import Quantity

MARKS = {
    "ok": "[green]ok[/]",
    "warning": "[yellow]near[/]",
    "approved": "[green]approved[/]",
    "over": "[red]over[/]",
    "denied": "[red]denied[/]",
}
WIDTH = 24


def show_use(shown: Sequence[Shown]) -> None:
    """Print what is used of every limit, and by whom."""
    out = console()
    for each in shown:
        out.print(f"[bold]{escape(each.environment)}[/] (counted: {each.count})")
        out.print(_limits(each))
        if cost := cost_line(each.total, each.sheet):
            out.print(f"  cost  {escape(cost)}")
        for dimension, (teams, limit) in oversubscription(each.budget).items():
            ratio = f"{amount_text(dimension, teams)} of {amount_text(dimension, limit)}"
            out.print(escape(f"  the limits of its teams add up to more than the environment has: {dimension} {ratio}"))
        out.print(_parts(each))
        for note in each.unknown:
            out.print(f"  [yellow]not known[/]  {escape(note)}")


def _limits(shown: Shown) -> Table:
    table = _table(5)
    for name, limit in shown.budget.limits.items():
        used, allowed = shown.total.get(name, ZERO), shown.budget.effective(name, limit)
        percent = used.nano * 100 // allowed.nano if allowed.nano else (100 if used.nano else 0)
        colour = "red" if used > allowed else "yellow" if percent >= int(limit.warn[:-1]) else "green"
        filled = min(WIDTH, percent * WIDTH // 100)
        bar = f"[{colour}]{'█' * filled}[/][dim]{'░' * (WIDTH - filled)}[/]"
        text = amount_text(name, used, currency=limit.currency or "")
        table.add_row(escape(name), bar, f"{percent}%", text, f"of {amount_text(name, allowed)}")
    return table


def _parts(shown: Shown) -> Table:
    names = [name for name in shown.budget.limits if name != MONEY][:4]
    table = _table(len(names) + 2)
    money = ["cost a month"] if shown.sheet else [""]
    table.add_row(*(f"[dim]{escape(text)}[/]" for text in ("", *names, *money)))
    for who, totals in shown.parts:
        currency = shown.sheet.currency if shown.sheet else ""
        cost = amount_text(MONEY, totals.get(MONEY, ZERO), currency=currency) if shown.sheet else ""
        table.add_row(escape(who), *(amount_text(name, totals.get(name, ZERO)) for name in names), cost)
    return table


def show_shares(shares: Sequence[ExplainedDeployment]) -> None:
    """Print the sum of each deployment, container by container."""
    out = console()
    for share in shares:
        out.print(f"[bold]{escape(share.deployment.service)}[/] in {escape(share.deployment.environment)}")
        for each in share.lines:
            out.print(f"  [cyan]{escape(str(each.line.resource))}[/]  {_pods(each)}")
            out.print(_containers(each))
        table = _table(4)
        table.add_row("", "[dim]steady[/]", "[dim]peak[/]", "[dim]rollout[/]")
        names = sorted({name for totals in share.totals.values() for name in totals})
        for name in names:
            currency = share.sheet.currency if share.sheet else ""
            cells = [amount_text(name, totals.get(name, ZERO), currency=currency) for totals in share.totals.values()]
            table.add_row(escape(name), *map(escape, cells))
        out.print(table)
        if cost := cost_line(share.totals["rollout"], share.sheet):
            out.print(f"  {escape(cost)}, during a rollout")


def _pods(each: Explained) -> str:
    pods = each.line.pods
    if not pods.why and not pods.unknown:
        return ""
    return f"pods {pods.steady} steady, {pods.peak} peak, {pods.rollout} rollout ({escape(pods.unknown or pods.why)})"


def _containers(each: Explained) -> Table:
    table = _table(3)
    for share in each.shares:
        table.add_row(f"  {escape(share.name)}", _amounts(share.requests), f"[dim]{escape(share.rule)}[/]")
    if each.line.each:
        asked = {n.removeprefix("requests."): a for n, a in each.line.each.items() if n.startswith("requests.")}
        table.add_row("  = each pod", _amounts(asked), "[dim]the larger of start-up and running[/]")
    if each.line.fixed:
        kept = " (stays when it is scaled down)" if each.line.retained else ""
        table.add_row("  once", _amounts(each.line.fixed), f"[dim]whatever its pods do{kept}[/]")
    if each.line.unknown:
        table.add_row("  [yellow]not known[/]", "", escape(each.line.unknown))
    return table


def _amounts(amounts: Mapping[str, Quantity]) -> str:
    return escape(", ".join(f"{name} {amount_text(name, amount)}" for name, amount in amounts.items()))


def show_change(judged: Sequence[Budgeted], *, rows: Sequence[LimitRow] | None = None) -> None:
    """Print now, after, limit and over by, for every limit of each environment that a change moves or passes."""
    out = console()
    for each in judged:
        mine = each.rows if rows is None else [row for row in rows if row.environment == each.environment]
        shown = [row for row in mine if row.before != row.after or row.outcome in ("over", "denied", "approved")]
        out.print(f"[bold]{escape(each.environment)}[/] (counted: {each.budget.count})")
        out.print(change_table(shown) if shown else "  nothing changes")
        if line := cost_change(each):
            out.print(f"  {escape(line)}")


def show_check(judged: Judged, *, lands: bool) -> None:
    """Print what would change, and whether it may land."""
    show_change(tuple(judged.budgets.values()), rows=judged.rows)
    print_diagnostics(judged.diagnostics)
    say("May land" if lands else "May not land")


def show_audit(found: Audit) -> None:
    """Print what is over its limit on the base branch, and whether that is approved."""
    say(f"{', '.join(found.environments)} at {found.commit[:12]}")
    for row in found.over:
        names = [each.path for each in found.used if each.explains(row)]
        why = f"approved: {', '.join(names)}" if names else "not approved"
        say(f"  {row.environment}: {row.scope} {row.dimension} {row.text(row.after)} of {row.text(row.limit)}, {why}")
    if not found.over:
        say("  every sum is within its limit")
    print_diagnostics(found.diagnostics)


def show_budgets(budgets: Mapping[str, Budgeted]) -> None:
    """Print per environment: now, after, limit, over by; who uses the rest, and the cost, where something is over."""
    out = console()
    for each in budgets.values():
        out.print(f"Budget of [bold]{escape(each.environment)}[/] (counted: {each.budget.count})")
        out.print(change_table(each.rows))
        for line in (cost_change(each), *top_users(each)):
            if line:
                out.print(f"  {escape(line)}")


def change_table(rows: Sequence[LimitRow]) -> Table:
    """Return a line for each limit; a scope is named once."""
    table = _table(7)
    table.add_row(*(f"[dim]{text}[/]" for text in ("scope", "what", "now", "after", "limit", "over by", "")))
    previous = ""
    for row in rows:
        scope = escape(row.scope) if row.scope != previous else ""
        previous = row.scope
        if row.dimension == UNKNOWN:
            table.add_row(scope, "not known", "", "", "", "", MARKS[row.outcome])
            continue
        over = f"+{row.text(row.over_by)}" if row.over_by.nano else "-"
        cells = (row.text(row.before), row.text(row.after), row.text(row.limit), over)
        table.add_row(scope, escape(row.dimension), *map(escape, cells), MARKS[row.outcome])
    return table


def cost_change(each: Budgeted) -> str:
    """Return `cost 72.88 → 291.42 USD a month (+218.54; sheet, date)`; empty without prices."""
    if each.sheet is None:
        return ""
    count = each.budget.count
    new = each.after.sums(count, each.sheet).environment
    old = each.before.sums(count, each.sheet).environment if each.before else {}
    change = new.get(MONEY, ZERO) - old.get(MONEY, ZERO)
    sign = "+" if change.nano >= 0 else ""
    return f"cost {cost_line(new, each.sheet)}, {sign}{amount_text(MONEY, change)}"


def _table(columns: int) -> Table:
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 2))
    for _ in range(columns):
        table.add_column(overflow="fold")
    return table
