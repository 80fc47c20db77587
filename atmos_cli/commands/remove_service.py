"""`atmos remove service`: its files go from Git, and what stays in the clusters is said with the commands for later."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli import __version__
from atmos_cli.approval.model import DIRECTORY as APPROVALS
from atmos_cli.approval.model import is_approval_path, read_approval
from atmos_cli.commands.changes import Change, judge, start_of
from atmos_cli.commands.inputs import tree_to_change
from atmos_cli.commands.update import plan_update, replacing_nothing
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.engines.registry import ENGINES
from atmos_cli.foreign import shell
from atmos_cli.gitops.config_edits import edited
from atmos_cli.gitops.dependents import dependents, specs
from atmos_cli.gitops.left_in_cluster import LeftInCluster, left_in_cluster, left_secrets
from atmos_cli.gitops.lock_environments import locks_without
from atmos_cli.gitops.repository import Deployment, config_of, deployments, open_repository
from atmos_cli.gitops.service_update import UpdateOptions
from atmos_cli.gitops.services import ServiceName, named_services
from atmos_cli.gitops.write import trailers
from atmos_cli.kube.shape import text
from atmos_cli.layout.lock_history import read_lock
from atmos_cli.yamlio.edit import RemoveValue, remove_document
from atmos_cli.yamlio.load import load, load_all

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.commands.changes import Start
    from atmos_cli.commands.update import UpdatePlan
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.ports import FileTree


@dataclass(frozen=True, slots=True)
class Removal:
    """What the flags say. `environment`: only from there; `data_loss`: objects with data may go with it."""

    service: str
    team: str | None = None
    environment: str = ""
    data_loss: bool = False


@dataclass(frozen=True, slots=True)
class RemovalPlan:
    """`gone` are the deployments that go; `added`: files of people that go with them; `update` of the other ones.

    `approvals`: what was granted to them, which another service of that name must not find.
    """

    repository: Repository
    name: ServiceName
    gone: tuple[Deployment, ...]
    left: LeftInCluster
    added: tuple[str, ...]
    change: Change
    update: UpdatePlan | None = None
    approvals: tuple[str, ...] = ()

    @property
    def conflicts(self) -> tuple[Diagnostic, ...]:
        return self.update.conflicts if self.update else ()

    @property
    def refused(self) -> bool:
        return bool(self.conflicts) or self.change.refused

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """Return what stands against it, and what else was found."""
        return (*self.conflicts, *self.change.guarded.diagnostics)


def plan_removal(
    repository: Repository, wanted: Removal, *, mode: WriteMode | None = None, branch: str | None = None
) -> RemovalPlan:
    """Plan the removal of a service, or of one of its deployments. Raises ATM625 (exit 1) while something needs it."""
    start = start_of(repository, mode=mode)
    tree = tree_to_change(start)
    config = config_of(tree)
    (name,) = named_services(tree, [wanted.service], team=wanted.team)
    gone = _gone(tree, name, wanted.environment, config)
    known = specs(tree)
    left = left_in_cluster(start.before, gone, config)
    if name in known:
        others = [spec for other, spec in known.items() if other.team == name.team and other != name]
        left = replace(left, stays=(*left.stays, *left_secrets(known[name], others, gone, config)))
    refusals = [*dependents(tree, name, known, environment=wanted.environment)]
    refusals += () if wanted.data_loss else _losses(name, left)
    if refusals:
        raise AtmosError(*refusals, exit_code=1)

    def again() -> Change:
        return plan_removal(open_repository(repository.root, writes=True), wanted, mode=mode, branch=branch).change

    added = tuple(_added(tree, name, wanted.environment))
    granted = tuple(_approvals(tree, name, wanted.environment))
    if wanted.environment:
        also = dict.fromkeys(granted)
        update = _from_one(
            repository, tree, name, wanted.environment, config=config, mode=mode, branch=branch, gone=gone, also=also
        )
        change = replace(update.change, again=again)
        return RemovalPlan(repository, name, gone, left, added, change, update, granted)
    files: dict[str, bytes | None] = dict.fromkeys((*tree.files(name.directory), *_pointers(tree, name, config)))
    files |= dict.fromkeys(granted)
    change = replace(_whole(start, files, name, gone, config=config, branch=branch), again=again)
    return RemovalPlan(repository, name, gone, left, added, change, approvals=granted)


def _gone(tree: FileTree, name: ServiceName, environment: str, config: Config) -> tuple[Deployment, ...]:
    there = tuple(each for each in deployments(tree) if (each.team, each.service) == name)
    if not environment:
        return there
    config.named((environment,))
    if environment not in {each.environment for each in there}:
        names = ", ".join(each.environment for each in there) or "none"
        message = f"`{name}` is not in `{environment}`"
        raise fail(Code.ENVIRONMENT_UNKNOWN, message, hint=f"it is in: {names}")
    if len(there) == 1:
        message = f"`{environment}` is the only environment that `{name}` is in"
        raise fail(Code.REMOVAL_REFUSED, message, hint=f"remove it whole: `atmos remove service {shell(str(name))}`")
    return tuple(each for each in there if each.environment == environment)


def _losses(name: ServiceName, left: LeftInCluster) -> Iterator[Diagnostic]:
    for environment, what in left.lost:
        message = f"{what} of `{name}` has nothing that keeps it, so the engine would delete it with its data"
        hint = "commit the annotations of docs/day-two.md first, or, if the data may go, add `--accept-data-loss`"
        yield Diagnostic(Code.REMOVAL_REFUSED, message, environment=environment, hint=hint)
    for environment, why in left.unknown:
        message = f"what `{name}` holds in '{environment}' cannot be built, so nobody knows what data goes: {why}"
        hint = "mend it first, or, if the data may go, add `--accept-data-loss`"
        yield Diagnostic(Code.REMOVAL_REFUSED, message, environment=environment, hint=hint)


def _added(tree: FileTree, name: ServiceName, environment: str) -> Iterator[str]:
    """Yield the files of the service that atmos did not make."""
    path = f"{name.directory}/service.lock"
    try:
        locks = read_lock(tree.read(path), path=path)
    except AtmosError:
        locks = ()
    made = {each for lock in locks for each in lock.files} | {path, f"{name.directory}/service.yaml"}
    under = f"{name.directory}/overlays/{environment}" if environment else name.directory
    yield from (each for each in tree.files(under) if each not in made and not each.endswith("/gitops.json"))


def _approvals(tree: FileTree, name: ServiceName, environment: str) -> Iterator[str]:
    """Yield the approvals of the service, in one environment or all; files that are no approval stay."""
    for path in tree.files(f"{APPROVALS}/{environment}" if environment else APPROVALS):
        if is_approval_path(path) and path.split("/")[3] == name.service:
            try:
                approval = read_approval(tree.read(path) or b"", path=path)
            except AtmosError:
                continue  # `validate` reports it
            if approval.team == name.team:
                yield path


def _whole(
    start: Start,
    files: dict[str, bytes | None],
    name: ServiceName,
    gone: Sequence[Deployment],
    *,
    config: Config,
    branch: str | None,
) -> Change:
    changes = start.changes(files)
    after, guarded = judge(start, changes, touched=gone, environments=list(config.environments), allow_replace=True)
    tail = trailers({"Service": str(name), "Version": __version__})
    environments = ", ".join(each.environment for each in gone) or "no environment"
    message = f"Remove the service {name.service}\n\nIt was in {environments}.\n\n{tail}\n"
    return Change(start, changes, after, guarded, tuple(gone), message, branch or f"atmos/remove-{name.service}")


def _pointers(tree: FileTree, name: ServiceName, config: Config) -> Iterator[str]:
    for engine in ENGINES.values():
        for cluster in config.clusters:
            path = engine.pointer_path(cluster, team=name.team, service=name.service)
            if path and tree.read(path) is not None:
                yield path


def _from_one(
    repository: Repository,
    tree: FileTree,
    name: ServiceName,
    environment: str,
    *,
    config: Config,
    mode: WriteMode | None,
    branch: str | None,
    gone: tuple[Deployment, ...],
    also: dict[str, bytes | None],
) -> UpdatePlan:
    lock_path, spec_path = f"{name.directory}/service.lock", f"{name.directory}/service.yaml"
    locks = read_lock(tree.read(lock_path), path=lock_path)
    if len(locks) > 1 or any(lock.edited for lock in locks):
        message = f"`{lock_path}` was edited or is in conflict, so where the service is to be is not known"
        raise fail(Code.LOCK_UNREADABLE, message, hint=f"run `atmos update {shell(str(name))}` first")
    files: dict[str, bytes | None] = dict.fromkeys(tree.files(f"{name.directory}/overlays/{environment}"))
    files |= also
    files |= locks_without(tree, [name], environment, order=tuple(config.environments))
    for path in _pointers(tree, name, config):
        files[path] = _without_document(tree.read(path) or b"", environment, path)
    spec = tree.read(spec_path) or b""
    overrides = (load(spec, path=spec_path) or {}).get("environments")
    if isinstance(overrides, dict) and environment in overrides:
        rest = [("environments", environment) if len(overrides) > 1 else ("environments",)]
        files[spec_path] = edited(spec, [RemoveValue(each) for each in rest], path=spec_path)
    options = UpdateOptions(
        mode=mode,
        branch=branch or f"atmos/remove-{name.service}-{environment}",
        edited=files,
        may_go=gone,
        subject=f"Remove {name.service} from {environment}",
    )
    update = plan_update(repository, [str(name)], options)
    if update.problems:
        raise AtmosError(*update.problems)
    return replacing_nothing(update)


def _without_document(data: bytes, environment: str, path: str) -> bytes | None:
    """Return a file of pointers without that of one environment, None where no other is left."""
    rest: bytes | None = data
    for each in reversed(load_all(data, path=path)):
        if text(each.value, "metadata", "labels", "env") == environment and rest is not None:
            rest = remove_document(rest, each.index)
    return rest
