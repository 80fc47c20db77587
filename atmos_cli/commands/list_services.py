"""`atmos list`: services by environment, with what runs there and whether `atmos update` has something for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from atmos_cli.diagnostics import AtmosError, Severity
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.inputs import Inputs
from atmos_cli.gitops.pending import pending_update
from atmos_cli.gitops.repository import Deployment, deployments
from atmos_cli.gitops.running import Running, running
from atmos_cli.gitops.services import ServiceName, named_services, services
from atmos_cli.layout.lock_history import read_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.ports import FileTree

# `pending`: spec or config say what is not generated; `offered`: a newer blueprint; `unknown`: no lock or spec.
UpdateState = Literal["current", "pending", "offered", "unknown"]


@dataclass(frozen=True, slots=True)
class ListedService:
    """One service: the blueprints that it was last generated with, and what runs where."""

    name: ServiceName
    blueprints: tuple[str, ...]
    update: UpdateState
    environments: Mapping[str, Running]
    note: str = ""


def listed(
    repository: Repository, names: Sequence[str] = (), *, environments: Sequence[str] = (), team: str | None = None
) -> tuple[ListedService, ...]:
    """Return the services that are named, or all, in the environments that are named, or all. It reads, and no more."""
    tree, config = repository.tree, repository.config
    wanted = config.named(tuple(environments))
    there: dict[ServiceName, list[str]] = {}
    for each in deployments(tree):
        there.setdefault(ServiceName(each.team, each.service), []).append(each.environment)
    effective, inputs = Effective(tree), Inputs(config, repository.catalogue)
    found = []
    for name in _chosen(tree, names, there, team):
        shown = {each: running(effective, Deployment(*name, each)) for each in wanted if each in there.get(name, ())}
        if environments and not shown:
            continue
        try:
            state = _state(tree, name, pending_update(tree, name, inputs))
            note = ""
        except AtmosError as error:
            state, note = "unknown", error.diagnostics[0].message
        found.append(ListedService(name, _blueprints(tree, name), state, shown, note))
    return tuple(found)


def _chosen(
    tree: FileTree, names: Sequence[str], there: Iterable[ServiceName], team: str | None
) -> tuple[ServiceName, ...]:
    if names:
        return named_services(tree, names, team=team)
    return tuple(each for each in sorted({*there, *services(tree)}) if team in (None, each.team))


def _state(tree: FileTree, name: ServiceName, found: Diagnostic | None) -> UpdateState:
    if found is not None:
        return "offered" if found.severity is Severity.INFO else "pending"
    whole = all(tree.read(f"{name.directory}/{file}") is not None for file in ("service.yaml", "service.lock"))
    return "current" if whole else "unknown"


def _blueprints(tree: FileTree, name: ServiceName) -> tuple[str, ...]:
    """Return the tags at the head of a lock, without reading the rest of it."""
    path = f"{name.directory}/service.lock"
    head, _, _ = (tree.read(path) or b"").partition(b"\nenvironment ")
    try:
        locks = read_lock(head, path=path) if head else ()
    except AtmosError:
        return ()
    return tuple(dict.fromkeys(tag for lock in locks for tag in lock.blueprints))
