"""What `atmos new` and `atmos remove` share for environments, teams and clusters: names, and a plan with its steps."""

from __future__ import annotations

import difflib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from atmos_cli.commands.update import plan_update, replacing_nothing
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.engines.registry import ENGINES
from atmos_cli.foreign import shell
from atmos_cli.gitops.repository import open_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from atmos_cli.commands.update import UpdatePlan
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.plan_rows import PlanRow
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.gitops.service_update import UpdateOptions

SIDES = ("--ours", "--theirs")
Noun = Literal["environment", "team", "cluster"]
_UNKNOWN = {"environment": Code.ENVIRONMENT_UNKNOWN, "team": Code.TEAM_UNKNOWN, "cluster": Code.USAGE}


@dataclass(frozen=True, slots=True)
class PlaceOptions:
    """How the change is written, and for which files one side of a conflict wins; as `UpdateOptions`."""

    mode: WriteMode | None = None
    branch: str | None = None
    ours: tuple[str, ...] = ()
    theirs: tuple[str, ...] = ()
    request_approval: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class PlacePlan:
    """An environment, team or cluster that comes or goes: `rows` say where its values come from.

    `removed`: files that people added and that go with it. `steps` are for a person, when it is written.
    """

    verb: Literal["new", "remove"]
    noun: Noun
    name: str
    update: UpdatePlan
    rows: tuple[PlanRow, ...] = ()
    removed: tuple[str, ...] = ()
    steps: tuple[str, ...] = ()


def planned(
    repository: Repository,
    names: Sequence[str],
    options: UpdateOptions,
    *,
    command: str,
    sides: Sequence[str],
    again: Callable[[Repository], PlacePlan],
) -> UpdatePlan:
    """Plan the update that a place brings along; when others push first, `again` plans the place anew.

    `sides` are the options with which `command` solves a conflict.
    """
    update = replacing_nothing(plan_update(repository, names, options))
    conflicts = tuple(_with_command(each, command, sides) for each in update.conflicts)

    def retried() -> PlacePlan:
        return again(open_repository(repository.root, writes=True))

    change = replace(update.change, again=lambda: retried().update.change)
    return replace(update, conflicts=conflicts, change=change)


def _with_command(conflict: Diagnostic, command: str, sides: Sequence[str]) -> Diagnostic:
    path = shell(conflict.where.path) if conflict.where else "."
    says = {"--ours": "keeps yours", "--theirs": "takes what would be generated"}
    return replace(conflict, hint=", ".join(f"`{command} {side} {path}` {says[side]}" for side in sides))


def require_new(noun: Noun, name: str, known: Iterable[str]) -> None:
    """Refuse, with ATM901, a name that is taken."""
    if name in set(known):
        hint = f"choose another name, or see what it has with `atmos list{f' --env {name}' * (noun == 'environment')}`"
        raise fail(Code.USAGE, f"the {noun} `{name}` exists already", hint=hint)


def require_known(noun: Noun, name: str, known: Sequence[str]) -> None:
    """Refuse a name that there is not, with the nearest one that there is."""
    if name not in known:
        raise unknown(noun, name, known)


def unknown(noun: Noun, name: str, known: Sequence[str]) -> AtmosError:
    """Return the error for a name that there is not."""
    close = difflib.get_close_matches(name[:80], known, n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"use one of: {', '.join(known) or 'none yet'}"
    return fail(_UNKNOWN[noun], f"there is no {noun} `{name[:80]}`", hint=hint)


def steps_between(before: Config, after: Config) -> tuple[str, ...]:
    """Return what the engines want a person to do."""
    return tuple(step for engine in ENGINES.values() for step in engine.steps_between(before, after))
