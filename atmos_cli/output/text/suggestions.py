"""Limits and requests that atmos suggests, and spend that nobody approved: plain lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.budget.dimensions import amount_text
from atmos_cli.output.say import say
from atmos_cli.output.text.diagnostics import print_diagnostics

if TYPE_CHECKING:
    from atmos_cli.commands.audit import Audit
    from atmos_cli.commands.budget_init import BudgetPlan
    from atmos_cli.commands.rightsize import Rightsizing
    from atmos_cli.gitops.write import Written


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


def show_limits(plan: BudgetPlan) -> None:
    """Print the limits that `budget init` suggests."""
    for name in plan.kept:
        say(f"{name} has a budget already; `--replace` suggests new limits for it")
    for name, budget in plan.budgets.items():
        say(f"{name}: {', '.join(f'{key} {limit.limit}' for key, limit in budget.limits.items())}")


def show_limits_written(written: Written) -> None:
    """Print which budgets were written, and what comes next."""
    print_diagnostics(written.notes)
    say(f"Wrote {', '.join(written.paths)}; then run `atmos init`, which renews the quotas")


def show_rightsizing(found: Rightsizing, *, applied: bool) -> None:
    """Print the CPU and memory to ask for, why, and what that saves."""
    if found.suggestion.problem:
        say(f"no suggestion for {found.service}: {found.suggestion.problem}")
        return
    say(f"{found.service}: cpu {found.suggestion.cpu}, memory {found.suggestion.memory}")
    say(f"  {found.suggestion.reason}")
    for environment, dimension, amount in found.saves:
        verb = "saves" if amount.nano >= 0 else "adds"
        text = amount_text(dimension, amount if amount.nano >= 0 else amount * -1, currency=found.currency)
        say(f"  {environment}: {verb} {dimension} {text}")
    for note in found.notes:
        say(f"  note: {note}")
    paths = ", ".join(found.changes.files)
    say(f"Changed {paths}" if applied else f"`--write` changes {paths}")
