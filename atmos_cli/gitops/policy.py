"""Whose budgets and prices count: those of the base branch, never those that the change itself brings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.budget.declared import Terms
from atmos_cli.budget.model import DIRECTORY, Budget, budget_path, read_budget, require_known_teams
from atmos_cli.budget.prices import PATH as PRICES
from atmos_cli.budget.prices import PriceSheet, read_prices, require_prices
from atmos_cli.diagnostics import AtmosError
from atmos_cli.gitops.repository import config_of, teams

if TYPE_CHECKING:
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.ports import FileTree

# A change to one of these decides what others may use, so it never travels with a change that needs it.
DECIDING = ("platform/budgets/", PRICES, "platform/approvers.yaml", "platform/approvers/")


class Policy:
    """Budgets and prices of `tree`; an environment that it does not have yet is read from `own`."""

    def __init__(self, tree: FileTree, *, own: FileTree | None = None) -> None:
        self.tree = tree
        self._own = own
        self._budgets: dict[str, Budget] = {}
        self._sheet: PriceSheet | None = None
        self._priced = False

    def with_own(self, own: FileTree) -> Policy:
        """Return the same policy for a change that brings `own`; outside of Git a change is its own policy."""
        return Policy(own) if self._own is None else Policy(self.tree, own=own)

    def budget(self, environment: str) -> Budget:
        """Return the budget that counts. Raises ATM405, ATM404 or ATM411, located: never "unlimited"."""
        if environment not in self._budgets:
            path = budget_path(environment)
            tree = self._own if self.is_new(environment) and self._own is not None else self.tree
            data = tree.read(path)
            budget = read_budget(data, environment=environment)
            require_known_teams(budget, data or b"", teams=teams(tree))
            require_prices(budget, self.sheet, path=path, data=data or b"")
            self._budgets[environment] = budget
        return self._budgets[environment]

    def own_problems(self, environment: str) -> tuple[Diagnostic, ...]:
        """Return what is wrong with the budget that the change itself has: it does not count yet, but will."""
        if self._own is None or self._own.read(budget_path(environment)) == self.tree.read(budget_path(environment)):
            return ()
        try:
            Policy(self._own).budget(environment)
        except AtmosError as error:
            return error.diagnostics
        return ()

    def is_new(self, environment: str) -> bool:
        """Return whether the base branch has no budget for `environment`, so that the change brings the first one."""
        path = budget_path(environment)
        return self._own is not None and self.tree.read(path) is None and self._own.read(path) is not None

    def is_copied(self, environment: str) -> bool:
        """Return whether an environment that is new itself has the budget of one on the base branch, word for word."""
        if not self.is_new(environment) or environment in _environments(self.tree):
            return False
        wanted = self.budget(environment).model_copy(update={"environment": ""})
        paths = [path for path in self.tree.files(DIRECTORY) if path.endswith(".yaml")]
        for name in (path.removeprefix(f"{DIRECTORY}/").removesuffix(".yaml") for path in paths):
            try:
                known = read_budget(self.tree.read(budget_path(name)), environment=name)
            except AtmosError:
                continue  # whoever asks for that budget is told
            if known.model_copy(update={"environment": ""}) == wanted:
                return True
        return False

    def terms(self, environment: str) -> Terms:
        return Terms(self.budget(environment))

    @property
    def sheet(self) -> PriceSheet | None:
        if not self._priced:
            self._sheet = read_prices(self.tree.read(PRICES))
            self._priced = True
        return self._sheet


def _environments(tree: FileTree) -> frozenset[str]:
    try:
        return frozenset(config_of(tree).environments)
    except AtmosError:
        return frozenset()


def decides(path: str) -> bool:
    """Return whether a change of `path` changes what others may use."""
    return path.startswith(DECIDING)
