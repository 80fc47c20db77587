"""The plan of a rollback on a terminal."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING

from atmos_cli.output.say import say
from atmos_cli.output.text.diagnostics import print_diagnostics, summary

if TYPE_CHECKING:
    from atmos_cli.history.rollback_plan import RollbackPlan


def show_rollback(plan: RollbackPlan, *, with_diff: bool) -> None:
    """Print what a rollback restores and changes, and its checks."""
    team, service, environment = plan.ground.deployment
    changes = plan.changes
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
        for line in _diff(plan):
            say(line)
    say(f"Checks  {summary(plan.diagnostics)}")
    sys.stdout.flush()
    print_diagnostics(plan.repository.recovered)
    print_diagnostics(plan.diagnostics)


def _diff(plan: RollbackPlan) -> list[str]:
    found: list[str] = []
    for path, data in sorted(plan.changes.files.items()):
        old = (plan.changes.before.get(path) or b"").decode("utf-8", "replace").splitlines()
        new = (data or b"").decode("utf-8", "replace").splitlines()
        found += [_plain(line) for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")]
    return found


def _plain(line: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)
