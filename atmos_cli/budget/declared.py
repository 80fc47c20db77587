"""What a claim depends on besides the manifests."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.budget.model import AssumedRequests, Budget


@dataclass(frozen=True, slots=True)
class Terms:
    """Holds what the budget of the environment declares, or the defaults without a budget."""

    budget: Budget | None = None

    @property
    def overheads(self) -> Mapping[str, Mapping[str, Any]]:
        classes = self.budget.assume.runtime_classes if self.budget else {}
        return {name: {str(key): value for key, value in overhead.items()} for name, overhead in classes.items()}

    @property
    def assumed(self) -> AssumedRequests | None:
        policy = self.budget.missing_requests if self.budget else "deny"
        return None if isinstance(policy, str) else policy

    @property
    def default_class(self) -> str:
        return self.budget.assume.storage_class if self.budget else ""

    @property
    def by_class(self) -> bool:
        """Return whether any limit is on the storage of one class, so that a claim without a class matters."""
        if self.budget is None:
            return False
        scopes = (self.budget.limits, *self.budget.teams.values(), *self.budget.services.values())
        return any(name.startswith("requests.storage/") for scope in scopes for name in scope)
