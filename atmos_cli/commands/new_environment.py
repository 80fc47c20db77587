"""`atmos new environment`: its block in `atmos-cli.yaml`, its budget, what `init` makes, and its services."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.budget.model import budget_path
from atmos_cli.commands.changes import start_of
from atmos_cli.commands.init import PRODUCTION, new_environment
from atmos_cli.commands.init_names import require_names, require_namespaces
from atmos_cli.commands.inputs import tree_to_change
from atmos_cli.commands.places import SIDES, PlaceOptions, PlacePlan, planned, require_known, require_new, steps_between
from atmos_cli.config import FILE
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.engines.owned_names import require_free
from atmos_cli.foreign import shell
from atmos_cli.gitops.config_edits import ConfigBlock, edited, environment_alone, environment_like, set_block
from atmos_cli.gitops.lock_environments import locks_without
from atmos_cli.gitops.repository import config_of, teams
from atmos_cli.gitops.service_update import UpdateOptions
from atmos_cli.gitops.services import ServiceName, named_services, services
from atmos_cli.kube.names import dns_subdomain
from atmos_cli.ports import MemoryTree
from atmos_cli.spec.model import read_spec
from atmos_cli.yamlio.edit import SetValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.config import Config
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.ports import FileTree

MOST_LISTED = 5


@dataclass(frozen=True, slots=True)
class NewEnvironment:
    """What the flags say. `services`: only these; `no_services`: none, whatever `like` has."""

    name: str
    like: str = ""
    cluster: str = ""
    after: str = ""
    domain: str = ""
    services: tuple[str, ...] = ()
    no_services: bool = False


def plan_new_environment(repository: Repository, wanted: NewEnvironment, options: PlaceOptions) -> PlacePlan:
    """Plan an environment with the services that are to be there. Raises AtmosError for names that do not fit."""
    tree = tree_to_change(start_of(repository, mode=options.mode))
    config = config_of(tree)
    _require(tree, config, wanted)
    data = tree.read(FILE) or b""
    block = _block(data, config, repository.catalogue, wanted)
    after = wanted.after or wanted.like or _last_before_production(config)
    files: dict[str, bytes | None] = {FILE: set_block(data, ("environments", wanted.name), block, after=after)}
    files |= _budget(tree, wanted)
    made = config_of(MemoryTree(files, tree))
    there, chosen = services(tree), _chosen(tree, wanted)
    files |= locks_without(
        tree, [each for each in there if each not in chosen], wanted.name, order=tuple(made.environments)
    )
    update_options = UpdateOptions(
        mode=options.mode,
        branch=options.branch or f"atmos/new-environment-{wanted.name}",
        edited=files,
        environments=(wanted.name,),
        ours=options.ours,
        theirs=options.theirs,
        request_approval=options.request_approval,
        subject=f"Add the environment {wanted.name}",
        with_skeleton=True,
        only_skeleton=not chosen,
        like=wanted.like,
        force=options.force,
    )
    names = [str(each) for each in chosen]
    update = planned(
        repository,
        names,
        update_options,
        command=_command(wanted),
        sides=SIDES,
        again=lambda fresh: plan_new_environment(fresh, wanted, options),
    )
    steps = (*steps_between(config, made), *block.doubts, *_to_look_at(tree, wanted, chosen))
    return PlacePlan("new", "environment", wanted.name, update, block.rows, steps=steps)


def _command(wanted: NewEnvironment) -> str:
    flags = {"like": wanted.like, "cluster": wanted.cluster, "after": wanted.after, "domain": wanted.domain}
    words = [f"--{flag} {shell(value)}" for flag, value in flags.items() if value]
    words += [f"--service {shell(each)}" for each in wanted.services]
    words += ["--no-services"] if wanted.no_services else []
    return " ".join(("atmos new environment", wanted.name, *words))


def _require(tree: FileTree, config: Config, wanted: NewEnvironment) -> None:
    require_names("the environment", (wanted.name,))
    require_new("environment", wanted.name, config.environments)
    require_free("the environment", (wanted.name,))
    for name in (wanted.like, wanted.after):
        if name:
            require_known("environment", name, tuple(config.environments))
    if wanted.cluster and wanted.cluster not in config.clusters:
        try:
            require_known("cluster", wanted.cluster, tuple(config.clusters))
        except AtmosError as error:
            found = error.diagnostics[0]
            make = f"make it with `atmos new cluster {shell(wanted.cluster)}`"
            raise fail(found.code, found.message, hint=f"{found.hint}; or {make}") from None
    if wanted.domain and (problem := dns_subdomain(wanted.domain)):
        message = f"`{wanted.domain[:80]}` cannot be a domain: it {problem}"
        raise fail(Code.USAGE, message, hint=f"write it as `--domain {wanted.name}.example.com`")
    require_namespaces(teams(tree), (*config.environments, wanted.name))
    if wanted.no_services and wanted.services:
        hint = "use one of them: `--service` names those that are to be there"
        raise fail(Code.USAGE, "`--service` and `--no-services` contradict each other", hint=hint)


def _block(data: bytes, config: Config, catalogue: Catalogue, wanted: NewEnvironment) -> ConfigBlock:
    if wanted.like:
        return environment_like(
            data, config, wanted.name, like=wanted.like, cluster=wanted.cluster, domain=wanted.domain
        )
    cluster = wanted.cluster or _cluster(config, wanted.name)
    settings = catalogue.production_settings() if wanted.name in PRODUCTION else {}
    made = new_environment(wanted.name, cluster=cluster, settings=settings)
    value = {"production": made.production, "replicas": made.replicas, **settings}
    return environment_alone(config, wanted.name, cluster=cluster, made=value, domain=wanted.domain)


def _cluster(config: Config, name: str) -> str:
    if name in config.clusters or len(config.clusters) == 1:
        return name if name in config.clusters else next(iter(config.clusters))
    which = " or ".join(f"`--cluster {shell(each)}`" for each in config.clusters)
    hint = f"say which: {which}; or make one with `atmos new cluster {shell(name)}`"
    raise fail(Code.USAGE, f"this repo has several clusters, and none is called `{name}`", hint=hint)


def _last_before_production(config: Config) -> str:
    """Return the environment after which one that is not production stands in the order of promotion."""
    return next((name for name in reversed(config.environments) if not config.environments[name].production), "")


def _budget(tree: FileTree, wanted: NewEnvironment) -> dict[str, bytes | None]:
    """Return the budget, like that of `like`; without one `init` makes it. One that is there already stays."""
    data = tree.read(budget_path(wanted.like)) if wanted.like else None
    path = budget_path(wanted.name)
    if data is None or tree.read(path) is not None:
        return {}
    copied = edited(data, [SetValue(("environment",), wanted.name)], path=budget_path(wanted.like))
    # the first line that `init` writes names the environment
    said = f"# What all services of '{wanted.like}' together".encode()
    return {path: copied.replace(said, said.replace(wanted.like.encode(), wanted.name.encode()), 1)}


def _chosen(tree: FileTree, wanted: NewEnvironment) -> tuple[ServiceName, ...]:
    if wanted.no_services:
        return ()
    if wanted.services:
        return named_services(tree, wanted.services)
    found = services(tree)
    if not wanted.like:
        return found
    return tuple(each for each in found if any(True for _ in tree.files(f"{each.directory}/overlays/{wanted.like}")))


def _to_look_at(tree: FileTree, wanted: NewEnvironment, chosen: Sequence[ServiceName]) -> Iterator[str]:
    """Say what of `like` does not come along by itself: what specs say of it."""
    if not wanted.like or not chosen:
        return
    own = [each for each in chosen if _says_of(tree, each, wanted.like)]
    for each in own[:MOST_LISTED]:
        path = f"{each.directory}/service.yaml"
        yield f"{path} has `environments.{wanted.like}`, and nothing of its own for {wanted.name}: look at it"
    if len(own) > MOST_LISTED:
        yield f"and {len(own) - MOST_LISTED} more specs that say something of {wanted.like}"


def _says_of(tree: FileTree, name: ServiceName, environment: str) -> bool:
    path = f"{name.directory}/service.yaml"
    try:
        return environment in read_spec(tree.read(path) or b"", path=path).environments
    except AtmosError:
        return False  # the update itself says what is wrong with it
