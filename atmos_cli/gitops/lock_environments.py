"""Which environments a service's lock knows: those that it is in, and those that it is not to come into.

Only that line of a lock changes, so that one which a person damaged, or Git left in conflict, stays as it is otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.layout.lock import FORMAT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atmos_cli.gitops.services import ServiceName
    from atmos_cli.ports import FileTree

_WORD = b"environment "


def locks_without(
    tree: FileTree, names: Iterable[ServiceName], environment: str, *, order: Sequence[str]
) -> dict[str, bytes | None]:
    """Return the locks of services that are not to be in an environment, so that no update puts them there.

    `order` has all environments of the config, in its order. A lock that names none stays: its overlays say it.
    """
    before = order[: order.index(environment)]
    found = {path: _without(data, environment, before) for path, data in _locks(tree, names)}
    return {path: data for path, data in found.items() if data != tree.read(path)}


def locks_forgetting(tree: FileTree, names: Iterable[ServiceName], environment: str) -> dict[str, bytes | None]:
    """Return the locks of services that know an environment which goes."""
    lines = (_WORD + environment.encode(), _WORD + environment.encode() + b" -")
    found = {
        path: b"\n".join(line for line in data.split(b"\n") if line not in lines) for path, data in _locks(tree, names)
    }
    return {path: data for path, data in found.items() if data != tree.read(path)}


def _locks(tree: FileTree, names: Iterable[ServiceName]) -> list[tuple[str, bytes]]:
    """Return the locks of the format that knows environments."""
    paths = [f"{name.directory}/service.lock" for name in names]
    found = [(path, data) for path in paths if (data := tree.read(path)) is not None]
    return [(path, data) for path, data in found if data.startswith(f"{FORMAT}\n".encode())]


def _without(data: bytes, environment: str, before: Sequence[str]) -> bytes:
    lines = data.split(b"\n")
    known = {
        line.removeprefix(_WORD).removesuffix(b" -").decode("utf-8", "replace"): index
        for index, line in enumerate(lines)
        if line.startswith(_WORD) and b" = " not in line
    }
    line = _WORD + environment.encode() + b" -"
    if environment in known:
        lines[known[environment]] = line
    elif known:
        earlier = [known[name] + 1 for name in before if name in known]
        lines.insert(earlier[-1] if earlier else min(known.values()), line)
    return b"\n".join(lines)
