"""Plans of `atmos remove service` and `atmos rename` on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.output.say import say
from atmos_cli.output.text.change import diff_lines, show_done, show_judged
from atmos_cli.output.text.diagnostics import print_diagnostics

if TYPE_CHECKING:
    from atmos_cli.commands.remove_service import RemovalPlan
    from atmos_cli.commands.rename import RenamePlan
    from atmos_cli.gitops.write import Written


def show_removal(plan: RemovalPlan, *, with_diff: bool) -> None:
    """Print what goes, what stays in the clusters, and the commands that remove that for good."""
    print_diagnostics(plan.repository.recovered)
    places = ", ".join(each.environment for each in plan.gone) or "no environment"
    say(f"Remove {plan.name} from {places}")
    changes = plan.change.changes
    gone = sum(data is None for data in changes.files.values())
    say(f"Files  {gone} removed, {len(changes.modified)} changed")
    for path in plan.added:
        say(f"  goes with it, though atmos did not make it: {path}")
    for path in plan.approvals:
        say(f"  goes with it, so that nothing else of that name is granted it: {path}")
    if with_diff:
        for line in diff_lines(changes):
            say(line)
    for environment, what in plan.left.lost:
        say(f"Data  {what} in {environment} is deleted with its data")
    if plan.left.stays:
        say("Step 1, this change: the engines remove what runs, and leave what has data:")
        for each in plan.left.stays:
            say(f"  {each.environment}  {each.what}: {each.why}")
        say("Step 2, by hand, when the data may go:")
        for each in plan.left.stays:
            say(f"  {each.command}")
    show_judged(plan.change.guarded, plan.diagnostics)


def show_removed(plan: RemovalPlan, written: Written | None) -> None:
    """Print where what was written is, or that nothing was since the answer is no."""
    show_done(written, refused=plan.refused)


def show_rename(plan: RenamePlan, *, with_diff: bool) -> None:
    """Print the new service beside the old one, what changes with the name, and what does not come along."""
    print_diagnostics(plan.repository.recovered)
    say(f"Rename {plan.old} to {plan.new.service}: a new service beside the old one, in {', '.join(plan.environments)}")
    for note in plan.notes:
        say(f"  {note}")
    for path in plan.lost:
        say(f"  does not come along, since it is of people: {path}")
    say(f"Files  {len(plan.change.changes.added)} added below {plan.new.directory}")
    if with_diff:
        for line in diff_lines(plan.change.changes):
            say(line)
    show_judged(plan.change.guarded)
