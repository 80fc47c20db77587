"""The services of a repo by their specs, and the environments that each one is in."""

from __future__ import annotations

import difflib
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
    there = services(tree)
    if not names:
        return tuple(each for each in there if team in (None, each.team))
    return tuple(dict.fromkeys(meant_service(there, name, team=team, having="with a service.yaml ") for name in names))


def meant_service(there: Iterable[ServiceName], name: str, *, team: str | None = None, having: str = "") -> ServiceName:
    """Return the one of `there` that `name` or `team/name` means. Raises ATM511, with what would have been right.

    `having` says what all of them have.
    """
    owner, _, service = name.rpartition("/")
    owners = {owner or team, team or owner} - {None, ""}
    known = sorted(set(there))
    found = [each for each in known if each.service == service and owners <= {each.team}]
    if len(found) == 1:
        return found[0]
    if found:
        hint = f"say which: {', '.join(f'`{shell(str(each))}`' for each in found)}"
        raise fail(Code.SERVICE_UNKNOWN, f"several teams have a service `{service}`", hint=hint)
    whose = f"of team `{team[:80]}` " if team else ""
    message = f"there is no service `{name[:80]}` {whose}{having}in this repo"
    raise fail(Code.SERVICE_UNKNOWN, message, hint=_right(known, service[:80], owner=owner, team=team))


def _right(known: Sequence[ServiceName], service: str, *, owner: str, team: str | None) -> str:
    """Return the hint for a name that there is not: the nearest one, as it would have to be written."""
    mine = [each for each in known if each.team == (team or owner or each.team)]
    elsewhere = [each for each in known if each.service == service]
    if elsewhere and not owner:
        return f"did you mean {' or '.join(f'`--team {shell(each.team)}`' for each in elsewhere)}?"
    if elsewhere:
        return f"did you mean {' or '.join(f'`{shell(str(each))}`' for each in elsewhere)}?"
    close = difflib.get_close_matches(service, sorted({each.service for each in mine}), n=1)
    if close:
        return f"did you mean `{f'{owner}/' if owner else ''}{close[0]}`?"
    return f"there are: {', '.join(str(each) for each in (mine or known)[:10]) or 'none yet'}"


def environments_of(
    tree: FileTree, name: ServiceName, locks: Sequence[Lock], config: Config, *, also: Sequence[str] = ()
) -> tuple[str, ...]:
    """Return the environments that a service belongs in, in the order of the config.

    Those that it is in, those named in `also`, and those that came into the config since it was last generated.
    """
    there = {path.split("/")[4] for path in tree.files(f"{name.directory}/overlays") if path.count("/") > 4}
    wanted = {*also}
    known: dict[str, bool] = {}
    for lock in locks:
        for environment, used in (lock.environments or {}).items():
            known[environment] = known.get(environment, False) or used
    for environment in config.environments:
        new = bool(known) and environment not in known
        if new or known.get(environment) or (not known and environment in there):
            wanted.add(environment)
    return tuple(each for each in config.environments if each in wanted)
