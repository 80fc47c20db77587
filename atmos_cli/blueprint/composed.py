"""An object that a blueprint made, and what it was called before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atmos_cli.blueprint.manifest import Owner
    from atmos_cli.kube.resource import Resource


@dataclass(frozen=True, slots=True)
class Composed:
    """One complete object, the file name it gets in the layout, and who owns it."""

    resource: Resource
    file: str
    owner: Owner
    blueprint: str


@dataclass(frozen=True, slots=True)
class DeclaredRename:
    """Objects of `kind` called `old` are the same thing as those now called `new`, as a blueprint says."""

    kind: str
    old: str
    new: str
