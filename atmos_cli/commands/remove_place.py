"""`atmos remove environment`, `team` and `cluster`: what is empty goes, with all that `init` made for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.budget.model import budget_path
from atmos_cli.commands.changes import start_of
from atmos_cli.commands.inputs import tree_to_change
from atmos_cli.commands.places import PlaceOptions, PlacePlan, planned, require_known, steps_between
from atmos_cli.config import FILE, Config, namespace
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.foreign import shell
from atmos_cli.gitops.config_edits import edited
from atmos_cli.gitops.lock_environments import locks_forgetting
from atmos_cli.gitops.repository import config_of, deployments, teams
from atmos_cli.gitops.service_update import UpdateOptions
from atmos_cli.gitops.services import services
from atmos_cli.gitops.skeleton_update import INIT_LOCK
from atmos_cli.layout.lock_history import read_lock
from atmos_cli.ports import MemoryTree
from atmos_cli.yamlio.edit import RemoveValue
from atmos_cli.yamlio.load import load
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.commands.places import Noun
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.ports import FileTree

Files = dict[str, bytes | None]
MOST_LISTED = 20


@dataclass(frozen=True, slots=True)
class PlaceRemoval:
    """What goes."""

    noun: Noun
    name: str


def plan_place_removal(repository: Repository, wanted: PlaceRemoval, options: PlaceOptions) -> PlacePlan:
    """Plan the removal. Raises ATM625 (exit 1) with what is still in it, and the command that comes first."""
    tree = tree_to_change(start_of(repository, mode=options.mode))
    config = config_of(tree)
    noun, name = wanted.noun, wanted.name
    known = {"environment": tuple(config.environments), "team": teams(tree), "cluster": tuple(config.clusters)}[noun]
    require_known(noun, name, known)
    if found := [*_still_in(tree, config, wanted)]:
        raise AtmosError(*found[:MOST_LISTED], exit_code=1)
    if len(known) == 1:
        raise fail(Code.REMOVAL_REFUSED, f"`{name}` is the only {noun} of this repo", hint=f"add another {noun} first")
    removed = tuple(_added(tree, wanted, config))
    files: Files = {**_edits(tree, config, wanted), **dict.fromkeys(removed)}
    update_options = UpdateOptions(
        mode=options.mode,
        branch=options.branch or f"atmos/remove-{noun}-{name}",
        edited=files,
        theirs=options.theirs,
        subject=f"Remove the {noun} {name}",
        with_skeleton=True,
        only_skeleton=True,
        without_team=name if noun == "team" else "",
    )
    update = planned(
        repository,
        (),
        update_options,
        command=f"atmos remove {noun} {shell(name)}",
        sides=("--theirs",),
        again=lambda fresh: plan_place_removal(fresh, wanted, options),
    )
    after = config_of(MemoryTree(files, tree))
    steps = (*steps_between(config, after), *_namespaces(tree, config, wanted))
    return PlacePlan("remove", noun, name, update, removed=removed, steps=steps)


def _still_in(tree: FileTree, config: Config, wanted: PlaceRemoval) -> Iterator[Diagnostic]:
    """Yield what has to go, or to move, first."""
    noun, name = wanted.noun, wanted.name
    data = tree.read(FILE) or b""
    if noun == "cluster":
        for each in config.on_cluster(name):
            where = located(data, 0, ("environments", each, "cluster"), file=FILE)
            hint = f"`atmos remove environment {shell(each)}`, or another `cluster` there and `atmos update`"
            yield Diagnostic(Code.REMOVAL_REFUSED, f"the environment `{each}` is on `{name}`", where=where, hint=hint)
        return
    there = deployments(tree)
    if noun == "environment":
        for one in there:
            if one.environment == name:
                first = shell(f"{one.team}/{one.service}")
                alone = sum(other[:2] == one[:2] for other in there) == 1
                hint = f"`atmos remove service {first}{'' if alone else f' --env {shell(name)}'}` first"
                message = f"`{one.team}/{one.service}` is in `{name}`"
                yield Diagnostic(Code.REMOVAL_REFUSED, message, hint=hint)
        yield from _named_in_specs(tree, name)
        return
    pairs = {*((one.team, one.service) for one in there), *services(tree)}
    found = {service for team, service in pairs if team == name}
    for service in sorted(found):
        hint = f"`atmos remove service {shell(f'{name}/{service}')}` first"
        yield Diagnostic(Code.REMOVAL_REFUSED, f"the team has the service `{service}`", hint=hint)
    if not found and (rest := [*tree.files(f"apps/{name}")]):
        message = f"`{rest[0]}` is a file of the team, and of no service"
        yield Diagnostic(Code.REMOVAL_REFUSED, message, hint=f"move or delete what is below apps/{shell(name)} first")


def _named_in_specs(tree: FileTree, environment: str) -> Iterator[Diagnostic]:
    """Yield each spec that has overrides for an environment which the service is not even in."""
    for each in services(tree):
        path = f"{each.directory}/service.yaml"
        data = tree.read(path) or b""
        try:
            value = load(data, path=path)
        except AtmosError:
            continue  # `validate` reports it
        named = value.get("environments") if isinstance(value, dict) else None
        if isinstance(named, dict) and environment in named:
            where = located(data, 0, ("environments", environment), file=path)
            message = f"`environments.{environment}` in the spec of `{each}` would name nothing any more"
            yield Diagnostic(Code.REMOVAL_REFUSED, message, where=where, hint="take it out, and commit that, first")


def _edits(tree: FileTree, config: Config, wanted: PlaceRemoval) -> Files:
    noun, name = wanted.noun, wanted.name
    data = tree.read(FILE) or b""
    if noun == "cluster":
        return {FILE: edited(data, [RemoveValue(("clusters", name))], path=FILE)}
    if noun == "environment":
        files: Files = {FILE: edited(data, [RemoveValue(("environments", name))], path=FILE)}
        gone = [path for path in (budget_path(name), *tree.files(f"platform/approvals/{name}")) if tree.read(path)]
        return {**files, **dict.fromkeys(gone), **locks_forgetting(tree, services(tree), name)}
    return _without_team(tree, name, config)


def _without_team(tree: FileTree, team: str, config: Config) -> Files:
    """Return the config and the budgets that name the team, without it."""
    files: Files = {}
    if team in config.teams:
        gone = RemoveValue(("teams", team) if len(config.teams) > 1 else ("teams",))
        files[FILE] = edited(tree.read(FILE) or b"", [gone], path=FILE)
    for path in map(budget_path, config.environments):
        data = tree.read(path)
        value = load(data, path=path) if data is not None else None
        if data is None or not isinstance(value, dict):
            continue
        edits = []
        for field in ("teams", "services"):
            scopes = value.get(field)
            names = [each for each in scopes if str(each).partition("/")[0] == team] if isinstance(scopes, dict) else []
            if field == "services":
                names = [each for each in names if "/" in str(each)]
            if names and isinstance(scopes, dict) and len(names) == len(scopes):
                edits.append(RemoveValue((field,)))
            else:
                edits += [RemoveValue((field, each)) for each in names]
        if edits:
            files[path] = edited(data, edits, path=path)
    return files


def _added(tree: FileTree, wanted: PlaceRemoval, config: Config) -> Iterator[str]:
    """Yield what people added below the directories of the place: nothing would read it any more."""
    name = wanted.name
    roots = {
        "environment": [f"tenants/{name}"],
        "team": [f"tenants/{each}/{name}" for each in config.environments]
        + [f"delivery/{each}/{name}" for each in config.clusters],
        "cluster": [
            f"clusters/{name}",
            f"delivery/{name}",
            *(f"infrastructure/{kind}/{name}" for kind in ("controllers", "configs")),
        ],
    }[wanted.noun]
    data = tree.read(INIT_LOCK)
    lines = (data or b"").decode("utf-8", "replace").splitlines()
    if lines[:1] and lines[0].startswith("sha256:"):  # the first format: a digest and a path in each line
        made = {line.partition(" ")[2] for line in lines}
    else:
        made = {path for lock in read_lock(data, path=INIT_LOCK) for path in lock.files}
    yield from (path for root in roots for path in tree.files(root) if path not in made)


def _namespaces(tree: FileTree, config: Config, wanted: PlaceRemoval) -> Iterator[str]:
    """Say which namespaces stay, since engines never delete one, and how to delete them when nothing is in them."""
    noun, name = wanted.noun, wanted.name
    pairs = []
    if noun == "environment":
        pairs = [(team, name) for team in teams(tree) if any(tree.files(f"tenants/{name}/{team}"))]
    elif noun == "team":
        pairs = [(name, each) for each in config.environments if any(tree.files(f"tenants/{each}/{name}"))]
    for team, environment in pairs:
        cluster = config.environments[environment].cluster
        context = shell(config.clusters[cluster].context or cluster)
        command = f"kubectl --context {context} delete namespace {namespace(team, environment)}"
        yield f"the namespace stays, with what data is in it; later, when that may go: {command}"
