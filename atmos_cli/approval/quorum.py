"""Have enough distinct people with the right roles said yes? Asked tier by tier, for each limit that is passed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.budget.terms import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from atmos_cli.approval.roster import Roster
    from atmos_cli.budget.model import Tier
    from atmos_cli.kube.quantity import Quantity


@dataclass(frozen=True, slots=True)
class Excess:
    """One limit that is passed: `after` of `limit`; `scope` and `dimension` as in the budget's rows."""

    scope: str
    dimension: str
    limit: Quantity
    after: Quantity
    ceiling: Quantity | None

    @property
    def over(self) -> Quantity:
        return self.after - self.limit

    def __str__(self) -> str:
        return f"{self.scope} {self.dimension} ({self.after} of {self.limit})"


def tiers_of(excess: Excess, tiers: Sequence[Tier]) -> tuple[Tier, ...]:
    return tuple(tier for tier in tiers if tier.covers(excess.dimension, over=excess.over, limit=excess.limit))


def shortest_ttl(tiers: Sequence[Tier], excesses: Iterable[Excess]) -> int | None:
    """Return the shortest lifetime in seconds; None when no tier has a say, and so no one can approve anyway."""
    return min((seconds(tier.max_ttl) for each in excesses for tier in tiers_of(each, tiers)), default=None)


def quorum_problems(
    excesses: Iterable[Excess], *, tiers: Sequence[Tier], approvers: Sequence[str], roster: Roster, team: str
) -> Iterator[str]:
    """Yield one sentence per unsatisfied tier: who is needed, how many there are, and who could approve."""
    told: set[str] = set()
    for excess in excesses:
        mine = tiers_of(excess, tiers)
        if not mine:
            yield f"no tier of the budget says who may approve {excess}"
        for tier in mine:
            able = roster.with_role(tier.roles, team=team)
            have = [person for person in approvers if person in able]
            if len(have) >= tier.count:
                continue
            roles = " or ".join(tier.roles)
            people = f"{tier.count} person" if tier.count == 1 else f"{tier.count} different people"
            who = ", ".join(able) or "nobody has that role"
            sentence = f"it needs {people} with the role {roles}, and has {len(have)} (who can: {who})"
            if sentence not in told:
                told.add(sentence)
                yield sentence
