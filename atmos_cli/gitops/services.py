"""The services of a repo by their specs, and the environments that each one is in."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, NamedTuple

from atmos_cli.diagnostics import AtmosError, Code, fail
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
    without = without_spec(tree)
    known = dict.fromkeys(there)
    return tuple(dict.fromkeys(_with_spec(known, without, name, team) for name in names))


def _is_there(tree: FileTree, name: ServiceName) -> bool:
    plain = re.fullmatch(r"[a-z0-9-]+/[a-z0-9-]+", str(name))
    return plain is not None and f"{name.directory}/service.yaml" in tree.files(name.directory)


def _with_spec(
    known: Iterable[ServiceName], without: Sequence[ServiceName], name: str, team: str | None
) -> ServiceName:
    owner, _, service = name.rpartition("/")
    lacking = [each for each in without if each.service == service and (owner or team) in ("", None, each.team)]
    try:
        return meant_service(known, name, team=team, having="with a service.yaml ")
    except AtmosError:
        if not lacking:
            raise
    path = f"{lacking[0].directory}/service.yaml"
    hint = f"bring it back from Git: `git log -- {shell(path)}` shows where it was"
    raise fail(Code.SERVICE_UNKNOWN, f"`{lacking[0]}` has overlays, but no service.yaml", hint=hint)


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
