"""Who must not approve a change: everyone who asked for it or had a hand in it, and nobody when a hand is unknown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from atmos_cli.approval.roster import Roster

Part = Literal["requested", "wrote", "committed", "co-wrote"]


@dataclass(frozen=True, slots=True)
class Hand:
    """One e-mail address that Git shows, what it did, and where (a commit, or the approval file)."""

    email: str
    part: Part
    where: str


@dataclass(frozen=True, slots=True)
class Conflict:
    """`people` maps an id to what makes them part of the change; `unknown` are hands that nobody in the roster has."""

    people: Mapping[str, str]
    unknown: tuple[Hand, ...]


def conflict(hands: Iterable[Hand], roster: Roster) -> Conflict:
    """A forge that only committed (merged, squashed) what others wrote is nobody; as an author it hides somebody."""
    people: dict[str, str] = {}
    unknown: dict[str, Hand] = {}
    for hand in hands:
        if hand.part == "committed" and roster.is_forge(hand.email):
            continue
        person = roster.by_email(hand.email)
        if person is None:
            unknown.setdefault(hand.email.lower(), hand)
        else:
            people.setdefault(person, _said(hand))
    return Conflict(people, tuple(unknown.values()))


def _said(hand: Hand) -> str:
    return "requested it" if hand.part == "requested" else f"{hand.part} {hand.where}"
