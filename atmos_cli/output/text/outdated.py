"""What is behind in a repo, on a terminal: what, why, where, and whether `atmos update` takes it along."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from atmos_cli.output.say import say
from atmos_cli.output.text.diagnostics import print_diagnostics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.commands.outdated import Freshness, Outdated

MOST_PLACES = 6


def show_outdated(found: Freshness) -> None:
    """Print what is behind, first what `atmos update` takes along."""
    for carried in (True, False):
        some = [each for each in found.found if each.carried is carried]
        if some:
            say("`atmos update` takes along:" if carried else "Left to people, since `atmos update` cannot:")
        for each in some:
            _show(each)
    if found.updates:
        say("`atmos update` has something for:")
        for update in found.updates:
            say(f"  {update.title} ({'; '.join(update.reasons) or 'the lock'})")
    if found.own:
        say("atmos itself is behind, so look for a newer one:")
        for fault in found.own:
            say(f"  {fault}")
    if found.by_version:
        say(f"By version, since the table has no digest of them: {', '.join(found.by_version)}")
    sys.stdout.flush()
    print_diagnostics(found.problems)
    if not found.behind:
        say(f"Nothing is behind on {found.on}, as far as the table of {found.as_of} knows")


def _show(each: Outdated) -> None:
    stale = each.stale
    name = f"{stale.title} {stale.found}".strip()
    say(f"  {name}{f' -> {stale.wanted}' if stale.wanted else ''}: {stale.why}")
    say(f"    {_places(each.places)}")


def _places(places: Sequence[str]) -> str:
    shown = ", ".join(places[:MOST_PLACES])
    return shown if len(places) <= MOST_PLACES else f"{shown} … and {len(places) - MOST_PLACES} more"
