"""What `atmos-cli.yaml` may say of a team: the groups of a login service that its people are in."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import AfterValidator, Field

from atmos_cli.documents import Strict

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

# A group ends up in a line of a policy, between commas, and in an expression, between quotes.
_ENDS_A_NAME = frozenset(",\"'`\\")
_NO_GROUPS = ("proj:", "role:", "system:")
_LONGEST = 256


def group_problem(name: str) -> str:
    """Say why a name can be no group, in words that follow it; empty when it can."""
    if not name or name != name.strip():
        return "is empty, or begins or ends with a space"
    if len(name) > _LONGEST:
        return f"is longer than {_LONGEST} characters"
    if found := next((each for each in name if each in _ENDS_A_NAME), ""):
        return f"has the character {found} which would end it in a policy"
    if not name.isprintable():
        return "has a character that nobody sees, such as the end of a line"
    if prefix := next((each for each in _NO_GROUPS if name.startswith(each)), ""):
        return f"begins with {prefix} as names of roles, and groups that all users are in, do"
    return ""


def _group(value: str) -> str:
    if problem := group_problem(value):
        raise ValueError(f"`{value[:60]}` can be no group: it {problem}")
    return value


Group = Annotated[str, AfterValidator(_group)]


class Team(Strict):
    groups: tuple[Group, ...] = Field(
        default=(), description="groups, as the tokens of the login service name them, whose people are the team"
    )


def groups_of(teams: Mapping[str, Team], team: str) -> tuple[str, ...]:
    """Return the groups of a team, each once, sorted."""
    return tuple(sorted(set(teams[team].groups))) if team in teams else ()


def groups_of_others(teams: Mapping[str, Team], team: str, *, known: Iterable[str]) -> tuple[str, ...]:
    """Return the groups of all other teams of `known`, sorted, without those that are the team's own as well."""
    own = set(groups_of(teams, team))
    others = {group for each in known if each != team for group in groups_of(teams, each)}
    return tuple(sorted(others - own))
