"""Gauges of pods and of their connection pools, which show how full these are, before and since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError
from atmos_cli.verify.traffic.promql import Matcher, filled, selector
from atmos_cli.verify.traffic.sources import POD

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.ports import Metrics, Series
    from atmos_cli.verify.model import Target

STEP = 60.0


def queries(target: Target, extra: Mapping[str, str]) -> dict[str, str]:
    """Return PromQL by the names of `verify.judge.saturation.LINES`; each query returns one series, or none."""
    pods = filled(POD, {"wl": target.workload}, regex=True)
    added: tuple[Matcher, ...] = tuple((label, "=", value) for label, value in sorted(extra.items()))
    ours: tuple[Matcher, ...] = (("namespace", "=", target.namespace), ("pod", "=~", pods), *added)
    running: tuple[Matcher, ...] = (*ours, ("container", "!=", ""))

    def each(metric: str, matchers: tuple[Matcher, ...] = ours) -> str:
        return selector(metric, matchers)

    used = f"max by (pod, container) ({each('container_memory_working_set_bytes', running)})"
    limit = each("kube_pod_container_resource_limits", (*ours, ("resource", "=", "memory")))
    throttled = each("container_cpu_cfs_throttled_periods_total", running)
    periods = each("container_cpu_cfs_periods_total", running)
    return {
        "cpu-throttling": f"sum(increase({throttled}[5m])) / sum(increase({periods}[5m]))",
        "memory": f"max({used} / on (pod, container) max by (pod, container) ({limit}))",
        "restarts": f"sum(increase({each('kube_pod_container_status_restarts_total')}[10m]))",
        "pool-pending": (
            f"sum({each('hikaricp_connections_pending')}) or sum({each('db_client_connection_pending_requests')})"
        ),
        "pool-timeouts": (
            f"sum(increase({each('hikaricp_connections_timeout_total')}[5m]))"
            f" or sum(increase({each('db_client_connection_timeouts_total')}[5m]))"
        ),
    }


def gauges(
    metrics: Metrics, target: Target, *, matchers: Mapping[str, str], start: float, end: float
) -> dict[str, tuple[Series, ...]]:
    """Query every gauge; one that the server does not know, or refuses, is left out."""
    found: dict[str, tuple[Series, ...]] = {}
    for name, promql in queries(target, matchers).items():
        try:
            series = metrics.query_range(promql, start=start, end=end, step=STEP).series
        except AtmosError:
            continue
        if series:
            found[name] = series
    return found
