"""Services by environment, and plans for environments, teams and clusters, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.foreign import line, shell
from atmos_cli.output.say import say
from atmos_cli.output.text.change import show_done, show_rows
from atmos_cli.output.text.update import show_update

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.commands.list_services import ListedService
    from atmos_cli.commands.places import PlacePlan
    from atmos_cli.gitops.running import Running
    from atmos_cli.gitops.write import Written

MOST_PATHS = 20
UPDATE_WORDS = {
    "current": "",
    "pending": "to update",
    "offered": "newer blueprint",
    "noSpec": "no service.yaml",
    "noLock": "no service.lock",
    "unreadable": "cannot be read",
}
HEAD = ("SERVICE", "ENVIRONMENT", "IMAGE", "REPLICAS", "BLUEPRINTS", "UPDATE")


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
    show_done(written, refused=plan.update.refused)


def show_list(found: Sequence[ListedService], *, environments: Sequence[str]) -> None:
    """Print one line for each service and environment; plain lines, since there may be thousands.

    `environments` are those asked for, none for all.
    """
    if not found:
        where = f" in {' or '.join(environments)}; `atmos list` shows where they are" if environments else " yet"
        make = "" if environments else ': atmos new service "node, port 80, postgres"'
        say(f"there is no service{where}{make}")
        return
    rows = [HEAD, *(row for each in found for row in _rows(each))]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD) - 1)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=False)]
        say("  ".join((*cells, row[-1])).rstrip())
    for each in found:
        if each.note:
            say(f"{each.name}: {each.note}")
        for environment in each.absent if environments else ():
            bring = f"atmos update {shell(str(each.name))} --env {shell(environment)}"
            say(f"{each.name} is not in {environment}: `{bring}` brings it there")
    pending = sum(each.update == "pending" for each in found)
    if pending:
        say(f"{pending} to update: `atmos update --dry-run` shows what")


def _rows(service: ListedService) -> Iterator[tuple[str, ...]]:
    tags, state = ", ".join(service.blueprints), UPDATE_WORDS[service.update]
    if not service.environments:
        yield str(service.name), "-", "-", "-", tags, state
    for environment, each in service.environments.items():
        image = f"cannot be built: {each.problem}" if each.problem else ", ".join(each.images)
        yield str(service.name), environment, line(image) or "-", _replicas(each), tags, state


def _replicas(each: Running) -> str:
    if each.most is None or each.least == each.most:
        return str(each.most) if each.most is not None else "-"
    return f"{each.least if each.least is not None else 1}..{each.most}"
