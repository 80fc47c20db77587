"""What people may do with a team's Applications: roles of its project, bound to groups."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.team_settings import groups_of, groups_of_others

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.config import Config

# The role's name -> (resource, action). Nothing that changes an Application: that would outlast the next commit.
SYNC = "sync"
VIEW = "view"
RIGHTS: dict[str, tuple[tuple[str, str], ...]] = {
    SYNC: (("applications", "get"), ("applications", "sync"), ("logs", "get")),
    VIEW: (("applications", "get"),),
}


def project_roles(config: Config, project: str, *, team: str, teams: Sequence[str]) -> list[dict[str, Any]]:
    """Return the roles of a team's project: its own people sync, those of the other teams look. None without groups."""
    roles = [
        _role(project, SYNC, f"people of {team}: look, read logs, sync", groups_of(config.teams, team)),
        _role(project, VIEW, "people of other teams: look", groups_of_others(config.teams, team, known=teams)),
    ]
    return [role for role in roles if role["groups"]]


def _role(project: str, name: str, description: str, groups: Sequence[str]) -> dict[str, Any]:
    subject = f"proj:{project}:{name}"
    policies = [f"p, {subject}, {resource}, {action}, {project}/*, allow" for resource, action in RIGHTS[name]]
    return {"name": name, "description": description, "policies": policies, "groups": list(groups)}
