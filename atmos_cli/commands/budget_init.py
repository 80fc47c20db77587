"""`atmos budget init`: limits suggested from what the repo uses today, half as much again, rounded up."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.budget.dimensions import MONEY, PLAIN
from atmos_cli.budget.model import Budget, Limit, budget_path, read_budget
from atmos_cli.gitops.effective import Effective
from atmos_cli.gitops.policy import Policy
from atmos_cli.gitops.usage import use_of
from atmos_cli.gitops.write import Written, base_of, write
from atmos_cli.kube.quantity import Quantity
from atmos_cli.layout.skeleton import budget_text, default_budget
from atmos_cli.result import ChangeSet

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.budget.evaluate import Totals
    from atmos_cli.config import WriteMode
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
    changes: ChangeSet
    kept: tuple[str, ...]


def plan_budgets(repository: Repository, environments: tuple[str, ...], *, replace: bool = False) -> BudgetPlan:
    """Plan first budgets. Raises AtmosError for an unreadable one: it is never replaced by a guess unasked."""
    tree, config = repository.tree, repository.config
    budgets: dict[str, Budget] = {}
    kept = []
    for environment in config.named(environments):
        data = tree.read(budget_path(environment))
        if data is not None and not replace:
            kept.append(environment)
            continue
        production = config.environments[environment].production
        start = default_budget(environment, production=production)
        if data is not None:
            start = read_budget(data, environment=environment)
        used = use_of(_Counted(tree, start), environment).sums("rollout", None).environment
        budgets[environment] = start.model_copy(update={"count": "rollout", "limits": suggested(used, start)})
    files = {budget_path(name): budget_text(budget).encode() for name, budget in budgets.items()}
    return BudgetPlan(
        repository, budgets, ChangeSet(dict(files), {path: tree.read(path) for path in files}), tuple(kept)
    )


def execute_budgets(plan: BudgetPlan, *, mode: WriteMode | None) -> Written:
    repository = plan.repository
    wanted = mode or repository.config.git.write
    base = base_of(repository.root, repository.tree, mode=wanted, config=repository.config)
    names = ", ".join(plan.budgets)
    message = f"Suggest budgets for {names}\n\nHalf as much again as is used today, rounded up.\n"
    return write(
        repository.root,
        plan.changes,
        message,
        mode=wanted,
        base=base,
        branch="atmos/budget-init",
        config=repository.config,
        pushes=False,
    )


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
