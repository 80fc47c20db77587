"""Sessions made from a command line: which deployments and commit are meant, with connections to their servers."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.clock import SystemClock
from atmos_cli.adapters.recording import record, replay
from atmos_cli.adapters.smoke import Web
from atmos_cli.config import namespace
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.engines.registry import ENGINES
from atmos_cli.gitops.repository import Deployment, Repository, deployments, find_service
from atmos_cli.gitops.trusted import trust
from atmos_cli.gitops.write import git_repo
from atmos_cli.history.revisions import GitAnswers, manifests
from atmos_cli.live.connect import ClusterConnection, connect
from atmos_cli.live.mirroring import mirrored
from atmos_cli.live.session import Session
from atmos_cli.verify.model import Target

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from atmos_cli.config import Config
    from atmos_cli.gitops.trusted import Trusted
    from atmos_cli.kube.resource import Resource
    from atmos_cli.ports import Ask

# Up to here a look per deployment costs the API server less than a watch of everything in its namespaces.
FEW = 3
# Each kind is watched once per namespace up to here, and once for all of them beyond.
MOST_SPACES = 12


def meant(
    repository: Repository, service: str | None, *, team: str | None, environments: Sequence[str], commit: str
) -> tuple[Deployment, ...]:
    """Return the deployments of `service`; without one, all that `commit` changes. Raises ATM511, ATM702 or ATM815."""
    wanted = repository.config.named(tuple(environments))
    if service:
        found = [each for each in find_service(repository.tree, service, team=team) if each.environment in wanted]
        if not found:
            message = f"`{service}` is not in {', '.join(wanted)}"
            raise fail(Code.ENVIRONMENT_UNKNOWN, message, hint="see `atmos status`")
        return tuple(found)
    every = [each for each in deployments(repository.tree) if each.environment in wanted and team in (None, each.team)]
    return tuple(each for each in every if _touched(repository, each, commit))


def _touched(repository: Repository, deployment: Deployment, name: str) -> bool:
    ask_git = GitAnswers(git_repo(repository.root), repository.config, deployment)
    commit = ask_git("commit", name or "HEAD")
    after = manifests(ask_git, commit)
    return after is not None and after != manifests(ask_git, ask_git("before", commit))


@contextmanager
def live_sessions(
    repository: Repository, found: Sequence[Deployment], *, commit: str, directory: Path | None = None
) -> Iterator[tuple[Session, ...]]:
    """Open one session per deployment for the length of the `with`; with a `directory`, every answer is recorded there.

    Raises ATM815 for what is no commit, ATM810, ATM811, ATM813 or ATM817 for what cannot be reached, all at once.
    """
    repo, trusted = git_repo(repository.root), trust(repository)
    made: list[Session] = []
    problems: list[AtmosError] = []
    connections: dict[str, ClusterConnection] = {}
    with ExitStack() as stack:
        for each in found:
            try:
                made.append(_live(trusted, each, GitAnswers(repo, trusted.config, each), commit, connections, stack))
            except AtmosError as error:
                problems.append(error)
        if problems:
            raise AtmosError(*dict.fromkeys(d for error in problems for d in error.diagnostics))
        made = _sharing(made, stack)
        yield recorded_sessions(made, directory, stack) if directory else tuple(made)


def _sharing(sessions: Sequence[Session], stack: ExitStack) -> list[Session]:
    """Return the same sessions; many on one cluster are answered from one set of watches."""
    shared: dict[str, ClusterConnection] = {}
    for name in sorted({each.target.cluster for each in sessions}):
        on_it = [session for session in sessions if session.target.cluster == name]
        if len(on_it) > FEW:
            spaces = {session.target.namespace for session in on_it}
            wanted = [each for session in on_it for each in manifests(session.ask_git, session.commit) or ()]
            shared[name] = mirrored(
                on_it[0].connection,
                stack,
                engine=ENGINES[on_it[0].target.engine],
                kinds={(str(each["apiVersion"]), str(each["kind"])) for each in wanted if each["kind"] != "Secret"},
                namespaces=spaces if len(spaces) <= MOST_SPACES else (),
            )
    return [replace(each, connection=shared.get(each.target.cluster, each.connection)) for each in sessions]


def _live(
    trusted: Trusted,
    deployment: Deployment,
    git: Ask,
    name: str,
    connections: dict[str, ClusterConnection],
    stack: ExitStack,
) -> Session:
    commit, config = git("commit", name), trusted.config
    target = target_of(config, deployment, manifests(git, commit) or ())
    if target.cluster not in connections:
        connections[target.cluster] = stack.enter_context(connect(trusted, target.cluster))
    prometheus = config.clusters[target.cluster].prometheus
    matchers = dict(prometheus.matchers) if prometheus else {}
    return Session(
        target=target,
        commit=commit,
        connection=connections[target.cluster],
        clock=SystemClock(),
        ask_git=git,
        ask_web=Web(),
        matchers=matchers,
    )


def recorded_sessions(sessions: Sequence[Session], directory: Path, stack: ExitStack) -> tuple[Session, ...]:
    """Return the same sessions, all on the clock of the first; every answer is recorded until `stack` ends."""
    recorder = record(directory, about={"sessions": [_about(each) for each in sessions]})
    stack.callback(recorder.close)
    clock = recorder.clock(sessions[0].clock if sessions else SystemClock())
    known: dict[str, ClusterConnection] = {}
    for each in sessions:
        name, live = each.target.cluster, each.connection
        if name not in known:
            cluster = recorder.cluster(live.cluster, name=name)
            hub = recorder.cluster(live.hub, name=_hub(name)) if live.hub is not live.cluster else cluster
            known[name] = ClusterConnection(
                cluster, hub, recorder.metrics(live.metrics, name=name) if live.metrics else None
            )
    return tuple(
        replace(
            each,
            connection=known[each.target.cluster],
            clock=clock,
            ask_git=recorder.ask(each.ask_git, name=_name(each.target)),
            ask_web=recorder.ask(each.ask_web, name=_web(each.target)),
        )
        for each in sessions
    )


def _about(session: Session) -> dict[str, Any]:
    own_hub = session.connection.hub is not session.connection.cluster
    return {
        "target": asdict(session.target),
        "commit": session.commit,
        "matchers": dict(session.matchers),
        "hub": own_hub,
        "metrics": session.connection.metrics is not None,
    }


def replayed_sessions(directory: Path) -> tuple[Session, ...]:
    """Return the sessions of a recorded run, which ask no server. Raises ATM814 when the recording cannot be used."""
    recorded = replay(directory)
    clock = recorded.clock()
    made = []
    try:
        for about in recorded.about["sessions"]:
            target = _target(about["target"])
            cluster = recorded.cluster(name=target.cluster)
            hub = recorded.cluster(name=_hub(target.cluster)) if about["hub"] else cluster
            matchers = dict(about["matchers"])
            metrics = recorded.metrics(name=target.cluster) if about["metrics"] else None
            git, web = recorded.ask(name=_name(target)), recorded.ask(name=_web(target))
            made.append(
                Session(
                    target=target,
                    commit=str(about["commit"]),
                    connection=ClusterConnection(cluster, hub, metrics),
                    clock=clock,
                    ask_git=git,
                    ask_web=web,
                    matchers=matchers,
                )
            )
    except (KeyError, TypeError, ValueError) as error:
        message = f"`{directory}` is no recording of `atmos verify`"
        raise fail(Code.RECORDING_INVALID, message, hint="make one with `atmos verify … --record DIR`") from error
    return tuple(made)


def _target(about: dict[str, Any]) -> Target:
    target = Target(**{**about, "hosts": tuple(about["hosts"])})
    if target.engine not in ENGINES:
        raise ValueError(target.engine)
    return target


def _name(target: Target) -> str:
    return f"{target.environment}/{target.team}/{target.service}"


def _web(target: Target) -> str:
    return f"{_name(target)}/web"


def _hub(cluster: str) -> str:
    return f"{cluster}/hub"


def target_of(config: Config, deployment: Deployment, resources: Sequence[Resource]) -> Target:
    """Return where a deployment runs; `workload` is its Deployment, else the first other workload, else the service."""
    environment = config.environments[deployment.environment]
    return Target(
        team=deployment.team,
        service=deployment.service,
        environment=deployment.environment,
        cluster=environment.cluster,
        namespace=namespace(deployment.team, deployment.environment),
        engine=config.engine(deployment.environment),
        workload=_workload(resources) or deployment.service,
        hosts=tuple(dict.fromkeys(host for each in resources for host in _hosts(each))),
        prefix=config.hub.prefix,
    )


def _workload(resources: Sequence[Resource]) -> str:
    for kind in ("Deployment", "Rollout", "StatefulSet", "DaemonSet"):
        for each in resources:
            if each.get("kind") == kind:
                return str(each["metadata"]["name"])
    return ""


def _hosts(resource: Resource) -> list[str]:
    spec = resource.get("spec") or {}
    if resource.get("kind") == "Ingress":
        return [str(rule["host"]) for rule in spec.get("rules") or () if rule.get("host")]
    return [str(host) for host in spec.get("hostnames") or ()] if resource.get("kind") == "HTTPRoute" else []
