"""`atmos tree`: every object of a service, as each cluster has it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.commands.status import Watcher
from atmos_cli.engines.registry import ENGINES, health_rules
from atmos_cli.verify.deployment_status import delivered
from atmos_cli.verify.tree import TreeNode, is_good, nodes, tree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.commands.status import Asked, Connect, SeenDeployment
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.ports import Clock
    from atmos_cli.verify.model import Target


@dataclass(frozen=True, slots=True)
class Grown:
    """The tree of one deployment at `at` (unix seconds); `root` is None when the cluster could not be asked."""

    target: Target
    commit: str
    at: float
    root: TreeNode | None = None
    problem: Diagnostic | None = None

    @property
    def unhealthy(self) -> tuple[TreeNode, ...]:
        return tuple(each for each in nodes(self.root) if not is_good(each)) if self.root else ()


def trees(repository: Repository, asked: Asked, *, clock: Clock, opens: Connect | None = None) -> tuple[Grown, ...]:
    """Build one tree for each environment that is asked for. Raises ATM511 or ATM702 for what is not in the repo."""
    with Watcher(repository, asked, clock, opens) as watcher:
        at = clock.now()
        return tuple(_grown(watcher, case, at) for case in watcher.seen(at, events=True)[0])


def exit_code(grown: Sequence[Grown]) -> int:
    """Return 0 when all is healthy, 1 when something is not, 2 when no cluster could be asked."""
    if grown and all(each.root is None for each in grown):
        return 2
    return 1 if any(each.root is None or each.unhealthy for each in grown) else 0


def _grown(watcher: Watcher, case: SeenDeployment, at: float) -> Grown:
    commit, committed, known = watcher.relations(case)
    if case.snapshot is None:
        return Grown(case.target, commit, at, problem=case.problem)
    engine = ENGINES[case.target.engine]
    arrived = delivered(engine.delivery(case.snapshot, known, pushed=committed))
    root = tree(case.snapshot, target=case.target, delivered=arrived, pointers=engine.pointers, rules=health_rules())
    return Grown(case.target, commit, at, root)
