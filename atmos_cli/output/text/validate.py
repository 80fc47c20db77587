"""What `validate` found, and the budgets that it judged: plain lines, since rich would double the time of a hook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from atmos_cli.output.say import say
from atmos_cli.output.text.diagnostics import print_diagnostics, summary

if TYPE_CHECKING:
    from atmos_cli.commands.validate import Validation
    from atmos_cli.gitops.judging import Judged
    from atmos_cli.gitops.repository import Repository


def show_validation(repository: Repository, found: Validation) -> None:
    """Print every finding to standard output, and how much was looked at."""
    _show_budgets(repository, found.judged)
    print_diagnostics(repository.recovered)
    print_diagnostics(found.diagnostics, to=sys.stdout)
    say(f"{found.files} files, {found.deployments} deployments: {summary(found.diagnostics)}")


def _show_budgets(repository: Repository, judged: Judged) -> None:
    """Print what differs from the base branch or is over; there, also who uses most and what else is coming."""
    for row in judged.rows:
        if row.dimension != "unknown" and (row.before != row.after or row.outcome in ("over", "denied", "approved")):
            amounts = f"{row.text(row.before)} -> {row.text(row.after)} of {row.text(row.limit)}"
            over = f", over by {row.text(row.over_by)}" if row.over_by.nano else ""
            say(f"budget {row.environment}: {row.scope} {row.dimension} {amounts}{over} ({row.outcome})")
    over_in = sorted({row.environment for row in judged.rows if row.outcome in ("over", "denied")})
    if over_in:
        from atmos_cli.commands.budget import pending
        from atmos_cli.output.text.sentences import pending_lines, top_users

        for name in over_in:
            for line in top_users(judged.budgets[name]):
                say(f"budget {name}: {line}")
        for line in pending_lines(pending(repository, over_in)):
            say(f"budget: {line}")
