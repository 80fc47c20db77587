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
from atmos_cli.gitops.services import ServiceName, meant_service, services
from atmos_cli.layout.lock_history import read_lock

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from atmos_cli.gitops.repository import Repository
    from atmos_cli.layout.lock import Lock
    from atmos_cli.ports import FileTree

# `pending`: spec or config say what is not generated; `offered`: a newer blueprint. The others say why nobody knows.
UpdateState = Literal["current", "pending", "offered", "noSpec", "noLock", "unreadable"]


@dataclass(frozen=True, slots=True)
class ListedService:
    """One service: the blueprints that it was last generated with, and what runs where.

    `absent`: the environments asked for that it is not in. `note` says what cannot be read, with its place.
    """

    name: ServiceName
    blueprints: tuple[str, ...]
    update: UpdateState
    environments: Mapping[str, Running]
    absent: tuple[str, ...] = ()
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
        state, note = _state(tree, name, inputs)
        locks = _lock_heads(tree, name)
        shown: dict[str, Running] = {}
        for environment in wanted:
            deployment = Deployment(*name, environment)
            if environment in there.get(name, ()):
                shown[environment] = running(effective, deployment)
            elif problem := _why_missing(tree, deployment, locks):
                shown[environment] = Running(problem=problem)
        if shown or names or not environments:
            absent = tuple(each for each in wanted if each not in shown)
            found.append(ListedService(name, _blueprints(locks), state, shown, absent, note))
    return tuple(found)


def _chosen(
    tree: FileTree, names: Sequence[str], there: Iterable[ServiceName], team: str | None
) -> tuple[ServiceName, ...]:
    everything = sorted({*there, *services(tree)})
    if names:
        return tuple(dict.fromkeys(meant_service(everything, each, team=team) for each in names))
    return tuple(each for each in everything if team in (None, each.team))


def _state(tree: FileTree, name: ServiceName, inputs: Inputs) -> tuple[UpdateState, str]:
    """Return whether `update` has something for a service, and what of it cannot be read."""
    try:
        found = pending_update(tree, name, inputs)
        if found is not None:
            return "offered" if found.severity is Severity.INFO else "pending", ""
        if tree.read(f"{name.directory}/service.yaml") is None:
            return "noSpec", ""
        return "noLock" if tree.read(f"{name.directory}/service.lock") is None else "current", ""
    except AtmosError as error:
        first = error.diagnostics[0]
        return "unreadable", f"{first.where}: {first.message}" if first.where else first.message


def _lock_heads(tree: FileTree, name: ServiceName) -> tuple[Lock, ...]:
    """Return what stands at the head of a lock, blueprints and environments, without reading the rest of it."""
    path = f"{name.directory}/service.lock"
    try:
        head, _, _ = (tree.read(path) or b"").partition(b"\ninput ")
        return read_lock(head, path=path) if head else ()
    except AtmosError:
        return ()


def _blueprints(locks: Iterable[Lock]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag for lock in locks for tag in lock.blueprints))


def _why_missing(tree: FileTree, deployment: Deployment, locks: Iterable[Lock]) -> str:
    """Return why an overlay that should be there is not; empty where the service is not in the environment."""
    try:
        if tree.read(f"{deployment.directory}/kustomization.yaml") is not None:
            return f"`{deployment.directory}` is a symbolic link, and linked directories are not read"
    except AtmosError as error:
        return error.diagnostics[0].message
    generated = any((lock.environments or {}).get(deployment.environment) for lock in locks)
    return f"there is no `{deployment.directory}/kustomization.yaml`, which was generated" if generated else ""
