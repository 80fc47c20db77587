"""`atmos new team`: its tenants, project and pointers in every environment, and its line in CODEOWNERS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.commands.changes import start_of
from atmos_cli.commands.init import require_names, require_namespaces
from atmos_cli.commands.inputs import tree_to_change
from atmos_cli.commands.places import SIDES, PlaceOptions, PlacePlan, planned, require_new
from atmos_cli.config import namespace
from atmos_cli.engines.owned_names import require_free
from atmos_cli.foreign import shell
from atmos_cli.gitops.intent import PlanRow
from atmos_cli.gitops.repository import config_of, teams
from atmos_cli.gitops.service_update import UpdateOptions

if TYPE_CHECKING:
    from atmos_cli.gitops.repository import Repository


def plan_new_team(repository: Repository, name: str, options: PlaceOptions) -> PlacePlan:
    """Plan a team. Raises AtmosError for a name that is taken, or whose namespaces would not be its own."""
    tree = tree_to_change(start_of(repository, mode=options.mode))
    config, known = config_of(tree), teams(tree)
    require_names("the team", (name,))
    require_new("team", name, known)
    require_free("the team", (name,))
    require_namespaces((*known, name), tuple(config.environments))
    update_options = UpdateOptions(
        mode=options.mode,
        branch=options.branch or f"atmos/new-team-{name}",
        ours=options.ours,
        theirs=options.theirs,
        subject=f"Add the team {name}",
        teams=(name,),
        only_skeleton=True,
        with_skeleton=True,
    )
    update = planned(
        repository,
        (),
        update_options,
        command=f"atmos new team {shell(name)}",
        sides=SIDES,
        again=lambda fresh: plan_new_team(fresh, name, options),
    )
    rows = tuple(
        PlanRow(f"namespace in {each}", namespace(name, each), "team and environment") for each in config.environments
    )
    steps = (
        f"put the group of the team on your forge into CODEOWNERS, in the place of @{name}",
        f'add a service: atmos new service "node, port 80" --team {shell(name)}',
    )
    return PlacePlan("new", "team", name, update, rows, steps=steps)
