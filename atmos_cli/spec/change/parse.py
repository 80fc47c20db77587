"""What the rules of a change share, beside what those of every intent do."""

from __future__ import annotations

from dataclasses import dataclass

from atmos_cli.spec.parse import Parse
from atmos_cli.spec.vocabulary import FILLERS

CHANGE_FILLERS = FILLERS | frozenset(
    {"set", "change", "changes", "changed", "increase", "decrease", "raise", "lower", "bump", "grow", "shrink", "put"}
    | {"let", "now", "instead", "enable", "turn", "switch", "up", "down", "from", "make", "keep"}
)


@dataclass(slots=True)
class ChangeParse(Parse):
    """`service` is whose spec is changed; `only`: the environments for what no words say a place of."""

    service: str = ""
    only: tuple[str, ...] = ()
