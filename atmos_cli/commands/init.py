"""`atmos init`: makes a GitOps repo, or completes one; what people changed stays as they left it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from atmos_cli import __version__
from atmos_cli.adapters.bundle import catalogue
from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git.sparse import disk_tree
from atmos_cli.adapters.transaction import recover, require_settled
from atmos_cli.checks.committed_secrets import secrets_in_file
from atmos_cli.commands import init_steps as left
from atmos_cli.commands.cluster_version import default_version, require_version, version_notes
from atmos_cli.commands.init_clusters import look, settings_of
from atmos_cli.commands.init_git import (
    branch_of,
    checked_out_branch,
    forge_of,
    remote_of,
    start_from,
    writable_branch,
    write_mode,
)
from atmos_cli.commands.init_names import require_domains, require_names, require_namespaces
from atmos_cli.config import FILE, Cluster, Config, Environment, Git, Http, Hub, read_config
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.engines.owned_names import owner_of_namespace, require_free
from atmos_cli.engines.registry import ENGINES
from atmos_cli.engines.source import portable_url
from atmos_cli.gitops.placeholders import Placeholder, fill_in, first_placeholders
from atmos_cli.gitops.plain_secrets import require_no_secret
from atmos_cli.gitops.repository import teams as teams_of
from atmos_cli.gitops.skeleton_update import update_skeleton
from atmos_cli.gitops.write import Base, Written, trailers, write
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

TEAM = "main"
HUB_PREFIX = "atmos-"
BRANCH = "atmos/init"
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
    domains: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class InitPlan:
    """`tree` is what the repo will hold; `kept` are files that people changed, so that init left them alone.

    `foreign`: those of them that atmos never wrote, with what it would have in each; `own` are the paths of its own,
    `others` how many are not. It is written as `mode` says, onto `branch`, from `base`. `notes`: what a killed run
    left, and what is said of the options.
    """

    root: Path
    config: Config
    teams: tuple[str, ...]
    changes: ChangeSet
    tree: FileTree
    kept: tuple[str, ...]
    new_repo: bool
    mode: WriteMode
    base: Base
    branch: str
    foreign: Mapping[str, bytes]
    own: frozenset[str]
    others: int
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

    @property
    def question(self) -> str:
        """Return what a person is asked: what is done where."""
        count = len(self.changes.files)
        files = f"{count} file{'s' * (count != 1)}"
        if self.mode == "files":
            return f"Write {files}, and commit nothing?"
        if self.mode == "branch":
            return f"Commit {files} to the new branch {BRANCH}?"
        return f"Commit {files} to {self.branch}?"

    def next_steps(self) -> tuple[str, ...]:
        """Return what remains for a person to do, with the real names."""
        return (*left.place_steps(self.root), *self.setup(), left.FIRST_SERVICE)

    def setup(self) -> tuple[str, ...]:
        """Return what remains to do for the repo itself."""
        steps = [f"fill in: {line}" for line in fill_in(self.placeholders)]
        if any(each.path == FILE for each in self.placeholders):
            steps.append("then run `atmos update`: it takes what is filled in into every file")
        steps += left.cluster_steps(self.config, catalogue(self.tree).cluster_kinds)
        steps += [*left.tool_steps(self.config, self.tree), *left.wiring(self.tree, self.foreign, self.own)]
        if self.changes.files:
            branch, remote = BRANCH if self.mode == "branch" else self.branch, remote_of(self.root) is not None
            steps += left.push_steps(self.config, mode=self.mode, branch=branch, remote=remote)
        steps += left.start_steps(self.config)
        if self.new_repo:
            steps += left.rule_steps(self.config, self.tree)
        return tuple(steps)


def plan_init(
    root: Path,
    options: InitOptions,
    *,
    explicit: frozenset[str] = frozenset(),
    mode: WriteMode | None = None,
    writes: bool = True,
) -> InitPlan:
    """Plan what `init` would write below `root`. `explicit`: names of the options that the user set.

    `mode`: None does as the repo has it.
    """
    if root.exists() and not root.is_dir():
        raise fail(Code.WRITE_FAILED, f"{root} is a file, not a directory", hint="name another directory")
    recovered = recover(root) if writes and root.is_dir() else ()
    if root.is_dir():
        require_settled(root)
    here: FileTree = disk_tree(root) if root.is_dir() else MemoryTree({})
    blueprints = catalogue(here)
    existing = here.read(FILE)
    seen: tuple[SeenCluster, ...] = ()
    if existing is not None:
        _require_clean(existing)
        config = _existing(existing, explicit, blueprints)
    else:
        seen = tuple(look(options.contexts, versions=not options.kubernetes))
        config = new_config(options, catalogue=blueprints, remote=remote_of(root), branch=branch_of(root), seen=seen)
    said = version_notes(blueprints.versions, options.kubernetes) if existing is None else ()
    mode = write_mode(mode or config.git.write, new=existing is None)
    base, inputs = start_from(root, here, mode=mode, config=config)
    tree = MemoryTree(inputs, base.tree)
    found = teams_of(tree)
    teams = tuple(sorted({*found, *(options.teams or (() if found else (TEAM,)))}))
    require_names("the team", teams)
    require_free("the team", [name for name in teams if name not in found], owner_of=owner_of_namespace)
    require_namespaces(teams, tuple(config.environments))
    made = update_skeleton(tree, config, blueprints, choose=lambda _: None, teams=teams, restore_files=True)
    # `init` leaves conflicts as they are; `atmos update` is where people decide them
    files = {**inputs, **made.files} if made.files else {}
    taken = frozenset(path for path, data in inputs.items() if data is not None)
    changes = ChangeSet(files, {path: base.tree.read(path) for path in files}, taken)
    after = MemoryTree(files, tree)
    return InitPlan(
        root=root,
        config=config,
        teams=teams,
        changes=changes,
        tree=after,
        kept=made.edited,
        new_repo=existing is None,
        mode=mode,
        base=base,
        branch=checked_out_branch(root) or config.git.branch,
        foreign=made.foreign,
        own=made.own,
        others=len([path for path in tree.files() if path not in made.own]),
        notes=(*recovered, *said),
        seen=seen,
    )


def execute_init(plan: InitPlan) -> Written:
    """Write the plan; a directory that is in no Git repository becomes one, unless only files are wanted."""
    # A new directory inside another checkout becomes a repo of its own: it is not meant to be committed over there.
    fresh = not plan.root.is_dir() or not any(plan.root.iterdir())
    plan.root.mkdir(parents=True, exist_ok=True)
    if plan.mode != "files" and (fresh or repos.open_repo(plan.root) is None):
        repos.init_repo(plan.root, branch=plan.config.git.branch)
    return write(
        plan.root,
        plan.changes,
        plan.message,
        mode=plan.mode,
        base=plan.base if plan.base.commit else Base(disk_tree(plan.root)),
        branch=BRANCH,
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
    engines, clusters, domains = dict(options.engines), dict(options.clusters), dict(options.domains)
    require_domains(options.domains, options.environments)
    environments = {}
    for name in options.environments:
        settings = catalogue.production_settings() if name in PRODUCTION else {}
        environments[name] = new_environment(
            name,
            cluster=clusters.get(name, name),
            settings=settings,
            domain=domains.get("", ""),
            own=domains.get(name, ""),
        )
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


def new_environment(
    name: str, *, cluster: str, settings: Mapping[str, Any], domain: str = "", own: str = ""
) -> Environment:
    """Make an environment, with two replicas where a rollout should be like production's.

    Its domain is its `own`, else that of production, `domain`, or one below that.
    """
    production, shared = name in PRODUCTION, domain or Http().domain
    return Environment(
        cluster=cluster,
        production=production,
        replicas=2 if production or name == "staging" else 1,
        http=Http(domain=own or (shared if production else f"{name}.{shared}")),
        **settings,
    )
