"""Services whose directory a person moved or renamed: each of their objects would be another one, data too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code, Location, fail
from atmos_cli.foreign import shell
from atmos_cli.gitops.repository import teams
from atmos_cli.gitops.services import ServiceName
from atmos_cli.kube.shape import text
from atmos_cli.layout.lock import checksum
from atmos_cli.layout.lock_history import read_lock

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.layout.lock import Lock
    from atmos_cli.ports import FileTree


def require_unmoved(tree: FileTree, name: ServiceName, locks: Sequence[Lock] | None = None) -> None:
    """Refuse, with ATM108 and the way to another name, a service that was generated for another name or team.

    Without `locks` those of the service are read. Raises AtmosError, too, for a lock that cannot be read.
    """
    path = f"{name.directory}/service.lock"
    found = read_lock(tree.read(path), path=path) if locks is None else locks
    if all(lock.inputs.get("service", checksum(str(name))) == checksum(str(name)) for lock in found):
        return
    was = next((each for lock in found if (each := _generated_for(tree, lock, name)) is not None), None)
    whose = f"is `{was}`, moved by hand" if was else "was generated for another team or name"
    message = f"`{name.directory}` {whose}, so all its objects would be new ones"
    raise fail(Code.SPEC_PATH_MISMATCH, message, where=Location(path, 1, 1), hint=_way(name, was))


def _way(name: ServiceName, was: ServiceName | None) -> str:
    if was is None:
        return "move it back with `git mv`, and see docs/day-two.md for the way to another name or team"
    back = f"move it back with `git mv {shell(name.directory)} {shell(was.directory)}` and `name: {was.service}` in it"
    if was.team == name.team:
        return f"{back}; then `atmos rename {shell(str(was))} {shell(name.service)}` is the way to another name"
    return f"{back}; a service of another team is a new one: see docs/day-two.md"


def _generated_for(tree: FileTree, lock: Lock, name: ServiceName) -> ServiceName | None:
    """Return what the service was called, from the spec that the lock has, and the teams that there are."""
    known = lock.files.get(f"{name.directory}/service.yaml")
    service = text(known[0], "name") if isinstance(known, tuple) and known else ""
    of_apps = (path.split("/")[1] for path in tree.files("apps") if path.count("/") > 1)
    known_teams = dict.fromkeys((name.team, *of_apps, *teams(tree)))
    wanted = lock.inputs.get("service")
    return next((ServiceName(team, service) for team in known_teams if checksum(f"{team}/{service}") == wanted), None)
