"""Which files a kustomization takes in, itself or through others: what an engine is shown of a directory."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.shape import text_items
from atmos_cli.kustomize.files import NAMES
from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from atmos_cli.ports import FileTree

_LISTS = ("resources", "bases", "components")


def kustomization_of(tree: FileTree, directory: str) -> str | None:
    """Return the path of the kustomization file of a directory."""
    paths = (posixpath.join(directory, name) for name in NAMES)
    return next((path for path in paths if tree.read(path) is not None), None)


def listed_files(tree: FileTree, directory: str) -> frozenset[str]:
    """Return the paths that the kustomization of `directory` names, and those of the directories that it names.

    What cannot be read names nothing: who builds it says why.
    """
    found: set[str] = set()
    todo, seen = [directory], {directory}
    while todo:
        here = todo.pop()
        for entry in _entries(tree, here):
            path = posixpath.normpath(posixpath.join(here, entry))
            found.add(path)
            if path not in seen:
                seen.add(path)
                todo.append(path)
    return frozenset(found)


def _entries(tree: FileTree, directory: str) -> list[str]:
    path = kustomization_of(tree, directory)
    try:
        value = load(tree.read(path) or b"", path=path) if path else None
    except AtmosError:
        return []
    return [entry for name in _LISTS for _, entry in text_items(value, name)] if isinstance(value, dict) else []
