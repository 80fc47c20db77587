"""What one change of an environment's objects does, as values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.kube.resource import Identity, Resource

    Objects = Mapping[Identity, Resource]

# In the order in which people are told.
KINDS = ("data", "pods", "restart", "object", "setting", "label")


@dataclass(frozen=True, slots=True)
class Effect:
    """One thing that happens, in plain words.

    `data`: data is at risk, or is left behind; `pods`: more, fewer, none; `restart`: pods are replaced; `object`: added
    or gone; `setting`: changed without a restart; `label`: only labels and annotations differ.
    """

    kind: Literal["data", "pods", "restart", "object", "setting", "label"]
    text: str
