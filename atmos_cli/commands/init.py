"""`atmos init`: makes a GitOps repo, or completes one; what people changed stays as they left it."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli import __version__
from atmos_cli.adapters.bundle import catalogue
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.sparse import disk_tree
from atmos_cli.adapters.transaction import recover, require_settled
from atmos_cli.checks.committed_secrets import secrets_in_file
from atmos_cli.commands.cluster_version import default_version, require_version, version_notes
from atmos_cli.commands.init_clusters import look, settings_of
from atmos_cli.commands.init_git import branch_of, forge_of, remote_of, writable_branch
from atmos_cli.config import FILE, Cluster, Config, Environment, Git, Http, Hub, namespace, read_config
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.engines.owned_names import owner_of_namespace, require_free
from atmos_cli.engines.registry import ENGINES
from atmos_cli.engines.source import portable_url
from atmos_cli.gitops.placeholders import Placeholder, fill_in, first_placeholders
from atmos_cli.gitops.plain_secrets import require_no_secret
from atmos_cli.gitops.repository import teams as teams_of
from atmos_cli.gitops.skeleton_update import update_skeleton
from atmos_cli.gitops.write import Written, base_of, trailers, write
from atmos_cli.kube.names import dns_label
from atmos_cli.ports import MemoryTree
from atmos_cli.result import ChangeSet
from atmos_cli.yamlio.locate import located

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.commands.init_clusters import SeenCluster
    from atmos_cli.config import WriteMode
    from atmos_cli.ports import FileTree

MAX_NAMESPACE = 63
TEAM = "main"
HUB_PREFIX = "atmos-"
PRODUCTION = ("prod", "production", "live")


@dataclass(frozen=True, slots=True)
class InitOptions:
    """What the flags of `init` say; they shape a new `atmos-cli.yaml` and are refused where one exists already.

    An empty `kubernetes` is the version that the table of versions writes; an empty `branch` the one that the repo has,
    an empty `forge` the one that its URL names.
    """

    environments: tuple[str, ...] = ("dev", "staging", "prod")
    engine: str = Cluster().engine
    engines: tuple[tuple[str, str], ...] = ()
    clusters: tuple[tuple[str, str], ...] = ()
    kubernetes: str = ""
    types: tuple[tuple[str, str], ...] = ()
    contexts: tuple[tuple[str, str], ...] = ()
    teams: tuple[str, ...] = ()
    git_url: str = ""
    branch: str = ""
    forge: str = ""
    write: WriteMode = "commit"
    registry: str = "registry.example.com"


@dataclass(frozen=True, slots=True)
class InitPlan:
    """`tree` is what the repo will hold; `kept` are files that people changed, so that init left them alone.

    `notes`: what a killed run left, and what is said of the options.
    """

    root: Path
    config: Config
    teams: tuple[str, ...]
    changes: ChangeSet
    tree: FileTree
    kept: tuple[str, ...]
    new_repo: bool
    notes: tuple[Diagnostic, ...] = field(default=())
    seen: tuple[SeenCluster, ...] = ()

    @property
    def message(self) -> str:
        subject = "Set up the GitOps repo" if self.new_repo else "Complete the GitOps repo"
        engines = ", ".join(sorted({c.engine for c in self.config.clusters.values()}))
        body = f"Environments {', '.join(self.config.environments)}; synced by {engines}."
        return f"{subject}\n\n{body}\n\n{trailers({'Version': __version__})}\n"

    @property
    def placeholders(self) -> tuple[Placeholder, ...]:
        """Return what people have to fill in, also where no service needs it yet."""
        return first_placeholders(self.tree, self.config)

    def next_steps(self) -> tuple[str, ...]:
        """Return what remains for a person to do, with the real names."""
        steps = [f"fill in: {line}" for line in fill_in(self.placeholders)]
        if any(each.path == FILE for each in self.placeholders):
            steps.append("then run `atmos init` again: it takes what is filled in into every file")
        for engine in ENGINES.values():
            steps += engine.first_steps(self.config)
        steps.append('add a service: atmos new service "node, port 80, postgres"')
        return tuple(steps)


def plan_init(
    root: Path, options: InitOptions, *, explicit: frozenset[str] = frozenset(), writes: bool = True
) -> InitPlan:
    """Plan what `init` would write below `root`. `explicit`: names of the options that the user set."""
    if root.exists() and not root.is_dir():
        raise fail(Code.WRITE_FAILED, f"{root} is a file, not a directory", hint="name another directory")
    recovered = recover(root) if writes and root.is_dir() else ()
    if root.is_dir():
        require_settled(root)
    tree: FileTree = disk_tree(root) if root.is_dir() else MemoryTree({})
    blueprints = catalogue(tree)
    existing = tree.read(FILE)
    seen: tuple[SeenCluster, ...] = ()
    if existing is not None:
        _require_clean(existing)
        config = _existing(existing, explicit, blueprints)
    else:
        seen = tuple(look(options.contexts, versions=not options.kubernetes))
        config = new_config(options, catalogue=blueprints, remote=remote_of(root), branch=branch_of(root), seen=seen)
    said = version_notes(blueprints.versions, options.kubernetes) if existing is None else ()
    found = teams_of(tree)
    teams = tuple(sorted({*found, *(options.teams or (() if found else (TEAM,)))}))
    require_names("the team", teams)
    require_free("the team", [name for name in teams if name not in found], owner_of=owner_of_namespace)
    require_namespaces(teams, tuple(config.environments))
    made = update_skeleton(tree, config, blueprints, choose=lambda _: None, teams=teams, restore_files=True)
    # `init` leaves conflicts as they are; `atmos update` is where people decide them
    changes = ChangeSet(dict(made.files), {path: tree.read(path) for path in made.files})
    return InitPlan(
        root=root,
        config=config,
        teams=teams,
        changes=changes,
        tree=MemoryTree(changes.files, tree),
        kept=made.edited,
        new_repo=existing is None,
        notes=(*recovered, *said),
        seen=seen,
    )


def execute_init(plan: InitPlan, *, mode: WriteMode | None = None) -> Written:
    """Write the plan; a directory that is in no Git repository becomes one, unless only files are wanted."""
    wanted = mode or plan.config.git.write
    # A new directory inside another checkout becomes a repo of its own: it is not meant to be committed over there.
    fresh = not plan.root.is_dir() or not any(plan.root.iterdir())
    plan.root.mkdir(parents=True, exist_ok=True)
    if wanted != "files" and (fresh or repos.open_repo(plan.root) is None):
        repos.init_repo(plan.root, branch=plan.config.git.branch)
    if wanted == "branch" and plan.new_repo:
        wanted = "commit"  # a repo that does not exist yet has nothing that a branch could start from
    base = base_of(plan.root, disk_tree(plan.root), mode=wanted, config=plan.config)
    return write(
        plan.root,
        plan.changes,
        plan.message,
        mode=wanted,
        base=base,
        branch="atmos/init",
        config=plan.config,
        pushes=False,
    )


def _existing(data: bytes, explicit: frozenset[str], blueprints: Catalogue) -> Config:
    config = read_config(data, blueprints, engines=ENGINES)
    unused = sorted(explicit - {"teams"})
    if unused:
        flags = ", ".join(f"--{name.replace('_', '-')}" for name in unused)
        message = f"this repo is configured already, so {flags} would change nothing"
        raise fail(Code.USAGE, message, hint=f"edit {FILE}, then run `atmos init` without them")
    return config


def new_config(
    options: InitOptions,
    *,
    catalogue: Catalogue,
    remote: str | None = None,
    branch: str = "",
    seen: Sequence[SeenCluster] = (),
) -> Config:
    """Make the configuration of a new repo. Raises AtmosError for names that do not fit together."""
    require_names("the environment", options.environments)
    require_free("the environment", options.environments)
    require_names("the cluster", tuple(dict(options.clusters).values()))
    require_free("the cluster", tuple(dict(options.clusters).values()))
    engines, clusters = dict(options.engines), dict(options.clusters)
    environments = {}
    for name in options.environments:
        settings = catalogue.production_settings() if name in PRODUCTION else {}
        environments[name] = new_environment(name, cluster=clusters.get(name, name), settings=settings)
    used = tuple(dict.fromkeys(environment.cluster for environment in environments.values()))
    for engine in (options.engine, *engines.values()):
        if engine not in ENGINES:
            raise fail(Code.USAGE, f"there is no engine `{engine}`", hint=f"engines are: {', '.join(ENGINES)}")
    for name in engines:
        if name not in used:
            raise fail(Code.USAGE, f"there is no cluster `{name}`", hint=f"clusters are: {', '.join(used)}")
    for name in clusters:
        if name not in environments:
            hint = f"environments are: {', '.join(environments)}"
            raise fail(Code.ENVIRONMENT_UNKNOWN, f"there is no environment `{name}`", hint=hint)
    settings = settings_of(used, options.types, seen, catalogue.cluster_kinds)
    url = portable_url(options.git_url or remote or Git().url)
    for what, text in (("the URL of the repo", url), ("`--registry`", options.registry)):
        require_no_secret(text, what, hint="write it without user and password: engines have Secrets for that")
    version = options.kubernetes or default_version(catalogue.versions)
    require_version(catalogue.versions, version)
    git = Git(url=url, branch=writable_branch(options.branch or branch or Git().branch), write=options.write)
    return Config(
        git=git,
        forge=forge_of(options.forge, url),
        hub=Hub(prefix=HUB_PREFIX),
        registry=options.registry,
        clusters={
            name: Cluster.model_validate(
                {"engine": engines.get(name, options.engine), "kubernetes": version, **settings[name]}
            )
            for name in used
        },
        environments=environments,
    )


def _require_clean(data: bytes) -> None:
    """Refuse, with ATM333 located, a secret in the settings: what `init` makes of them would spread it."""
    found = [
        Diagnostic(each.code, each.message, where=located(data, 0, each.path, file=FILE), hint=each.hint)
        for each in secrets_in_file(FILE, data)
    ]
    if found:
        raise AtmosError(*found, exit_code=1)


def new_environment(name: str, *, cluster: str, settings: Mapping[str, Any]) -> Environment:
    """Make an environment, with two replicas where a rollout should be like production's."""
    production = name in PRODUCTION
    return Environment(
        cluster=cluster,
        production=production,
        replicas=2 if production or name == "staging" else 1,
        http=Http(domain="example.com" if production else f"{name}.example.com"),
        **settings,
    )


def require_names(what: str, names: Sequence[str]) -> None:
    """Check that `names` can be names of `what`. Raises ATM901 for each that cannot."""
    found = [
        Diagnostic(Code.USAGE, f"{what} `{name}` cannot be a name: it {problem}", hint="use a-z, 0-9 and dashes")
        for name in names
        if (problem := dns_label(name))
    ]
    if found:
        raise AtmosError(*found)


def require_namespaces(teams: Sequence[str], environments: Sequence[str]) -> None:
    """Check that every namespace is short enough, and that no two teams share one.

    `a-b` in `c` and `a` in `b-c` would.
    """
    owners: dict[str, tuple[str, str]] = {}
    for team, environment in itertools.product(teams, environments):
        name = namespace(team, environment)
        if len(name) > MAX_NAMESPACE:
            message = f"the namespace `{name}` has {len(name)} characters, more than {MAX_NAMESPACE}"
            raise fail(Code.USAGE, message, hint="use a shorter name for the team or the environment")
        if owner := owner_of_namespace(name):
            message = f"team `{team}` in environment `{environment}` cannot have the namespace `{name}`: {owner}"
            raise fail(Code.NAME_OWNED, message, hint="rename the team or the environment")
        if name in owners:
            other = "/".join(owners[name])
            message = f"team and environment {team}/{environment} and {other} would share the namespace `{name}`"
            raise fail(Code.USAGE, message, hint="rename the team or the environment")
        owners[name] = (team, environment)
