"""`platform/budgets/<environment>.yaml`: the limits of an environment, its teams and services. Platform-owned."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from atmos_cli.budget.dimensions import MONEY, WITH_HEADROOM
from atmos_cli.budget.terms import (
    Amount,
    Currency,
    Dimension,
    Increase,
    IncreasePercent,
    OverBy,
    Percent,
    Span,
    over_percent,
    percent,
)
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location, fail
from atmos_cli.documents import Strict, read_model
from atmos_cli.foreign import shell
from atmos_cli.kube.quantity import Quantity, parse
from atmos_cli.yamlio.locate import locate

DIRECTORY = "platform/budgets"
PLATFORM = "platform"

Count = Literal["steady", "peak", "rollout"]
Nodes = Annotated[int, Field(strict=True, ge=0, le=100_000)]
ResourceName = Literal["cpu", "memory", "ephemeral-storage"]


class Limit(Strict):
    """Passing `limit` needs an approval; `ceiling` cannot be passed; from `warn`, a warning. Money has a currency."""

    limit: Amount
    warn: Percent = "80%"
    ceiling: Amount | None = None
    currency: Currency | None = None

    @model_validator(mode="after")
    def _ceiling_is_not_below(self) -> Limit:
        if self.ceiling is not None and parse(self.ceiling) < parse(self.limit):
            raise ValueError(f"`ceiling` ({self.ceiling}) must not be below `limit` ({self.limit})")
        return self

    @property
    def amount(self) -> Quantity:
        return parse(self.limit)

    @property
    def top(self) -> Quantity | None:
        return parse(self.ceiling) if self.ceiling is not None else None


Limits = dict[Dimension, Limit]


class NodeCount(Strict):
    """On how many nodes a DaemonSet runs: now, and when the cluster's autoscaler is at its end."""

    nodes: Nodes
    max_nodes: Nodes | None = None

    @model_validator(mode="after")
    def _most_is_not_fewer(self) -> NodeCount:
        if self.max_nodes is not None and self.max_nodes < self.nodes:
            raise ValueError(f"`maxNodes` ({self.max_nodes}) must not be below `nodes` ({self.nodes})")
        return self

    @property
    def most(self) -> int:
        return self.nodes if self.max_nodes is None else self.max_nodes


class Assume(Strict):
    """What Git does not show, declared. `daemonSets` are those that run on fewer nodes than all."""

    nodes: Nodes | None = None
    max_nodes: Nodes | None = None
    daemon_sets: dict[str, NodeCount] = Field(default_factory=dict)
    runtime_classes: dict[str, dict[ResourceName, Amount]] = Field(
        default_factory=dict, description="overhead of each RuntimeClass, which the API server adds to its pods"
    )
    storage_class: str = Field(default="", description="the cluster's default StorageClass")

    def node_count(self, daemon_set: str) -> NodeCount | None:
        """Return the declared nodes of a DaemonSet; None when none are declared."""
        if daemon_set in self.daemon_sets:
            return self.daemon_sets[daemon_set]
        if self.nodes is None:
            return None
        return NodeCount(nodes=self.nodes, max_nodes=self.max_nodes)

    @model_validator(mode="after")
    def _nodes_are_whole(self) -> Assume:
        if self.max_nodes is not None and (self.nodes is None or self.max_nodes < self.nodes):
            raise ValueError("`maxNodes` needs `nodes`, and must not be below it")
        return self


class AssumedRequests(Strict):
    """What a container without a request counts as; the LimitRange of the tenants sets exactly this."""

    cpu: Amount
    memory: Amount


class PerChange(Strict):
    """How much one change may add to a team, or all within `window` together; percent is of the environment's sum."""

    limit: Increase | None = None
    limit_percent: IncreasePercent | None = None
    window: Span | None = None
    currency: Currency | None = None

    @model_validator(mode="after")
    def _something_is_limited(self) -> PerChange:
        if self.limit is None and self.limit_percent is None:
            raise ValueError("needs `limit`, `limitPercent` or both")
        return self

    def allowed(self, environment_total: Quantity) -> Quantity:
        """Return the smaller of both limits, exactly."""
        found = [] if self.limit is None else [parse(self.limit).nano]
        if self.limit_percent is not None:
            found.append(environment_total.nano * percent(self.limit_percent) // 100)
        return Quantity(min(found), environment_total.suffix)


class Tier(Strict):
    """Who may approve an excess of some size: `count` distinct people, each with one of `roles`."""

    over_by: OverBy | None = None
    dimension: Dimension | None = None
    roles: Annotated[tuple[str, ...], Field(min_length=1)]
    count: Annotated[int, Field(strict=True, ge=1, le=10)] = 1
    max_ttl: Span = Field(default="14d", alias="maxTTL")

    def covers(self, dimension: str, *, over: Quantity, limit: Quantity) -> bool:
        """Return whether this tier has a say in `dimension` being `over` its `limit`."""
        if self.dimension is not None and self.dimension != dimension:
            return False
        return self.over_by is None or over_percent(self.over_by, over=over, limit=limit)


class Approvals(Strict):
    """Every tier that covers an excess must be satisfied; an excess that none covers cannot be approved."""

    tiers: tuple[Tier, ...] = ()


class AdmissionLimits(Strict):
    """What the API server refuses by itself: written as a ValidatingAdmissionPolicy by `atmos init`."""

    max_replicas: Annotated[int, Field(strict=True, ge=1, le=100_000)]
    max_container_cpu: Amount
    max_container_memory: Amount


class Budget(Strict):
    """All scopes count together: environment, team, service and change.

    `count` says which number is compared: `rollout` (the default) includes the surge of a rolling update, so that what
    fits the budget also rolls out under the ResourceQuota made from it.
    """

    version: Literal[1] = 1
    environment: str
    count: Count = "rollout"
    headroom: Percent = "0%"
    limits: Limits = Field(min_length=1)
    teams: dict[str, Limits] = Field(default_factory=dict)
    service_default: Limits = Field(default_factory=dict)
    services: dict[str, Limits] = Field(default_factory=dict)
    per_change: dict[Dimension, PerChange] = Field(default_factory=dict)
    assume: Assume = Assume()
    missing_requests: Literal["deny"] | AssumedRequests = "deny"
    indeterminate: Literal["approval", "warn", "deny"] = "approval"
    approvals: Approvals = Approvals()
    admission: AdmissionLimits | None = None

    @model_validator(mode="after")
    def _money_has_a_currency(self) -> Budget:
        scopes = (self.limits, *self.teams.values(), self.service_default, *self.services.values())
        for dimension, limit in (pair for scope in scopes for pair in scope.items()):
            if (dimension == MONEY) != (limit.currency is not None):
                raise ValueError("a limit on `money` needs a `currency` such as EUR, and no other limit has one")
        for dimension, change in self.per_change.items():
            if change.currency is not None and dimension != MONEY:
                raise ValueError("only a limit on `money` has a `currency`")
            if dimension == MONEY and change.limit is not None and change.currency is None:
                raise ValueError("a limit on `money` needs a `currency` such as EUR")
        return self

    def effective(self, dimension: str, limit: Limit) -> Quantity:
        """Return the limit less the headroom, exactly; headroom is for CPU, memory and pods only."""
        if dimension not in WITH_HEADROOM:
            return limit.amount
        amount = limit.amount
        return Quantity(amount.nano * (100 - percent(self.headroom)) // 100, amount.suffix)

    def service_limits(self, team: str, service: str) -> Limits:
        """Return the limits of one service: its own, and for what they do not name those of every service."""
        own = self.services.get(f"{team}/{service}", self.services.get(service, {}))
        return {**self.service_default, **own}

    @property
    def limits_money(self) -> bool:
        scopes = (self.limits, *self.teams.values(), self.service_default, *self.services.values())
        return MONEY in self.per_change or any(MONEY in scope for scope in scopes)

    @property
    def currencies(self) -> frozenset[str]:
        scopes = (self.limits, *self.teams.values(), self.service_default, *self.services.values())
        found = {limit.currency for scope in scopes for limit in scope.values()}
        found |= {change.currency for change in self.per_change.values()}
        return frozenset(name for name in found if name)


def budget_path(environment: str) -> str:
    return f"{DIRECTORY}/{environment}.yaml"


def read_budget(data: bytes | None, *, environment: str) -> Budget:
    """Read a budget; raises ATM405 when there is no file (never "unlimited"), ATM404 with positions when invalid."""
    path = budget_path(environment)
    if data is None:
        message = f"there is no budget for the environment '{environment}' (`{path}`)"
        raise fail(Code.BUDGET_MISSING, message, hint="write it with `atmos budget init`, or by hand")
    budget = read_model(Budget, data, path=path, code=Code.BUDGET_INVALID)
    if budget.environment != environment:
        message = f"`{path}` says `environment: {budget.environment}`, but its name says '{environment}'"
        where = Location(path, *locate(data, 0, ("environment",)), field="environment")
        raise fail(Code.BUDGET_INVALID, message, where=where)
    return budget


def require_known_teams(budget: Budget, data: bytes, *, teams: tuple[str, ...]) -> None:
    """Check that every team of the budget exists; raises ATM404, located: its limit would limit no one."""
    path = budget_path(budget.environment)
    found = []
    for field, names in (("teams", budget.teams), ("services", budget.services)):
        for name in names:
            team = name if field == "teams" else name.partition("/")[0] if "/" in name else ""
            if team and team not in (*teams, PLATFORM):
                where = Location(path, *locate(data, 0, (field, name)), field=f"{field}.{name}")
                hint = f"teams are: {', '.join(teams) or 'none yet'}; add one with `atmos new team {shell(team)}`"
                message = f"`{path}` limits the team `{team}`, which has no tenant in this repo"
                found.append(Diagnostic(Code.BUDGET_INVALID, message, where=where, hint=hint))
    if found:
        raise AtmosError(*found)
