"""The services of a repo by their specs, and the environments that each one is in."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

from atmos_cli.diagnostics import Code, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atmos_cli.config import Config
    from atmos_cli.layout.lock import Lock
    from atmos_cli.ports import FileTree


class ServiceName(NamedTuple):
    """One service of one team."""

    team: str
    service: str

    @property
    def directory(self) -> str:
        return f"apps/{self.team}/{self.service}"

    def __str__(self) -> str:
        return f"{self.team}/{self.service}"


def services(tree: FileTree) -> tuple[ServiceName, ...]:
    """Return every service that has a `service.yaml`, sorted."""
    steps = (path.split("/") for path in tree.files("apps"))
    return tuple(
        sorted(ServiceName(each[1], each[2]) for each in steps if len(each) == 4 and each[3] == "service.yaml")
    )


def named_services(tree: FileTree, names: Sequence[str], *, team: str | None = None) -> tuple[ServiceName, ...]:
    """Return the services that are named, as `name` or `team/name`; all of them without names.

    Raises AtmosError for a name that there is not, or that several teams have.
    """
    whole = [ServiceName(*each.split("/")) for each in names if each.count("/") == 1]
    if names and len(whole) == len(names) and all(_is_there(tree, each) for each in whole):
        return tuple(dict.fromkeys(whole))  # said in full, so the others need not be looked for
    there = services(tree)
    if not names:
        return tuple(each for each in there if team in (None, each.team))
    return tuple(dict.fromkeys(pick_service(tree, there, name, team=team) for name in names))


def _is_there(tree: FileTree, name: ServiceName) -> bool:
    plain = re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", str(name))
    return plain is not None and f"{name.directory}/service.yaml" in tree.files(name.directory)


def pick_service(tree: FileTree, there: Sequence[ServiceName], name: str, *, team: str | None = None) -> ServiceName:
    """Return the one of `there` that is called `name` or `team/name`. Raises AtmosError ATM511 for none or several."""
    owner, _, service = name.rpartition("/")
    found = _called(there, service, owner or team)
    if len(found) == 1:
        return found[0]
    if found:
        hint = f"say which: {', '.join(f'`{shell(str(each))}`' for each in found)}"
        raise fail(Code.SERVICE_UNKNOWN, f"several teams have a service `{service}`", hint=hint)
    if without := _called(without_spec(tree), service, owner or team):
        path = f"{without[0].directory}/service.yaml"
        hint = f"bring it back from Git: `git log -- {shell(path)}` shows where it was"
        raise fail(Code.SERVICE_UNKNOWN, f"`{without[0]}` has overlays, but no service.yaml", hint=hint)
    close = difflib.get_close_matches(service[:80], sorted({each.service for each in there}), n=1)
    names = ", ".join(str(each) for each in there[:10]) or "none yet"
    hint = f"did you mean `{close[0]}`?" if close else f"there are: {names}"
    raise fail(Code.SERVICE_UNKNOWN, f"there is no service `{name[:80]}` with a service.yaml in this repo", hint=hint)


def _called(there: Iterable[ServiceName], service: str, team: str | None) -> list[ServiceName]:
    return [each for each in there if each.service == service and team in ("", None, each.team)]


def without_spec(tree: FileTree) -> tuple[ServiceName, ...]:
    """Return every service that has overlays and no `service.yaml`, sorted."""
    steps = (path.split("/") for path in tree.files("apps"))
    built = {ServiceName(each[1], each[2]) for each in steps if len(each) > 5 and each[3] == "overlays"}
    return tuple(sorted(built - {*services(tree)}))


def environments_of(
    tree: FileTree, name: ServiceName, locks: Sequence[Lock], config: Config, *, also: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the environments that a service belongs in, in the order of the config.

    Those that it is in, those named in `also`, and those that came into the config since it was last generated.
    """
    wanted = {*also}
    known: dict[str, bool] = {}
    for lock in locks:
        for environment, used in (lock.environments or {}).items():
            known[environment] = known.get(environment, False) or used
    there: set[str] = set()
    if not known:
        there = {path.split("/")[4] for path in tree.files(f"{name.directory}/overlays") if path.count("/") > 4}
    for environment in config.environments:
        new = bool(known) and environment not in known
        if new or known.get(environment) or (not known and environment in there):
            wanted.add(environment)
    return tuple(each for each in config.environments if each in wanted)
