"""What `init` would write and has written, whose files are whose, and what is left to do, on a terminal."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from atmos_cli.output.say import say
from atmos_cli.output.text.change import show_next, show_written
from atmos_cli.output.text.diagnostics import print_diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from atmos_cli.commands.init import InitPlan
    from atmos_cli.gitops.write import Written

LOCK = "atmos-cli.lock"
_MOST_FOREIGN = 10


def show_init(plan: InitPlan, written: Written | None) -> None:
    """Print what `init` would write, or has written, and what it left as people have it."""
    changed = len([path for path in plan.changes.files if path != LOCK])
    verb = "Would write" if written is None else "Wrote"
    if not plan.changes.files:
        verb = "Complete already:"
    engines = ", ".join(f"{name} ({cluster.engine})" for name, cluster in plan.config.clusters.items())
    say(f"{verb} {changed} files in {plan.root}")
    say(f"  environments {', '.join(plan.config.environments)}; clusters {engines}; teams {', '.join(plan.teams)}")
    for each in plan.seen:
        say(f"  the cluster of context {each.context}, as it shows itself:")
        for sentence in each.found.found:
            say(f"    {sentence}")
        for sentence in each.unseen:
            say(f"    not seen: {sentence}")
    if written is None:
        _show_files(plan)
    _show_others(plan)


def _show_files(plan: InitPlan) -> None:
    gone = [path for path, data in plan.changes.files.items() if data is None]
    along = set(plan.changes.inputs)
    for topic, paths in {
        "as you edited them": along,
        "new": set(plan.changes.added) - along,
        "changed": set(plan.changes.modified) - along,
        "removed": gone,
    }.items():
        if paths:
            say(f"  {topic}")
        for line in _grouped(paths):
            say(f"    {line}")


def _grouped(paths: Iterable[str]) -> Iterator[str]:
    """Yield a line for each directory, with the files in it."""
    groups: dict[str, list[str]] = {}
    for path in sorted(paths):
        groups.setdefault(posixpath.dirname(path), []).append(posixpath.basename(path))
    for directory, names in sorted(groups.items()):
        yield f"{directory}/  {', '.join(names)}" if directory else ", ".join(names)


def _show_others(plan: InitPlan) -> None:
    for path in plan.kept:
        if path not in plan.foreign:
            say(f"  kept as you changed it: {path}")
    if plan.foreign:
        names = sorted(plan.foreign)
        rest = f" and {len(names) - _MOST_FOREIGN} more" if len(names) > _MOST_FOREIGN else ""
        say(f"  yours, and left as they are: {', '.join(names[:_MOST_FOREIGN])}{rest}")
    if plan.new_repo and plan.others > len(plan.foreign):
        say(f"  {plan.others - len(plan.foreign)} other files here are not atmos's; {LOCK} lists its own")


def show_initialised(plan: InitPlan, written: Written | None) -> None:
    """Print what `init` has done, and what to do now."""
    print_diagnostics(plan.notes)
    show_init(plan, written)
    if written:
        show_written(written)
    show_next(("", step) for step in plan.next_steps())
