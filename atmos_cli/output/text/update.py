"""Plans of `atmos update` on a terminal: what is newer, which fields change, what people edited and keep."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from atmos_cli.merge.model import MISSING
from atmos_cli.merge.shown import shown_change, shown_value
from atmos_cli.output.say import say
from atmos_cli.output.text.change import diff_lines, show_done, show_judged
from atmos_cli.output.text.diagnostics import print_diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.commands.update import UpdatePlan
    from atmos_cli.gitops.service_update import ServiceUpdate
    from atmos_cli.gitops.write import Written
    from atmos_cli.merge.model import Conflict, FieldChange

MOST_FIELDS = 12
MOST_INPUTS = 5


def show_update(plan: UpdatePlan, *, with_diff: bool, check: bool) -> None:
    """Print what an update changes; with `check` only one line for each service."""
    print_diagnostics(plan.repository.recovered)
    for each in plan.pending:
        for line in _lines(each, brief=check):
            say(line)
    for bump, updates in plan.bumps.items():
        mends = f", which mends {', '.join(bump.mends)}" if bump.mends else ""
        say(f"Version  {bump}{mends}: {_titles(updates)}")
    if plan.takes_along and not check:
        rest = len(plan.takes_along) - MOST_INPUTS
        names = ", ".join(plan.takes_along[:MOST_INPUTS]) + (f" and {rest} more" if rest > 0 else "")
        say(f"Takes along, edited and not committed so far: {names}")
    if with_diff:
        for line in diff_lines(plan.change.changes):
            say(line)
    if not check and plan.pending and not plan.conflicts:
        show_judged(plan.change.guarded, plan.diagnostics)
    else:
        sys.stdout.flush()
        print_diagnostics(plan.diagnostics)


def show_updated(plan: UpdatePlan, written: Sequence[Written], *, check: bool) -> None:
    """Print what was written, or why nothing was."""
    for each in written:
        show_done(each, refused=False)
    if written:
        return
    if not plan.pending and not plan.problems:
        say("Everything is up to date")
    elif plan.refused and not check:
        say("Nothing was written")


def _titles(updates: Sequence[ServiceUpdate]) -> str:
    shown = ", ".join(each.title for each in updates[:MOST_FIELDS])
    return shown if len(updates) <= MOST_FIELDS else f"{shown} and {len(updates) - MOST_FIELDS} more"


def _lines(update: ServiceUpdate, *, brief: bool) -> Iterator[str]:
    fields = len(update.merged.changed)
    conflicts = len(update.merged.conflicts)
    counted = [f"{fields} field{'s' * (fields != 1)}"] if fields else ["no field"]
    counted += [f"{conflicts} conflict{'s' * (conflicts != 1)}"] if conflicts else []
    yield f"{update.title}: {', '.join(counted)} ({'; '.join(update.reasons) or 'the lock'})"
    if brief:
        return
    for change in update.merged.changed[:MOST_FIELDS]:
        yield f"  {change.file}  {_changed(change)}"
    if fields > MOST_FIELDS:
        yield f"  … and {fields - MOST_FIELDS} more; `--diff` shows all"
    for first in update.first_images:
        yield f"  {first.environment} begins with the images of {first.source}: {', '.join(first.images)}"
    for kept in update.merged.kept:
        what = "deleted by hand, not restored" if kept.what == "deleted" else kept.note
        yield f"  kept  {kept.file}  {kept.field or kept.note}: {what}"


def _changed(change: FieldChange) -> str:
    """Return what becomes of a field, or of a file as a whole."""
    if change.field:
        return f"{change.field}: {' -> '.join(shown_change(change.before, change.after))}"
    if change.after is MISSING:
        return "the file goes"
    if change.before is MISSING:
        return "a new file" if change.after == "the file" else str(change.after)
    return "its lines change"


def conflict_question(conflict: Conflict) -> str:
    """Return the question that decides one conflict; yes keeps what is in the file."""
    yours, new = shown_value(conflict.ours), shown_value(conflict.theirs)
    return f"{conflict.field or conflict.file}: keep yours ({yours}, not {new})?"
