"""Images that move, by `deploy` and `promote`, on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.output.say import say
from atmos_cli.output.text.change import show_judged
from atmos_cli.output.text.diagnostics import print_diagnostics

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.commands.deploy import DeployPlan
    from atmos_cli.commands.image_changes import MovedImage
    from atmos_cli.commands.promote import PromotePlan

MOST_DIFFERENCES = 20


def show_deploy(plan: DeployPlan) -> None:
    """Print which containers get which image, and the checks of that."""
    where = ", ".join(plan.environments)
    if not plan.change.changes.files:
        print_diagnostics(plan.diagnostics)
        say(f"{plan.team}/{plan.service} runs that in {where} already: nothing to deploy")
        return
    say(f"Deploy {plan.team}/{plan.service} to {where}")
    _show_moved(plan.moved, several=len(plan.environments) > 1)
    _show_checks(plan)


def show_promote(plan: PromotePlan) -> None:
    """Print what travels, what differs and does not, and the gates and checks of that."""
    team, service, target = plan.target
    source = plan.source.environment
    if not plan.change.changes.files:
        print_diagnostics(plan.diagnostics)
        say(f"{team}/{service} runs in {target} what it runs in {source} already: nothing to promote")
        return
    say(f"Promote {team}/{service} {plan.version} from {source} to {target}")
    _show_moved(plan.moved, several=False)
    for name, before, after in plan.replicas:
        say(f"  {name}  replicas {before} → {after}")
    if plan.differs:
        say(f"Stays as it is in each (in {source} → in {target})")
        for line in plan.differs[:MOST_DIFFERENCES]:
            say(f"  {line}")
        if len(plan.differs) > MOST_DIFFERENCES:
            say(f"  and {len(plan.differs) - MOST_DIFFERENCES} more; `--output json` has all of them")
    _show_checks(plan)


def _show_moved(moved: Iterable[MovedImage], *, several: bool) -> None:
    for each in moved:
        place = f"{each.environment}: " if several else ""
        say(f"  {place}{', '.join(each.containers)}  {each.before} → {each.after}")


def _show_checks(plan: DeployPlan | PromotePlan) -> None:
    for path in sorted(plan.change.changes.files):
        say(f"File    {path}")
    show_judged(plan.change.guarded, plan.diagnostics)
