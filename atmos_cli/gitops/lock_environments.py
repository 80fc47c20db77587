"""Which environments a service's lock knows: those that it is in, and those that it is not to come into.

Only that entry of a lock changes: one which a person damaged, or Git left in conflict, stays as it is otherwise.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.layout.lock import FORMAT, environment_entry

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atmos_cli.gitops.services import ServiceName
    from atmos_cli.ports import FileTree

_WORD = "environment "


def locks_without(
    tree: FileTree, names: Iterable[ServiceName], environment: str, *, order: Sequence[str]
) -> dict[str, bytes | None]:
    """Return the locks of services that are not to be in an environment, so that no update puts them there.

    `order` has all environments of the config, in its order. A lock that names none stays: its overlays say it.
    """
    before = order[: order.index(environment)]
    entry = environment_entry(environment, used=False)
    found = {path: _replaced(data, environment, entry, before=before) for path, data in _locks(tree, names)}
    return {path: data for path, data in found.items() if data != tree.read(path)}


def locks_forgetting(tree: FileTree, names: Iterable[ServiceName], environment: str) -> dict[str, bytes | None]:
    """Return the locks of services that know an environment which goes."""
    found = {path: _replaced(data, environment, (), before=()) for path, data in _locks(tree, names)}
    return {path: data for path, data in found.items() if data != tree.read(path)}


def _locks(tree: FileTree, names: Iterable[ServiceName]) -> list[tuple[str, bytes]]:
    """Return the locks of the format that knows environments."""
    paths = [f"{name.directory}/service.lock" for name in names]
    found = [(path, data) for path in paths if (data := tree.read(path)) is not None]
    return [(path, data) for path, data in found if data.startswith(f"{FORMAT}\n".encode())]


def _replaced(data: bytes, environment: str, entry: Sequence[str], *, before: Sequence[str]) -> bytes:
    """Return a lock with another entry for an environment, behind those that come `before` it; without it for ()."""
    lines = data.decode("utf-8", "surrogateescape").split("\n")
    known = _entries(lines)
    new = list(entry)
    if environment in known:
        start, end = known[environment]
        lines[start:end] = new
    elif known and new:
        earlier = [known[name][1] for name in before if name in known]
        at = max(earlier) if earlier else min(start for start, _ in known.values())
        lines[at:at] = new
    return "\n".join(lines).encode("utf-8", "surrogateescape")


def _entries(lines: Sequence[str]) -> dict[str, tuple[int, int]]:
    """Return where the entry of each environment begins and ends."""
    found: dict[str, tuple[int, int]] = {}
    for start, line in enumerate(lines):
        if not line.startswith(_WORD) or not line.endswith(":") or " = " in line:
            continue
        name = line.removeprefix(_WORD)[:-1]
        end = next((at for at in range(start, len(lines)) if lines[at] == f"{_WORD}{name}."), start)
        found[name] = (start, end + 1)
    return found
