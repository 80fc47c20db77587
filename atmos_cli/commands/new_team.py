"""`atmos new team`: its tenants, project and pointers, its groups, and its line in CODEOWNERS."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.commands.changes import start_of
from atmos_cli.commands.init_names import require_names, require_namespaces
from atmos_cli.commands.inputs import tree_to_change
from atmos_cli.commands.places import SIDES, PlaceOptions, PlacePlan, planned, require_new
from atmos_cli.config import FILE, namespace
from atmos_cli.diagnostics import Code, fail
from atmos_cli.engines.owned_names import owner_of_namespace, require_free
from atmos_cli.foreign import shell
from atmos_cli.gitops.config_edits import edited
from atmos_cli.gitops.plan_rows import PlanRow
from atmos_cli.gitops.repository import config_of, teams
from atmos_cli.gitops.service_update import UpdateOptions
from atmos_cli.layout.owners import owners_place
from atmos_cli.team_settings import group_problem
from atmos_cli.yamlio.edit import SetValue

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.gitops.repository import Repository
    from atmos_cli.ports import FileTree


def plan_new_team(repository: Repository, name: str, options: PlaceOptions, *, groups: Sequence[str] = ()) -> PlacePlan:
    """Plan a team, whose people are in `groups`.

    Raises AtmosError for a name that is taken, whose namespaces would not be its own, or that can be no group.
    """
    tree = tree_to_change(start_of(repository, mode=options.mode))
    config, known = config_of(tree), teams(tree)
    require_names("the team", (name,))
    require_new("team", name, known)
    require_free("the team", (name,), owner_of=owner_of_namespace)
    require_namespaces((*known, name), tuple(config.environments))
    require_groups(groups)
    update_options = UpdateOptions(
        mode=options.mode,
        branch=options.branch or f"atmos/new-team-{name}",
        edited=_with_groups(tree, name, groups),
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
        command=" ".join(("atmos new team", shell(name), *(f"--group {shell(each)}" for each in groups))),
        sides=SIDES,
        again=lambda fresh: plan_new_team(fresh, name, options, groups=groups),
    )
    rows = tuple(
        PlanRow(f"namespace in {each}", namespace(name, each), "team and environment") for each in config.environments
    )
    rows += tuple(PlanRow(f"teams.{name}.groups", each, "--group") for each in groups)
    steps = (
        f"put the group of the team on your forge into {owners_place(tree, config.forge)}: `/apps/{name}/ @GROUP`",
        f'add a service: atmos new service "node, port 80" --team {shell(name)}',
    )
    return PlacePlan("new", "team", name, update, rows, steps=steps)


def require_groups(groups: Sequence[str]) -> None:
    """Refuse, with ATM901, names that can be no group."""
    for each in groups:
        if problem := group_problem(each):
            hint = "write it as the tokens of your login service do, such as `--group acme:frontend`"
            raise fail(Code.USAGE, f"`{each[:80]}` can be no group: it {problem}", hint=hint)


def _with_groups(tree: FileTree, name: str, groups: Sequence[str]) -> dict[str, bytes | None]:
    """Return `atmos-cli.yaml` with the groups of the team, where there are any."""
    if not groups:
        return {}
    change = SetValue(("teams", name, "groups"), list(dict.fromkeys(groups)))
    return {FILE: edited(tree.read(FILE) or b"", [change], path=FILE)}
