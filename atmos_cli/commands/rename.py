"""`atmos rename`: a name is an identity, so another name is another service, beside the old one until that goes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli import __version__
from atmos_cli.commands.changes import Change, asking, judge, start_of
from atmos_cli.commands.inputs import tree_to_change
from atmos_cli.config import namespace
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.engines.owned_names import require_free
from atmos_cli.foreign import shell
from atmos_cli.gitops.config_edits import edited
from atmos_cli.gitops.dependents import dependents, specs
from atmos_cli.gitops.first_images import with_running_images
from atmos_cli.gitops.generate import Generated, generate
from atmos_cli.gitops.left_in_cluster import left_in_cluster
from atmos_cli.gitops.moved_services import require_unmoved
from atmos_cli.gitops.repository import Deployment, config_of, deployments, open_repository
from atmos_cli.gitops.services import ServiceName, named_services, services
from atmos_cli.gitops.write import trailers
from atmos_cli.spec.model import ServiceSpec, read_spec
from atmos_cli.spec.names import validate_name
from atmos_cli.yamlio.edit import SetValue
from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from atmos_cli.commands.changes import Start
    from atmos_cli.config import Config, WriteMode
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.ports import FileTree

Files = dict[str, bytes | None]


@dataclass(frozen=True, slots=True)
class Renaming:
    """What the flags say."""

    service: str
    new: str
    team: str | None = None
    request_approval: bool = False


@dataclass(frozen=True, slots=True)
class RenamePlan:
    """The new service beside the old one. `lost`: files of the old one that people made or edited: they stay there."""

    repository: Repository
    old: ServiceName
    new: ServiceName
    environments: tuple[str, ...]
    lost: tuple[str, ...]
    notes: tuple[str, ...]
    change: Change

    def next_steps(self) -> tuple[str, ...]:
        """Return what remains for a person to do, in this order."""
        old = shell(str(self.old))
        return (
            f"when {self.new.service} runs, move whoever calls the old address to the new one",
            f"then remove the old one: atmos remove service {old}",
        )


def plan_rename(
    repository: Repository, wanted: Renaming, *, mode: WriteMode | None = None, branch: str | None = None
) -> RenamePlan:
    """Plan the new service from the old spec. Raises ATM625 (exit 1), with the way, where that would lose data."""
    start = start_of(repository, mode="branch" if wanted.request_approval else mode)
    tree = tree_to_change(start)
    config = config_of(tree)
    old = _old(tree, wanted)
    new = ServiceName(old.team, wanted.new)
    there = tuple(each for each in deployments(tree) if (each.team, each.service) == old)
    _require_name(tree, old, new)
    path = f"{old.directory}/service.yaml"
    data = tree.read(path) or b""
    spec_data = edited(data, [SetValue(("name",), new.service)], path=path)
    spec = read_spec(spec_data, path=path)
    _require_possible(start, tree, old, new, there, spec, config)
    environments = tuple(each for each in config.environments if each in {one.environment for one in there})
    if not environments:
        hint = f"set `name: {new.service}` there and move the directory to {new.directory}: nothing runs of it"
        raise fail(Code.REMOVAL_REFUSED, f"`{old}` is in no environment", hint=hint)
    made = generate(
        spec,
        team=old.team,
        environments=environments,
        config=config,
        catalogue=repository.catalogue,
        spec_data=spec_data,
    )
    files: Files = {**made.files, **_with_images(tree, made, old, new, environments)}
    files[path] = edited(data, [SetValue(("name",), old.service)], path=path)
    changes = start.changes(files)
    touched = [Deployment(*new, each) for each in environments]
    after, guarded = judge(start, changes, touched=touched, environments=environments)
    change = Change(
        start,
        changes,
        after,
        guarded,
        tuple(touched),
        _message(old, new, environments),
        branch or f"atmos/rename-{old.service}",
        lambda: plan_rename(open_repository(repository.root, writes=True), wanted, mode=mode, branch=branch).change,
    )
    change = asking(change) if wanted.request_approval else change
    lost = tuple(_lost(tree, repository, old, environments, config))
    return RenamePlan(repository, old, new, environments, lost, tuple(_notes(old, new, spec, config)), change)


def _old(tree: FileTree, wanted: Renaming) -> ServiceName:
    """Return the service that is meant. Raises ATM108 with the way back for one whose directory was moved by hand."""
    try:
        (old,) = named_services(tree, [wanted.service], team=wanted.team)
    except AtmosError:
        team, _, _ = wanted.service.rpartition("/")
        for each in services(tree):
            if each.service == wanted.new and (team or wanted.team) in ("", None, each.team):
                require_unmoved(tree, each)
        raise
    require_unmoved(tree, old)
    return old


def _require_name(tree: FileTree, old: ServiceName, new: ServiceName) -> None:
    if wrong := validate_name(new.service):
        raise AtmosError(wrong)
    if new == old:
        raise fail(Code.USAGE, f"`{old}` has that name already", hint="choose another one")
    require_free("a service", (new.service,))
    if any(True for _ in tree.files(new.directory)):
        message = f"the service `{new.service}` exists already in {new.directory}"
        hint = f"choose another name, or, where it took the place of this one: `atmos remove service {shell(str(old))}`"
        raise fail(Code.SERVICE_EXISTS, message, hint=hint)


def _require_possible(
    start: Start,
    tree: FileTree,
    old: ServiceName,
    new: ServiceName,
    there: Sequence[Deployment],
    spec: ServiceSpec,
    config: Config,
) -> None:
    """Refuse what cannot stand beside itself, or would leave its data behind, with the way to go instead."""
    left = left_in_cluster(start.before, there, config)
    data = [*(f"{each.what} in {each.environment}" for each in left.stays)]
    data += [f"{what} in {environment}" for environment, what in left.lost]
    found: list[Diagnostic] = []
    way = "; ".join(_way(old, new, there))
    if data:
        message = f"`{old}` has data, which another name would not have: {', '.join(data)}"
        found.append(Diagnostic(Code.REMOVAL_REFUSED, message, hint=way))
    hosts = list(
        dict.fromkeys([*spec.hosts, *(host for each in spec.environments.values() for host in each.hosts or ())])
    )
    if hosts:
        message = f"`{old}` answers to {', '.join(hosts)}, and two services cannot at once"
        hint = f"leave `hosts` out of the new spec until the old one is gone: {way}"
        found.append(Diagnostic(Code.REMOVAL_REFUSED, message, hint=hint))
    for environment, why in left.unknown:
        message = f"what `{old}` holds in '{environment}' cannot be built: {why}"
        found.append(Diagnostic(Code.REMOVAL_REFUSED, message, environment=environment, hint="mend it first"))
    found += dependents(tree, old, specs(tree))
    if found:
        raise AtmosError(*found, exit_code=1)


def _way(old: ServiceName, new: ServiceName, there: Iterable[Deployment]) -> Iterator[str]:
    """Yield the steps to another name, one after the other."""
    where = " ".join(f"--env {shell(each.environment)}" for each in there)
    yield f"(1) copy {old.directory}/service.yaml to {new.directory}/service.yaml, with `name: {new.service}`"
    yield f"(2) `atmos update {shell(str(new))} {where}`"
    yield "(3) move the data and the callers"
    yield f"(4) `atmos remove service {shell(str(old))}`"


def _with_images(
    tree: FileTree, made: Generated, old: ServiceName, new: ServiceName, environments: Iterable[str]
) -> Files:
    """Return the new overlays with the images that run now, not the first ones of the spec."""
    files: Files = {}
    for environment in environments:
        before = tree.read(f"{old.directory}/overlays/{environment}/kustomization.yaml")
        path = f"{new.directory}/overlays/{environment}/kustomization.yaml"
        called = {new.service: old.service}
        files[path] = with_running_images(made.files[path], before, path=path, called=called)
    return files


def _lost(
    tree: FileTree, repository: Repository, old: ServiceName, environments: Sequence[str], config: Config
) -> Iterator[str]:
    """Yield the files of the old service that are not as they would be generated: they do not come along."""
    path = f"{old.directory}/service.yaml"
    data = edited(tree.read(path) or b"", [SetValue(("name",), old.service)], path=path)
    spec = read_spec(data, path=path)
    made = generate(
        spec,
        team=old.team,
        environments=environments,
        config=config,
        catalogue=repository.catalogue,
        spec_data=data,
    )
    own = (path, f"{old.directory}/service.lock")
    for each in tree.files(old.directory):
        if each not in own and _without_images(tree.read(each)) != _without_images(made.files.get(each)):
            yield each


def _without_images(data: bytes | None) -> Any:
    try:
        value = load(data) if data is not None else None
    except AtmosError:
        return data
    return {key: each for key, each in value.items() if key != "images"} if isinstance(value, dict) else value


def _notes(old: ServiceName, new: ServiceName, spec: ServiceSpec, config: Config) -> Iterator[str]:
    environment = next(iter(config.environments))
    where = namespace(old.team, environment)
    yield f"its address changes: {old.service}.{where} becomes {new.service}.{where}, and so in every environment"
    if "http" in spec.addons:
        domain = config.environments[environment].http.domain
        yield f"its host changes: {old.service}.{domain} becomes {new.service}.{domain}, and so in every environment"


def _message(old: ServiceName, new: ServiceName, environments: Iterable[str]) -> str:
    tail = trailers({"Service": str(new), "Version": __version__})
    body = f"It will take the place of {old.service} in {', '.join(environments)}, which stays until it is removed."
    return f"Add {new.service} beside {old.service}\n\n{body}\n\n{tail}\n"
