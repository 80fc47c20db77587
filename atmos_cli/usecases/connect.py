"""From the configuration to the cluster, its Argo CD hub and its metrics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atmos_cli.config import Config
    from atmos_cli.ports import ClusterApi, Metrics


@dataclass(frozen=True, slots=True)
class Connection:
    """`hub` is where Argo CD runs, and `cluster` itself without another; `metrics` is None when none is configured."""

    cluster: ClusterApi
    hub: ClusterApi
    metrics: Metrics | None = None


def connect(config: Config, cluster: str) -> Connection:
    """Raises ATM810 when no kubeconfig knows the cluster, ATM811 when its credentials cannot be had, ATM813 when
    the token that its Prometheus needs is not in the environment. Asks no server yet.
    """
    raise NotImplementedError


def metrics_of(config: Config, cluster: str) -> Metrics:
    """As `connect`, for a command that cannot do without metrics: raises ATM813 with the lines to add."""
    raise NotImplementedError
