"""What a rollback is made from: which commit is undone, which state comes back, and what both would run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git import rollbacks
from atmos_cli.adapters.git.history import is_ancestor, parent
from atmos_cli.adapters.git.tree import CommitTree
from atmos_cli.config import namespace
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.engines.registry import ENGINES
from atmos_cli.gitops.repository import Deployment, deployments
from atmos_cli.gitops.units import app_unit, manifests
from atmos_cli.history.verified import GOOD, last_verified, quarantined, verdicts
from atmos_cli.kube.resource import identity
from atmos_cli.ports import MemoryTree
from atmos_cli.verify.changes import field_changes, migration_suspect
from atmos_cli.verify.model import Evidence, Target
from atmos_cli.verify.rollback import RollbackView, images
from atmos_cli.verify.rollback_files import pointer, restored
from atmos_cli.verify.seen import ClusterSnapshot

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.adapters.git.repo import Repo
    from atmos_cli.config import Config
    from atmos_cli.history.verified import Verified
    from atmos_cli.ports import FileTree
    from atmos_cli.verify.outcome import Reason
    from atmos_cli.verify.rollback import Files, Objects


@dataclass(frozen=True, slots=True)
class Choice:
    """`commit` is taken back, and the state of `restores` comes back; `record`: its verdict, if it was verified."""

    commit: str
    restores: str
    chosen: Literal["verified", "previous", "named"]
    record: Verified | None = None


@dataclass(frozen=True, slots=True)
class RollbackStart:
    """Where a rollback starts: `tip` is what the change is made on, `ahead` what the remote has beyond it, or `tip`."""

    repo: Repo
    tip: str
    ahead: str
    tree: FileTree
    config: Config
    deployment: Deployment

    @property
    def pointer(self) -> str:
        """Return the path of the delivery pointer; empty where the engine finds services by itself."""
        team, service, environment = self.deployment
        cluster = self.config.environments[environment].cluster
        return ENGINES[self.config.engine(environment)].pointer_path(cluster, team=team, service=service)

    @property
    def service_directory(self) -> str:
        return f"apps/{self.deployment.team}/{self.deployment.service}"

    @property
    def paths(self) -> tuple[str, ...]:
        """Return the paths that the environment is made from, as far as they are the service's own."""
        return tuple(filter(None, (self.deployment.directory, f"{self.service_directory}/base", self.pointer)))


def choose(start: RollbackStart, *, commit: str | None, to: str | None) -> Choice:
    """Choose what to undo. Raises ATM815 for a commit not on the branch, ATM822 when nothing was there before."""
    wanted = _landed(start, commit) if commit else rollbacks.newest(start.repo, start.tip, start.paths)
    where = _where(start.deployment)
    if wanted is None:
        raise nothing(f"no commit has ever changed {where}", "look at `git log`")
    team, service, environment = start.deployment
    if to:
        named = _known(start, to)
        return Choice(wanted, named, "named", _record(start, named))
    past = rollbacks.earlier_rollbacks(start.repo, rollbacks.label(environment, team, service), start.tip)
    bad = rollbacks.taken_back(start.repo, past, start.tip)
    record = last_verified(start.repo, team=team, service=service, environment=environment, before=wanted, without=bad)
    if record:
        return Choice(wanted, record.commit, "verified", record)
    previous = parent(start.repo, wanted)
    if previous is None:
        raise nothing(f"{wanted[:10]} is the first commit, so nothing was there before it", "name a state with `--to`")
    return Choice(wanted, previous, "previous")


def look(start: RollbackStart, choice: Choice, *, evidence: Evidence | None = None) -> RollbackView:
    """Gather everything that the plan needs. Raises ATM822 when the service did not exist at that commit."""
    then_tree = CommitTree(start.repo, choice.restores)
    deployment = start.deployment
    if not any(True for _ in then_tree.files(deployment.directory)):
        message = f"{_where(deployment)} was not there yet at {choice.restores[:10]}, so there is no state to restore"
        raise nothing(message, "name another state with `--to COMMIT`, or remove the service by hand")
    now, read_now, _ = _build(start.tree, deployment)
    then, read_then, problem = _build(then_tree, deployment)
    own = _own(start, then_tree)
    shared, foreign = _shared(start, then_tree, read_now | read_then)
    partly, _, also = _build(MemoryTree(own, start.tree), deployment)
    whole = MemoryTree({**own, **shared}, start.tree)
    others = _others(start, whole) if shared else {}
    bad = quarantined(start.repo, team=deployment.team, service=deployment.service, environment=deployment.environment)
    coming = images(then or {}) - images(now or {})
    paths = (*start.paths, *shared, *foreign)
    return RollbackView(
        environment=deployment.environment,
        commit=choice.commit,
        restores=choice.restores,
        chosen=choice.chosen,
        own=own,
        shared=shared,
        now=now,
        then=then,
        partly=partly,
        wholly=_build(whole, deployment)[0] if shared else partly,
        others=tuple(others),
        others_now={key: value for before, _ in others.values() for key, value in (before or {}).items()},
        others_after={key: value for _, after in others.values() for key, value in (after or {}).items()},
        foreign=foreign,
        newer=rollbacks.between(start.repo, choice.commit, (start.tip, start.ahead), paths),
        undoes=_undoes(start, choice.commit),
        migration=_migration(start, then, now, evidence),
        quarantined=tuple(each.image for each in bad if each.image in coming),
        problem=problem or also,
    )


def nothing(message: str, hint: str) -> AtmosError:
    return fail(Code.ROLLBACK_NOTHING, message, hint=hint, exit_code=1)


def _where(deployment: Deployment) -> str:
    return f"{deployment.team}/{deployment.service} in {deployment.environment}"


def _known(start: RollbackStart, name: str) -> str:
    found = repos.resolve(start.repo, name)
    if found is None:
        message = f"there is no commit `{name[:80]}` here"
        raise fail(Code.COMMIT_UNKNOWN, message, hint="`git fetch origin`, or look at `git log`")
    if not is_ancestor(start.repo, found, start.tip):
        message = f"`{name[:80]}` is no part of the branch that is rolled back, so the state there was never deployed"
        raise fail(Code.COMMIT_UNKNOWN, message, hint="name a commit of `git log`")
    return found


def _landed(start: RollbackStart, name: str) -> str:
    """Return the commit that deployed `name`: for a commit of a merged branch, the merge."""
    known = _known(start, name)
    return rollbacks.landed(start.repo, start.tip, known) or known


def _record(start: RollbackStart, commit: str) -> Verified | None:
    team, service, environment = start.deployment
    found = verdicts(start.repo, team=team, service=service, environment=environment)
    return next((each for each in found if each.commit == commit and each.outcome in GOOD), None)


def _undoes(start: RollbackStart, commit: str) -> str:
    """Return what `commit`, or what it merged, took back of the same service here; empty when it is no rollback."""
    team, service, environment = start.deployment
    past = rollbacks.earlier_rollbacks(start.repo, rollbacks.label(environment, team, service), start.tip)
    before = parent(start.repo, commit)
    brought = {commit, *(rollbacks.between(start.repo, before, (commit,), start.paths) if before else ())}
    return next((each.of for each in past if each.commit in brought), "")


def _own(start: RollbackStart, then: FileTree) -> Files:
    changes = restored(_files(start.tree, start.deployment.directory), _files(then, start.deployment.directory))
    if start.pointer:
        now, before = start.tree.read(start.pointer), then.read(start.pointer)
        place = namespace(start.deployment.team, start.deployment.environment)
        wanted = pointer(now, before, namespace=place, path=start.pointer)
        if wanted != now:
            changes[start.pointer] = wanted
    return changes


def _shared(start: RollbackStart, then: FileTree, read: frozenset[str]) -> tuple[Files, tuple[str, ...]]:
    """Return changes that restore what the service's environments share; and what differs outside of the service."""
    base = f"{start.service_directory}/base"
    within = {path for path in read if path.startswith(f"{start.service_directory}/")}
    paths = {path for path in within if not path.startswith(f"{start.service_directory}/overlays/")}
    now = _files(start.tree, base) | _read(start.tree, paths)
    before = _files(then, base) | _read(then, paths)
    foreign = sorted(path for path in read - paths if start.tree.read(path) != then.read(path))
    return restored(now, before), tuple(foreign)


def _others(start: RollbackStart, whole: FileTree) -> dict[str, tuple[Objects | None, Objects | None]]:
    """Return the service's other environments that would run something else, with what they run now and then."""
    team, service, environment = start.deployment
    found = {}
    for each in deployments(start.tree):
        if (each.team, each.service) == (team, service) and each.environment != environment:
            now, after = _build(start.tree, each)[0], _build(whole, each)[0]
            if now != after:
                found[each.environment] = now, after
    return found


def _migration(
    start: RollbackStart, then: Objects | None, now: Objects | None, evidence: Evidence | None
) -> Reason | None:
    """Return what changed between the two states, and what `verify` saw, when it asks."""
    if then is None or now is None:
        return None
    team, service, environment = start.deployment
    where = start.config.environments[environment].cluster
    engine = start.config.engine(environment)
    target = Target(
        team=team,
        service=service,
        environment=environment,
        cluster=where,
        namespace=namespace(team, environment),
        engine=engine,
        workload=service,
    )
    changes = field_changes(tuple(then.values()), tuple(now.values()))
    return migration_suspect(changes, evidence or Evidence(target, ClusterSnapshot(0.0)))


def _build(tree: FileTree, deployment: Deployment) -> tuple[Objects | None, frozenset[str], str]:
    """Return what runs (None: it cannot be built), the files outside the overlay that it used, and why it cannot."""
    watched = _OutsideReads(tree, f"{deployment.directory}/")
    try:
        built = manifests(watched, app_unit(*deployment))
    except AtmosError as error:
        return None, frozenset(watched.outside), error.diagnostics[0].message
    return {identity(each.resource): each.resource for each in built}, frozenset(watched.outside), ""


class _OutsideReads:
    def __init__(self, tree: FileTree, inside: str) -> None:
        self._tree = tree
        self._inside = inside
        self.outside: set[str] = set()

    def read(self, path: str) -> bytes | None:
        if not path.startswith(self._inside):
            self.outside.add(path)
        return self._tree.read(path)

    def files(self, under: str = "") -> Iterable[str]:
        return self._tree.files(under)


def _files(tree: FileTree, under: str) -> dict[str, bytes]:
    return _read(tree, tree.files(under))


def _read(tree: FileTree, paths: Iterable[str]) -> dict[str, bytes]:
    return {path: data for path in paths if (data := tree.read(path)) is not None}
