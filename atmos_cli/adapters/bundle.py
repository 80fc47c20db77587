"""The blueprints that travel with atmos (in the wheel, or beside the package), and those of a directory."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from atmos_cli.adapters.files import DiskTree
from atmos_cli.blueprint.catalogue import Catalogue, Layer
from atmos_cli.diagnostics import Code, fail
from atmos_cli.ports import SubTree

if TYPE_CHECKING:
    from atmos_cli.ports import FileTree

OWN = "platform/blueprints"


@cache
def bundled() -> Layer:
    """The same for the whole run: it cannot change, and configurations are read many times."""
    return Layer(DiskTree(_bundled_directory()))


def from_directory(directory: Path) -> Layer:
    """The blueprints below `directory`. Raises ATM201 when it is none."""
    if not directory.is_dir():
        raise fail(
            Code.BLUEPRINT_UNKNOWN, f"there is no directory `{directory}`", hint="name a directory of blueprints"
        )
    return Layer(DiskTree(directory.resolve()))


def directory_of(source: Path | None) -> Path:
    """Where the golden cases stand that `atmos blueprint test --update` rewrites."""
    return source.resolve() if source else _bundled_directory()


def catalogue(repo: FileTree | None = None) -> Catalogue:
    """The bundled blueprints, and before them those of `platform/blueprints` in `repo`."""
    return Catalogue((bundled(), *([Layer(SubTree(repo, OWN))] if repo is not None else [])))


def _bundled_directory() -> Path:
    package = Path(__file__).resolve().parent.parent
    inside = package / "_blueprints"
    return inside if inside.is_dir() else package.parent / "blueprints"
