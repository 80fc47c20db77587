"""The blueprints that travel with atmos (in the wheel, or beside the package), and those of a directory."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.adapters.files import DiskTree, find_root
from atmos_cli.blueprint.catalogue import Catalogue
from atmos_cli.blueprint.layer import Layer
from atmos_cli.diagnostics import Code, fail
from atmos_cli.ports import SubTree

if TYPE_CHECKING:
    from atmos_cli.ports import FileTree
    from atmos_cli.versions.table import VersionTable

OWN = "platform/blueprints"


@cache
def bundled() -> Layer:
    """Return the blueprints of atmos, the same in the whole run: they cannot change, and are read often."""
    return Layer(DiskTree(_bundled_directory()))


def versions() -> VersionTable:
    """Return the table of what other people release, as this atmos knows it."""
    return bundled().versions


def from_directory(directory: Path) -> Layer:
    """Return the blueprints below `directory`. Raises ATM201 when `directory` does not exist."""
    if not directory.is_dir():
        raise fail(
            Code.BLUEPRINT_UNKNOWN, f"there is no directory `{directory}`", hint="name a directory of blueprints"
        )
    return Layer(DiskTree(directory.resolve()))


def own_place(source: Path | None, start: Path) -> tuple[Path, str] | None:
    """Return where one's own blueprints are: a directory, and the prefix of their paths in it.

    `source` if it is given, else the repo that `start` is in; None where there is neither.
    """
    if source is not None:
        from_directory(source)
        return source.resolve(), ""
    root = find_root(start)
    return (root, f"{OWN}/") if root else None


def bundled_place() -> tuple[Path, str]:
    """Return where the blueprints are that are part of atmos, for those who work on atmos itself."""
    return _bundled_directory(), ""


def catalogue(repo: FileTree | None = None) -> Catalogue:
    """List the bundled blueprints, and before them those of `platform/blueprints` in `repo`."""
    return Catalogue((bundled(), *([Layer(SubTree(repo, OWN))] if repo is not None else [])))


def _bundled_directory() -> Path:
    package = Path(__file__).resolve().parent.parent
    inside = package / "_blueprints"
    return inside if inside.is_dir() else package.parent / "blueprints"
