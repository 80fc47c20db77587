"""The builds of overlays in this run: the same files give the same objects, in whichever state of the repo they are."""

from __future__ import annotations

import hashlib
import os
from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.units import manifests

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.gitops.units import Unit
    from atmos_cli.kustomize.model import Built
    from atmos_cli.ports import FileTree

MOST_BUILDS = 2_000


@dataclass(slots=True)
class Build:
    """`result` is what one unit was built to, or why it cannot be built.

    `reads` is the digest of every file and listing that was asked for; None when one could not be read.
    """

    result: tuple[Built, ...] | AtmosError = ()
    reads: dict[str, str] | None = field(default_factory=dict)

    def resources(self) -> tuple[Built, ...]:
        """Return the objects, which the caller must not change. Raises AtmosError when the unit cannot be built."""
        if isinstance(self.result, AtmosError):
            raise self.result.with_traceback(None)
        return self.result


class Builds:
    """The builds of one run; those unused for longest are forgotten beyond `MOST_BUILDS` units."""

    def __init__(self) -> None:
        self._known: OrderedDict[tuple[str, str], list[Build]] = OrderedDict()

    def of(self, tree: FileTree, unit: Unit) -> Build:
        """Return the build of `unit` in `tree`; reuses one, of any tree, for which the same content was read."""
        mine = self._known.setdefault((unit.place, unit.reads), [])
        self._known.move_to_end((unit.place, unit.reads))
        if len(self._known) > MOST_BUILDS:
            self._known.popitem(last=False)
        checked: dict[str, str] = {}
        known = next((each for each in mine if each.reads is not None and unchanged(tree, each.reads, checked)), None)
        if known is not None:
            return known
        found = _build(tree, unit)
        mine.append(found)
        return found


def unchanged(tree: FileTree, reads: dict[str, str], checked: dict[str, str]) -> bool:
    """Return whether `tree` holds what `reads` says; `checked` holds what it has answered so far."""
    try:
        return all(_digest_in(tree, what, checked) == digest for what, digest in reads.items())
    except AtmosError:
        return False


def _build(tree: FileTree, unit: Unit) -> Build:
    watched = _RecordedTree(tree)
    try:
        result: tuple[Built, ...] | AtmosError = manifests(watched, unit)
    except AtmosError as error:
        result = error
    return Build(result, watched.reads)


class _RecordedTree:
    """A tree that remembers what it was asked for."""

    def __init__(self, tree: FileTree) -> None:
        self._tree = tree
        self.reads: dict[str, str] | None = {}

    def read(self, path: str) -> bytes | None:
        try:
            data = self._tree.read(path)
        except AtmosError:
            self.reads = None
            raise
        self._note(f"file {path}", data)
        return data

    def files(self, under: str = "") -> Iterable[str]:
        found = list(self._tree.files(under))
        self._note(f"list {under}", os.fsencode("\n".join(found)))
        return found

    def _note(self, what: str, data: bytes | None) -> None:
        if self.reads is not None:
            self.reads[what] = _digest(data)


def _digest_in(tree: FileTree, what: str, checked: dict[str, str]) -> str:
    if what not in checked:
        kind, _, path = what.partition(" ")
        checked[what] = _digest(tree.read(path) if kind == "file" else os.fsencode("\n".join(tree.files(path))))
    return checked[what]


def _digest(data: bytes | None) -> str:
    return "" if data is None else hashlib.sha256(data).hexdigest()
