"""Plans for environments, teams and clusters on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.output.say import say
from atmos_cli.output.text.change import show_rows, show_written
from atmos_cli.output.text.update import show_update

if TYPE_CHECKING:
    from atmos_cli.commands.places import PlacePlan
    from atmos_cli.gitops.write import Written

MOST_PATHS = 20


def show_place(plan: PlacePlan, *, with_diff: bool) -> None:
    """Print what comes or goes, with the source of every value, and what is updated with it."""
    say(f"{'Plan for' if plan.verb == 'new' else 'Remove'} the {plan.noun} {plan.name}")
    show_rows(plan.rows)
    for path in plan.removed[:MOST_PATHS]:
        say(f"  goes with it, though atmos did not make it: {path}")
    if len(plan.removed) > MOST_PATHS:
        say(f"  … and {len(plan.removed) - MOST_PATHS} more")
    changes = plan.update.change.changes
    gone = sum(data is None for data in changes.files.values())
    say(f"Files  {len(changes.added)} added, {len(changes.modified)} changed, {gone} removed")
    show_update(plan.update, with_diff=with_diff, check=False)
    if not plan.update.refused:
        for step in plan.steps:
            say(f"  then  {step}")


def show_placed(plan: PlacePlan, written: Written | None) -> None:
    """Print where what was written is, or that nothing was since the answer is no."""
    if written:
        show_written(written)
    elif plan.update.refused:
        say("Nothing was written")
