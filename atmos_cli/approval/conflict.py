"""Who must not approve a change: everyone who asked for it or took part; no one may if one of them is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from atmos_cli.approval.roster import Roster

Part = Literal["requested", "wrote", "committed", "co-wrote"]


@dataclass(frozen=True, slots=True)
class Contributor:
    """One e-mail address that Git shows, what it did, and where (a commit, or the approval file)."""

    email: str
    part: Part
    where: str


@dataclass(frozen=True, slots=True)
class Participants:
    """`people` maps an id to what makes them part of the change; `unknown` are contributors missing in the roster."""

    people: Mapping[str, str]
    unknown: tuple[Contributor, ...]


def conflict(contributors: Iterable[Contributor], roster: Roster) -> Participants:
    """Return who took part. A forge that only committed others' work is skipped; as an author it hides someone."""
    people: dict[str, str] = {}
    unknown: dict[str, Contributor] = {}
    for contributor in contributors:
        if contributor.part == "committed" and roster.is_forge(contributor.email):
            continue
        person = roster.by_email(contributor.email)
        if person is None:
            unknown.setdefault(contributor.email.lower(), contributor)
        else:
            people.setdefault(person, _said(contributor))
    return Participants(people, tuple(unknown.values()))


def _said(contributor: Contributor) -> str:
    return "requested it" if contributor.part == "requested" else f"{contributor.part} {contributor.where}"
