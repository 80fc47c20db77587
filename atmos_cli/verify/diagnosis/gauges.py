"""The gauges that rules use, by name, as PromQL templates, and the values of their samples."""

from __future__ import annotations

import math
from types import MappingProxyType
from typing import TYPE_CHECKING

from atmos_cli.kube import operators

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.verify.diagnosis.facts import Facts
    from atmos_cli.verify.measured import Saturation

# Raw strings (backquotes) and regex matchers throughout, so that a name needs only RE2 escapes.
_NS = "namespace=~`$ns`"
_PODS = f"{_NS},pod=~`$wl-.*`"
_BOX = f"{_PODS},container!=``,container!=`POD`"
_OTEL = "k8s_namespace_name=~`$ns`,k8s_deployment_name=~`$wl`"


def _throttled(ago: str) -> str:
    periods = "sum by (container) (increase(container_cpu_cfs_{}_total{{{}}}[5m]{}))"
    return f"{periods.format('throttled_periods', _BOX, ago)} / {periods.format('periods', _BOX, ago)}"


def _steadily(inner: str) -> str:
    """Return PromQL that is above zero only when every sample of the last 90 s is."""
    return f"min_over_time(({inner})[90s:30s])"


GAUGES: Mapping[str, str] = MappingProxyType(
    {
        "cpu-throttling": _throttled(""),
        "cpu-throttling-before": _throttled(" offset 1h"),
        "memory-peak-before": f"max(max_over_time(container_memory_working_set_bytes{{{_BOX}}}[1h] offset 15m))",
        "oom-killed": "max by (pod,container) (kube_pod_container_status_last_terminated_reason"
        f"{{reason=`OOMKilled`,{_PODS}}})",
        "hikari-pending": _steadily(f"sum(hikaricp_connections_pending{{{_PODS}}})"),
        "hikari-active": f"max(hikaricp_connections_active{{{_PODS}}})",
        "hikari-max": f"max(hikaricp_connections_max{{{_PODS}}})",
        "hikari-timeouts": f"sum(increase(hikaricp_connections_timeout_total{{{_PODS}}}[5m]))",
        "go-sql-wait": f"sum(rate(go_sql_wait_duration_seconds_total{{{_PODS}}}[5m]))"
        f" / sum(rate(go_sql_wait_count_total{{{_PODS}}}[5m]))",
        "otel-pending": _steadily(f"sum(db_client_connection_pending_requests{{{_OTEL}}})"),
        "otel-timeouts": f"sum(increase(db_client_connection_timeouts_total{{{_OTEL}}}[5m]))",
        "pgbouncer-waiting": f"sum(pgbouncer_pools_client_waiting_connections{{{_NS}}})",
        **operators.GAUGES,
        "mesh-flags": "sum by (response_flags) (increase(istio_requests_total"
        "{destination_service_namespace=~`$ns`,destination_service_name=~`$svc`}[5m]))",
        "mesh-flags-before": "sum by (response_flags) (increase(istio_requests_total"
        "{destination_service_namespace=~`$ns`,destination_service_name=~`$svc`}[1h] offset 15m))",
    }
)
"""Name -> template of an instant query for the end of a run; `$ns`, `$wl`, `$svc` are names with RE2 escapes.

Shares are 0 to 1, `go-sql-wait` is seconds, memory is bytes.
"""


def gauge(facts: Facts, name: str) -> float | None:
    """Return the largest of the newest samples of all its series; None when there is none."""
    found = [
        value
        for series in facts.evidence.gauges.get(name, ())
        for _, value in series.samples[-1:]
        if math.isfinite(value)
    ]
    return max(found, default=None)


def by_label(facts: Facts, name: str, label: str) -> dict[str, float]:
    """Sum the newest samples of all series by the value of one label."""
    found: dict[str, float] = {}
    for series in facts.evidence.gauges.get(name, ()):
        for _, value in series.samples[-1:]:
            if math.isfinite(value):
                key = series.labels.get(label, "")
                found[key] = found.get(key, 0.0) + value
    return found


def judged(facts: Facts, name: str) -> Saturation | None:
    """Return what the judge says of a gauge of that name; None when it says nothing."""
    found = facts.evidence.assessment
    return next((each for each in found.saturation if each.name == name), None) if found else None
