"""What the rules of a change share, beside what those of every intent do."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from atmos_cli.spec.parse import Parse
from atmos_cli.spec.vocabulary import FILLERS

if TYPE_CHECKING:
    from collections.abc import Mapping

ENV_WORDS = frozenset({"env", "variable", "var"})
CHANGE_FILLERS = FILLERS | frozenset(
    {"set", "change", "changes", "changed", "increase", "decrease", "raise", "lower", "bump", "grow", "shrink", "put"}
    | {"let", "now", "instead", "enable", "turn", "switch", "up", "down", "from", "make", "keep"}
)


@dataclass(slots=True)
class ChangeParse(Parse):
    """`environments` are the names of environments by what people call them; `service` is whose spec is changed.

    `only`: the environments for what no words say a place of.
    """

    environments: Mapping[str, str] = field(default_factory=dict)
    service: str = ""
    only: tuple[str, ...] = ()
