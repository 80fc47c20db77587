"""`platform/budgets/<environment>.yaml`: the limits of an environment and of its teams. Platform-owned."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.documents import Strict, read_model
from atmos_cli.kube.quantity import ZERO, Quantity, parse
from atmos_cli.yamlio.locate import located

DIRECTORY = "platform/budgets"

# The names of ResourceQuota, so that the limit and what the cluster enforces are one word.
Dimension = Literal[
    "requests.cpu",
    "requests.memory",
    "requests.ephemeral-storage",
    "requests.storage",
    "limits.cpu",
    "limits.memory",
    "pods",
    "persistentvolumeclaims",
    "services.loadbalancers",
    "services.nodeports",
]
Count = Literal["steady", "peak", "rollout"]
Percent = Annotated[str, StringConstraints(pattern=r"^(100|[1-9]?[0-9])%$")]


class Limit(Strict):
    """`limit` needs an approval to pass; nobody can pass `ceiling`; from `warn` on, a warning."""

    limit: str
    warn: Percent = "80%"
    ceiling: str | None = None

    @field_validator("limit", "ceiling", mode="before")
    @classmethod
    def _is_a_quantity(cls, value: object) -> object:
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            raise ValueError("must be a quantity such as 4, 500m or 16Gi")  # noqa: TRY004 - pydantic's contract
        try:
            quantity = parse(value)
        except AtmosError as error:
            raise ValueError(error.diagnostics[0].message) from None
        if quantity < ZERO:
            raise ValueError(f"`{value}` is negative; a budget is zero or more")
        return str(value)

    @model_validator(mode="after")
    def _ceiling_is_not_below(self) -> Limit:
        if self.top is not None and self.top < self.amount:
            raise ValueError(f"`ceiling` ({self.ceiling}) is below `limit` ({self.limit})")
        return self

    @property
    def amount(self) -> Quantity:
        return parse(self.limit)

    @property
    def top(self) -> Quantity | None:
        return parse(self.ceiling) if self.ceiling is not None else None


Limits = dict[Dimension, Limit]


class Budget(Strict):
    """The limits of an environment, and of teams within it.

    `count` says which number is compared: `rollout` (the default) includes the surge of a rolling update, so that what
    fits the budget also rolls out under the ResourceQuota made from it.
    """

    version: Literal[1] = 1
    environment: str
    count: Count = "rollout"
    limits: Limits = Field(min_length=1)
    teams: dict[str, Limits] = Field(default={})


def budget_path(environment: str) -> str:
    return f"{DIRECTORY}/{environment}.yaml"


def read_budget(data: bytes | None, *, environment: str) -> Budget:
    """Raises ATM405 when there is no file (never "unlimited"), ATM404 with positions when it is invalid."""
    path = budget_path(environment)
    if data is None:
        message = f"there is no budget for the environment '{environment}' (`{path}`)"
        raise fail(Code.BUDGET_MISSING, message, hint="write it with `atmos init`, or by hand")
    budget = read_model(Budget, data, path=path, code=Code.BUDGET_INVALID)
    if budget.environment != environment:
        message = f"`{path}` says `environment: {budget.environment}`, but its name says '{environment}'"
        raise fail(Code.BUDGET_INVALID, message, where=located(data, 0, ("environment",), file=path))
    return budget
