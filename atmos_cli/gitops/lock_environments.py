"""Which environments a service's lock knows: those that it is in, and those that it is not to come into."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.layout.lock import lock_text
from atmos_cli.layout.lock_history import read_lock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from atmos_cli.gitops.services import ServiceName
    from atmos_cli.ports import FileTree


def locks_without(
    tree: FileTree, names: Iterable[ServiceName], environment: str, *, order: Sequence[str]
) -> dict[str, bytes | None]:
    """Return the locks of services that are not to be in an environment, so that no update puts them there.

    `order` has all environments of the config, in its order. A lock that names none stays: its overlays say it.
    """

    def without(known: Mapping[str, bool]) -> dict[str, bool]:
        return {each: known.get(each, False) and each != environment for each in order if each in {*known, environment}}

    return _rewritten(tree, names, without)


def locks_forgetting(tree: FileTree, names: Iterable[ServiceName], environment: str) -> dict[str, bytes | None]:
    """Return the locks of services that know an environment which goes."""
    return _rewritten(tree, names, lambda known: {each: used for each, used in known.items() if each != environment})


def _rewritten(
    tree: FileTree, names: Iterable[ServiceName], make: Callable[[Mapping[str, bool]], dict[str, bool]]
) -> dict[str, bytes | None]:
    files: dict[str, bytes | None] = {}
    for name in names:
        path = f"{name.directory}/service.lock"
        data = tree.read(path)
        locks = read_lock(data, path=path)
        # A lock that Git left in conflict, or that a person edited, is `update`'s to derive anew.
        if len(locks) != 1 or not locks[0].environments or locks[0].edited:
            continue
        wanted = make(locks[0].environments)
        if wanted != locks[0].environments:
            files[path] = lock_text(replace(locks[0], environments=wanted), directory=name.directory).encode()
    return files
