"""`atmos budget init`: limits suggested from what the repo uses today, half as much again, rounded up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.budget.dimensions import MONEY, PLAIN
from atmos_cli.budget.model import Budget, Limit, budget_path, read_budget
from atmos_cli.commands.changes import Change, judge, start_of
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.policy import Policy
from atmos_cli.gitops.repository import open_repository
from atmos_cli.gitops.usage import use_of
from atmos_cli.kube.quantity import Quantity
from atmos_cli.layout.skeleton import budget_text, default_budget

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.budget.evaluate import Totals
    from atmos_cli.config import WriteMode
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.ports import FileTree

GIBIBYTE = (1 << 30) * 10**9
WHOLE = 10**9
SUGGESTED = ("requests.cpu", "requests.memory", "requests.storage", "pods")


@dataclass(frozen=True, slots=True)
class BudgetPlan:
    """`kept` are environments that have a budget already."""

    repository: Repository
    budgets: Mapping[str, Budget]
    kept: tuple[str, ...]
    change: Change

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return (*self.repository.recovered, *self.change.guarded.diagnostics)


def plan_budgets(
    repository: Repository, environments: tuple[str, ...], *, replace: bool = False, mode: WriteMode | None = None
) -> BudgetPlan:
    """Plan first budgets. Raises AtmosError for an unreadable one: it is never replaced by a guess unasked."""
    start = start_of(repository, mode=mode)
    budgets: dict[str, Budget] = {}
    kept = []
    for environment in start.config.named(environments):
        data = start.tree.read(budget_path(environment))
        if data is not None and not replace:
            kept.append(environment)
            continue
        production = start.config.environments[environment].production
        now = default_budget(environment, production=production)
        if data is not None:
            now = read_budget(data, environment=environment)
        used = use_of(_Counted(start.tree, now), environment).sums("rollout", None).environment
        budgets[environment] = now.model_copy(update={"count": "rollout", "limits": suggested(used, now)})
    changes = start.changes({budget_path(name): budget_text(budget).encode() for name, budget in budgets.items()})

    def again() -> Change:
        fresh = open_repository(repository.root, writes=True)
        return plan_budgets(fresh, environments, replace=replace, mode=mode).change

    after, guarded = judge(start, changes, touched=(), environments=tuple(budgets))
    message = f"Suggest budgets for {', '.join(budgets)}\n\nHalf as much again as is used today, rounded up.\n"
    change = Change(start, changes, after, guarded, (), message, "atmos/budget-init", again)
    return BudgetPlan(repository, budgets, tuple(kept), change)


def suggested(used: Totals, now: Budget) -> dict[str, Limit]:
    """Suggest a limit for everything in use that one number can count, and for what every budget should limit."""
    found = {}
    for dimension in PLAIN:
        amount = used.get(dimension, Quantity()).nano
        if dimension == MONEY or dimension.startswith("limits.") or (not amount and dimension not in SUGGESTED):
            continue
        if not amount:
            if dimension in now.limits:
                found[dimension] = now.limits[dimension]
            continue
        limit = _rounded(dimension, amount * 3)
        found[dimension] = Limit(limit=str(limit), ceiling=str(limit * 2))
    return found or dict(now.limits)


def _rounded(dimension: str, thrice: int) -> Quantity:
    """Round up half of `thrice`, to whole cores, GiB or pieces."""
    in_bytes = "memory" in dimension or "storage" in dimension
    unit = GIBIBYTE if in_bytes else WHOLE
    return Quantity(-(-thrice // (2 * unit)) * unit, "Ki" if in_bytes else "k")


class _Counted(Effective):
    """A tree counted by a budget that it does not hold yet."""

    def __init__(self, tree: FileTree, budget: Budget) -> None:
        super().__init__(tree, policy=_Given(tree, budget))


class _Given(Policy):
    def __init__(self, tree: FileTree, budget: Budget) -> None:
        super().__init__(tree)
        self._budgets[budget.environment] = budget
