"""`atmos status`: what is wanted, what is live, and how it is, for every service, environment and cluster."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from atmos_cli.adapters.git import history
from atmos_cli.adapters.git.own_programs import run
from atmos_cli.adapters.git.push import TIMEOUT_SECONDS, quiet
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.engines.registry import ENGINES, health_rules
from atmos_cli.foreign import shell
from atmos_cli.gitops.repository import deployments, find_service
from atmos_cli.gitops.trusted import Trusted, trust
from atmos_cli.gitops.write import git_repo
from atmos_cli.history.deployments import DeploymentHistory
from atmos_cli.history.revisions import REMOTE
from atmos_cli.history.verified import Verified, latest
from atmos_cli.live.connect import ClusterConnection, connect
from atmos_cli.live.listing import Lists
from atmos_cli.live.sessions import target_of
from atmos_cli.live.snapshots import look_around
from atmos_cli.verify.deployment_status import deployment_status
from atmos_cli.verify.seen import Arrival

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from atmos_cli.gitops.repository import Deployment, Repository
    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import Clock
    from atmos_cli.verify.deployment_status import DeploymentStatus
    from atmos_cli.verify.model import Target
    from atmos_cli.verify.seen import ClusterSnapshot, Relation

    Connect = Callable[[Trusted, str], ClusterConnection]

FEW = 4  # namespaces, or Applications, that are asked one by one; where there are more, everything is listed
FETCH_SECONDS = 60.0
_AT_ONCE = 8


@dataclass(frozen=True, slots=True)
class Asked:
    """Which deployments to show: all of them, unless something is named."""

    service: str | None = None
    team: str | None = None
    environments: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class StatusRow:
    """One deployment. `live` is its own commit that is in force, "" when nothing was applied or it is not known.

    `behind`: how many of its own commits are not applied, None when that is not known. `status` is None when the
    cluster could not be asked, and `problem` says why; a `problem` beside a status is why nothing can be wanted.
    """

    target: Target
    wanted: str
    committed: float
    live: str = ""
    behind: int | None = None
    status: DeploymentStatus | None = None
    verdict: Verified | None = None
    problem: Diagnostic | None = None

    @property
    def good(self) -> bool:
        return self.status is not None and self.status.good and self.problem is None


@dataclass(frozen=True, slots=True)
class Overview:
    """By team and service, environments as in atmos-cli.yaml. `at`: unix seconds of the look."""

    rows: tuple[StatusRow, ...]
    at: float
    notes: tuple[Diagnostic, ...] = ()

    @property
    def problems(self) -> tuple[Diagnostic, ...]:
        return tuple(dict.fromkeys((*self.notes, *(row.problem for row in self.rows if row.problem))))

    @property
    def exit_code(self) -> int:
        """Return 0 when all is as wanted and healthy, 1 when something is not, 2 when nothing could be asked."""
        if self.rows and all(row.status is None for row in self.rows):
            return 2
        return 0 if all(row.good for row in self.rows) else 1


@dataclass(slots=True)
class SeenDeployment:
    """One deployment, what is wanted of it, and what was seen; without a snapshot, `problem` says why."""

    deployment: Deployment
    target: Target
    wanted: tuple[Resource, ...] | None
    snapshot: ClusterSnapshot | None = None
    problem: Diagnostic | None = None

    @property
    def revisions(self) -> tuple[str, ...]:
        """Return every commit that the engine names."""
        return ENGINES[self.target.engine].revisions(self.snapshot) if self.snapshot else ()


@dataclass(slots=True)
class Watcher:
    """Looks at the same deployments as often as asked. Use it in a `with`: that closes its connections.

    `opens` connects to a cluster (default: as atmos-cli.yaml says). `views` are asked instead of what it opened.
    """

    repository: Repository
    asked: Asked
    clock: Clock
    opens: Connect | None = None
    views: dict[str, ClusterConnection] = field(default_factory=dict)
    refused: set[str] = field(default_factory=set)
    _deployment_history: DeploymentHistory | None = None
    _connections: dict[str, ClusterConnection] = field(default_factory=dict)
    _fetched: float = 0.0
    trusted: Trusted = field(init=False)

    def __post_init__(self) -> None:
        self.trusted = trust(self.repository)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._connections.values():
            each.close()
        self._forget()

    def look(self) -> Overview:
        """Look once. Raises ATM511 or ATM702 for what is not in the repo, ATM815 for a base branch without commits."""
        at = self.clock.now()
        cases, views = self.seen(at)
        deployment_history, verdicts = self._line(), latest(git_repo(self.repository.root))
        rows = []
        for case in cases:
            row = _row(case, deployment_history, verdicts)
            if row.status and not row.good and _with_events(case, views[case.target.cluster]):
                row = _row(case, deployment_history, verdicts)
            rows.append(row)
        return Overview(tuple(rows), at, self.trusted.notes)

    def seen(self, at: float, *, events: bool = False) -> tuple[list[SeenDeployment], dict[str, ClusterConnection]]:
        """Return every deployment with its snapshot, and the connection to each cluster; raises as `look` does.

        Fetches from the remote when an engine names a commit that is not here, but not more than once a minute.
        """
        deployment_history = self._line()
        cases = self._cases(deployment_history)
        views = self._see(cases, at, events=events)
        named = {revision for case in cases for revision in case.revisions}
        if deployment_history.missing(named) and at - self._fetched >= FETCH_SECONDS:
            self._fetched = at
            repo = git_repo(self.repository.root)
            run(repo, "fetch", "--quiet", REMOTE, env=quiet(repo), timeout=TIMEOUT_SECONDS)
            self._forget()  # also what it knows not to exist
            return self.seen(at, events=events)
        return cases, views

    def relations(self, case: SeenDeployment) -> tuple[str, float, dict[str, Relation]]:
        """Return (wanted commit, when it was made, how each revision that the engine names relates to it)."""
        deployment_history = self._line()
        known = {each: deployment_history.relation(case.deployment, each) for each in case.revisions}
        return (*deployment_history.wanted(case.deployment), known)

    def kinds(self) -> dict[str, set[tuple[str, str]]]:
        """Return the namespaced kinds that each cluster is asked for because a service wants them."""
        found: dict[str, set[tuple[str, str]]] = {}
        for case in self._cases(self._line()):
            kinds = found.setdefault(case.target.cluster, set())
            for each in case.wanted or ():
                if each.get("kind") != "Secret" and (each.get("metadata") or {}).get("namespace"):
                    kinds.add((str(each.get("apiVersion", "")), str(each.get("kind", ""))))
        return found

    def namespaces(self, cluster: str) -> set[str]:
        return {case.target.namespace for case in self._cases(self._line()) if case.target.cluster == cluster}

    def connection(self, cluster: str) -> ClusterConnection:
        """Return the connection to a cluster. Raises ATM810 when no kubeconfig knows it."""
        if cluster not in self._connections:
            self._connections[cluster] = (self.opens or connect)(self.trusted, cluster)
        return self._connections[cluster]

    def _line(self) -> DeploymentHistory:
        branch = self.repository.config.git.branch
        tip = history.base_commit(repo := git_repo(self.repository.root), branch)
        if tip is None:
            message = f"branch `{branch}`, which is the base of this repo, has no commit"
            raise fail(Code.COMMIT_UNKNOWN, message, hint=f"git fetch {REMOTE} {branch}")
        if self._deployment_history is None or self._deployment_history.tip != tip:
            self._forget()
            self._deployment_history = DeploymentHistory(repo, tip)
        return self._deployment_history

    def _forget(self) -> None:
        if self._deployment_history:
            self._deployment_history.close()
        self._deployment_history = None

    def _cases(self, deployment_history: DeploymentHistory) -> list[SeenDeployment]:
        config, asked, tree = self.trusted.config, self.asked, deployment_history.tree()
        order = {name: place for place, name in enumerate(config.named(asked.environments))}
        found = find_service(tree, asked.service, team=asked.team) if asked.service else deployments(tree)
        cases = []
        for each in sorted(found, key=lambda each: (each.team, each.service, order.get(each.environment, -1))):
            if each.environment in order and asked.team in (None, each.team):
                built = deployment_history.manifests(each)
                cases.append(SeenDeployment(each, target_of(config, each, built or ()), built))
        if asked.service and not cases:
            message = f"`{asked.service}` is not in {', '.join(order)}"
            raise fail(Code.ENVIRONMENT_UNKNOWN, message, hint=f"see `atmos status {shell(asked.service)}`")
        return cases

    def _see(self, cases: Sequence[SeenDeployment], at: float, *, events: bool) -> dict[str, ClusterConnection]:
        """Fill in the snapshots, all clusters at once; return what each cluster was asked through."""
        by_cluster: dict[str, list[SeenDeployment]] = {}
        for case in cases:
            by_cluster.setdefault(case.target.cluster, []).append(case)
        views: dict[str, ClusterConnection] = {}
        for name, its in by_cluster.items():
            try:
                views[name] = self._view(name, its, events=events)
            except AtmosError as error:
                _spoil(its, error)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            for _ in pool.map(lambda name: _look(views[name], by_cluster[name], at), views):
                pass
        for name, view in views.items():
            if isinstance(view.cluster, Lists) and not view.cluster.whole:
                self.refused.add(name)
        return views

    def _view(self, name: str, cases: Sequence[SeenDeployment], *, events: bool) -> ClusterConnection:
        source = self.views.get(name) or self.connection(name)
        spaces = {case.target.namespace for case in cases}
        lists = Lists(source.cluster, whole=len(spaces) > FEW and name not in self.refused)
        if events:
            lists.with_events |= spaces
        return ClusterConnection(lists, Lists(source.hub, whole=False, selects=len(cases) <= FEW))


def _with_events(case: SeenDeployment, view: ClusterConnection) -> bool:
    """Look again, with events, at what is not healthy, since they may say why; False when that is impossible."""
    if case.snapshot is None:
        return False
    if isinstance(view.cluster, Lists):
        view.cluster.with_events.add(case.target.namespace)
    try:
        case.snapshot = look_around(view, case.target, case.wanted or (), at=case.snapshot.at)
    except AtmosError:
        return False
    return True


def _look(view: ClusterConnection, cases: Sequence[SeenDeployment], at: float) -> None:
    try:
        for case in cases:
            case.snapshot = look_around(view, case.target, case.wanted or (), at=at)
    except AtmosError as error:
        _spoil(cases, error)


def _spoil(cases: Sequence[SeenDeployment], error: AtmosError) -> None:
    for case in cases:
        case.snapshot, case.problem = None, error.diagnostics[0]


def _row(
    case: SeenDeployment, deployment_history: DeploymentHistory, verdicts: Mapping[tuple[str, str, str, str], Verified]
) -> StatusRow:
    target, deployment = case.target, case.deployment
    commit, committed = deployment_history.wanted(deployment)
    verdict = verdicts.get((target.team, target.service, target.environment, target.cluster))
    if case.snapshot is None:
        return StatusRow(target, commit, committed, verdict=verdict, problem=case.problem)
    engine = ENGINES[target.engine]
    known = {each: deployment_history.relation(deployment, each) for each in case.revisions}
    arrived = engine.delivery(case.snapshot, known, pushed=committed)
    revision = commit if arrived.arrival is Arrival.ARRIVED else engine.applied_revision(case.snapshot)
    pause = engine.paused(case.snapshot)
    found = deployment_status(case.snapshot, arrived, revision=revision, pause=pause, rules=health_rules())
    live = deployment_history.own(deployment, found.revision) if found.revision else ""
    behind = deployment_history.behind(deployment, found.revision) if found.revision else None
    problem = _not_built(target) if case.wanted is None else None
    return StatusRow(
        target=target,
        wanted=commit,
        committed=committed,
        live=live,
        behind=behind,
        status=found,
        verdict=verdict,
        problem=problem,
    )


def _not_built(target: Target) -> Diagnostic:
    message = f"`{target.service}` cannot be built for '{target.environment}' as it is on the base branch"
    hint = f"see `atmos render {shell(target.service)} --env {shell(target.environment)}`"
    return Diagnostic(Code.COMMIT_UNKNOWN, message, hint=hint)
