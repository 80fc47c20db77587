"""The target of a verification, its evidence, and its verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.kube.resource import Identity
    from atmos_cli.ports import Series
    from atmos_cli.verify.measured import Assessment
    from atmos_cli.verify.outcome import Outcome, Reason
    from atmos_cli.verify.seen import ClusterSnapshot, Delivery, Log, Rollout


@dataclass(frozen=True, slots=True)
class Target:
    """One service in one environment. `workload` is the Deployment's name, `hosts` its public names.

    `prefix`: what the names on the hub begin with.
    """

    team: str
    service: str
    environment: str
    cluster: str
    namespace: str
    engine: str
    workload: str
    hosts: tuple[str, ...] = ()
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """The `verify:` block of a spec, settled. Shares are 0 to 1, times are seconds.

    Each of `smoke` is `PATH STATUS`, such as `/healthz 200`: what to ask for, and what it must answer.
    """

    observe: float = 600.0
    errors_increase: float = 0.5
    errors_absolute: float = 0.002
    slo: float = 0.999
    latency_quantile: float = 0.95
    latency_increase: float = 0.5
    latency_most: float | None = None
    routes: tuple[str, ...] = ()
    smoke: tuple[str, ...] = ()
    source: str = "auto"
    rollback: Literal["off", "suggest", "branch", "auto"] = "suggest"
    migrations: Literal["unknown", "compatible"] = "unknown"


@dataclass(frozen=True, slots=True)
class ObjectFieldChange:
    """One field of one effective object that the commit changed; a side that does not exist is None."""

    object: Identity
    path: tuple[str | int, ...]
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Evidence:
    """All that a diagnosis may look at, collected once."""

    target: Target
    snapshot: ClusterSnapshot
    delivery: Delivery | None = None
    rollout: Rollout | None = None
    assessment: Assessment | None = None
    logs: tuple[Log, ...] = ()
    gauges: Mapping[str, tuple[Series, ...]] = field(default_factory=dict)
    changes: tuple[ObjectFieldChange, ...] = ()


@dataclass(frozen=True, slots=True)
class Cause:
    """A likely cause: `rule` as in the rule base (`R9`), `confidence` 0 to 1, `next` one exact command or edit.

    `blames`: is this commit the cause (True), something else (False), or not known (None)?
    """

    rule: str
    title: str
    hint: str
    confidence: float
    evidence: tuple[str, ...] = ()
    changed: tuple[ObjectFieldChange, ...] = ()
    next: str = ""
    at: float = 0.0
    blames: bool | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer for one target and commit."""

    target: Target
    commit: str
    outcome: Outcome
    headline: str
    reasons: tuple[Reason, ...]
    causes: tuple[Cause, ...] = ()
    changes: tuple[ObjectFieldChange, ...] = ()
    delivery: Delivery | None = None
    rollout: Rollout | None = None
    assessment: Assessment | None = None
    started: float = 0.0
    ended: float = 0.0
    next: str = ""
