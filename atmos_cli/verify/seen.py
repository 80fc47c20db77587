"""Values for what was seen in the cluster and of the engines."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.kube.resource import Identity, Resource


class Order(StrEnum):
    SAME = "same"
    OLDER = "older"  # the revision is an ancestor of the commit
    NEWER = "newer"  # the revision is a descendant of the commit
    DIVERGED = "diverged"
    UNKNOWN = "unknown"  # the revision is no commit of this repo, or was not fetched


@dataclass(frozen=True, slots=True)
class Relation:
    """`inputs_equal`: every path that the service is rendered from holds the same tree in both commits."""

    order: Order
    inputs_equal: bool


@dataclass(frozen=True, slots=True)
class Log:
    """The last lines of one container, oldest first; `previous` is the run before the present one."""

    pod: str
    container: str
    previous: bool
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ClusterSnapshot:
    """All that was seen of one target in one look. `at` is unix seconds of our clock.

    `delivery`: the engine's own objects for it, such as a source and what applies it; empty when not found.
    `wanted`: the effective manifests at the commit. `objects`: the live ones of them, and what they own (ReplicaSets,
    Pods, EndpointSlices, Jobs …). `events`: v1 Events of the namespace about these objects.
    """

    at: float
    delivery: tuple[Resource, ...] = ()
    wanted: tuple[Resource, ...] = ()
    objects: tuple[Resource, ...] = ()
    events: tuple[Resource, ...] = ()


class Arrival(StrEnum):
    """How far the commit has come, as the engine reports; `arrived` says nothing yet about pods."""

    PENDING = "pending"
    APPLYING = "applying"
    ARRIVED = "arrived"
    FAILED = "failed"
    PAUSED = "paused"
    SUPERSEDED = "superseded"
    DIVERGED = "diverged"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Delivery:
    """`revision`: what the engine compares or attempts. `final`: it will not change without a person or a new commit.

    `refresh` asks the adapter to make the engine look again. `code` is kebab-case, such as `sync-failing`. `next`: the
    command that turns on again what was turned off.
    """

    arrival: Arrival
    code: str
    message: str
    revision: str = ""
    final: bool = False
    refresh: Literal["", "normal", "hard"] = ""
    next: str = ""


class Status(StrEnum):
    CURRENT = "current"
    IN_PROGRESS = "in-progress"
    FAILED = "failed"
    TERMINATING = "terminating"
    SUSPENDED = "suspended"
    MISSING = "missing"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Health:
    """Health of one object; `message` is what a person reads: `2 of 3 new pods ready, 1 old terminating`."""

    status: Status
    message: str = ""
    code: str = ""


@dataclass(frozen=True, slots=True)
class Pause:
    """The engine, or a workload, is paused.

    `since`: unix seconds of the last thing it is known to have done, since no engine records when it was paused;
    0 when nothing is known.
    """

    message: str
    since: float


@dataclass(frozen=True, slots=True)
class PermanentFailure:
    """Why something will not become good by waiting. `at`: unix seconds since when, 0 when not known."""

    object: Identity
    code: str
    message: str
    container: str = ""
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Rollout:
    """The workloads of the target, new revision only. `old_ready`: ready pods of older revisions, which still serve."""

    status: Status
    message: str
    wanted: int = 0
    ready: int = 0
    old_ready: int = 0
    restarts: int = 0
    started: float = 0.0
    finished: float = 0.0
    failures: tuple[PermanentFailure, ...] = ()
    health: Mapping[Identity, Health] = field(default_factory=dict)
