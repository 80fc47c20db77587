"""Plans of changes, what was written and next steps, on a terminal."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

from rich.table import Table

from atmos_cli.budget.dimensions import amount_text
from atmos_cli.output.console import console, escape
from atmos_cli.output.say import say
from atmos_cli.output.text.budget import show_budgets
from atmos_cli.output.text.diagnostics import print_diagnostics, summary
from atmos_cli.output.text.sentences import pending_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atmos_cli.commands.budget import Pending
    from atmos_cli.commands.budget_init import BudgetPlan
    from atmos_cli.commands.new import NewPlan
    from atmos_cli.commands.rightsize import Rightsizing
    from atmos_cli.commands.rollback_plan import RollbackPlan
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.budgeting import Budgeted
    from atmos_cli.gitops.guard import Guarded
    from atmos_cli.gitops.plan_rows import PlanRow
    from atmos_cli.gitops.write import Written
    from atmos_cli.result import ChangeSet

# What the locks of services and of `init` end in.
LOCK = ".lock"


MOST_EFFECTS = 60


def show_judged(guarded: Guarded, found: Iterable[Diagnostic] | None = None) -> None:
    """Print what a change does to what runs and to budgets, and what was found: `found`, or what the checks say."""
    for line in guarded.effects[:MOST_EFFECTS]:
        say(line)
    if len(guarded.effects) > MOST_EFFECTS:
        say(f"… and {len(guarded.effects) - MOST_EFFECTS} more effects; `--output json` has all")
    show_budgets({name: each for name, each in guarded.budgets.items() if _moves(each)})
    said = guarded.diagnostics if found is None else tuple(found)
    say(f"Checks  {summary(said)}")
    sys.stdout.flush()
    print_diagnostics(said)


def _moves(budget: Budgeted) -> bool:
    return any(row.before != row.after or row.outcome != "ok" for row in budget.rows)


def show_new(plan: NewPlan, pending: Iterable[Pending], *, with_diff: bool) -> None:
    """Print the plan of a new service, its checks, and what other open branches ask for where it is over a budget."""
    print_diagnostics(plan.repository.recovered)
    _show_plan(plan, with_diff=with_diff)
    show_judged(plan.change.guarded)
    for line in pending_lines(pending):
        say(f"  {line}")


def _show_plan(plan: NewPlan, *, with_diff: bool) -> None:
    out = console()
    tags = ", ".join(next(iter(plan.generated.compositions.values())).blueprints)
    out.print(f"Plan for [bold]{escape(plan.spec.name)}[/] (team {escape(plan.team)}; {escape(tags)})")
    out.print(_plan_table(plan.rows))
    out.print(f"Files  {len(plan.change.changes.files)} new below {escape(_common(plan.change.changes))}")
    for path, data in sorted(plan.change.changes.files.items()):
        if with_diff and path.endswith(LOCK):
            out.print(escape(_lock_line(path, "", (data or b"").decode())), style="dim")
        elif with_diff:
            out.print(f"[bold]+++ {escape(path)}[/]")
            for line in (data or b"").decode().splitlines():
                out.print(f"[green]+{escape(line)}[/]")
        else:
            out.print(f"  {escape(path)}", style="dim")


def show_rows(rows: Sequence[PlanRow]) -> None:
    """Print the values of a plan, each with its source."""
    if rows:
        console().print(_plan_table(rows))


def show_next(steps: Iterable[tuple[str, str]]) -> None:
    """Print what to do now, by topic. A step is one line however long: people copy commands out of it."""
    say("Next")
    left = [*steps]
    width = max((len(topic) for topic, _ in left), default=0)
    previous = ""
    for topic, step in left:
        shown = topic if topic != previous else ""
        say(f"  {shown:<{width}}  {step}" if width else f"  {step}")
        previous = topic


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
    written: Written | None, steps: Iterable[tuple[str, str]] = (), *, refused: bool, notes: Iterable[Diagnostic] = ()
) -> None:
    """Print where what was written is and what to do now, or that nothing was written since the answer is no."""
    if written:
        show_written(written)
        print_diagnostics(notes)
        if left := [*written.next, *steps]:
            show_next(left)
    elif refused:
        say("Nothing was written")


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


def show_rollback(plan: RollbackPlan, *, with_diff: bool) -> None:
    """Print what a rollback restores and changes, and its checks."""
    team, service, environment = plan.start.deployment
    changes = plan.change.changes
    removed = sum(data is None for data in changes.files.values())
    rows = {
        "takes back": plan.choice.commit[:10],
        "restores": f"{plan.choice.restores[:10]}: {plan.state[0].lower()}{plan.state[1:]}",
        "files": f"{len(changes.modified)} changed, {len(changes.added)} added, {removed} removed",
        "objects": ", ".join(f"{key}{' (removed)' * (key in plan.plan.removed)}" for key in plan.plan.changed),
        "also changes": ", ".join(plan.plan.environments),
        "marks as bad": ", ".join(plan.plan.images),
    }
    say(f"Roll back {team}/{service} in {environment}")
    for topic, value in rows.items():
        if value:
            say(f"  {topic:13} {value}")
    if with_diff:
        for line in diff_lines(changes):
            say(line)
    print_diagnostics(plan.repository.recovered)
    show_judged(plan.change.guarded, plan.diagnostics)


def diff_lines(changes: ChangeSet) -> list[str]:
    """Return the lines of a unified diff of every file that changes; of a lock, which nobody reads, only how much."""
    found: list[str] = []
    for path, data in sorted(changes.files.items()):
        old, new = ((each or b"").decode("utf-8", "replace") for each in (changes.before.get(path), data))
        if path.endswith(LOCK):
            found.append(_lock_line(path, old, new))
            continue
        lines = difflib.unified_diff(old.splitlines(), new.splitlines(), f"a/{path}", f"b/{path}", lineterm="")
        found += [_plain(line) for line in lines]
    return found


def _lock_line(path: str, old: str, new: str) -> str:
    """Return how many fields of a lock differ."""
    before, after = (
        dict(line.partition(" = ")[::2] for line in each.splitlines() if " = " in line) for each in (old, new)
    )
    fields = sum(before.get(name) != after.get(name) for name in {*before, *after})
    return f"{path}: {fields} field{'s' * (fields != 1)}"


def _plain(line: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)


def show_limits(plan: BudgetPlan) -> None:
    """Print the limits that `budget init` suggests."""
    for name in plan.kept:
        say(f"{name} has a budget already; `--replace` suggests new limits for it")
    for name, budget in plan.budgets.items():
        say(f"{name}: {', '.join(f'{key} {limit.limit}' for key, limit in budget.limits.items())}")
    print_diagnostics(plan.diagnostics)


def show_limits_written(written: Written) -> None:
    """Print which budgets were written, and what comes next."""
    print_diagnostics(written.notes)
    say(f"Wrote {', '.join(written.paths)}; then run `atmos init`, which renews the quotas")


def show_rightsizing(found: Rightsizing, *, applies: bool) -> None:
    """Print the CPU and memory to ask for, why, and what that saves."""
    if found.suggestion.problem:
        say(f"no suggestion for {found.name.service}: {found.suggestion.problem}")
        return
    say(f"{found.name.service}: cpu {found.suggestion.cpu}, memory {found.suggestion.memory}")
    say(f"  {found.suggestion.reason}")
    for environment, dimension, amount in found.saves:
        verb = "saves" if amount.nano >= 0 else "adds"
        text = amount_text(dimension, amount if amount.nano >= 0 else amount * -1, currency=found.currency)
        say(f"  {environment}: {verb} {dimension} {text}")
    for note in found.notes:
        say(f"  note: {note}")
    if found.edited is None:
        say("its size says so already")
    elif not applies:
        say(f"`--write` changes {found.path} and all files made from it")
