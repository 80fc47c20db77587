"""The use of a container, measured by a Prometheus: the queries of KRR."""

from __future__ import annotations

import math
import time
from fractions import Fraction
from typing import TYPE_CHECKING

from atmos_cli.adapters.git.process import plain
from atmos_cli.adapters.prometheus import PrometheusClient
from atmos_cli.budget.rightsize import Usage
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.kube.quantity import Quantity

if TYPE_CHECKING:
    from collections.abc import Callable

STEP = "75s"


def usage(url: str, *, namespace: str, workload: str, container: str, days: int) -> Usage:
    """Ask what a container used. Raises ATM412 when the server cannot be asked, or has no figures of that container."""
    try:
        with PrometheusClient(url) as server:
            now = time.time()
            return _usage(lambda query: _number(server, query, now), url, namespace, workload, container, days)
    except AtmosError as error:
        found = error.diagnostics[0]
        raise fail(Code.USAGE_INVALID, found.message, hint=found.hint) from error


def _usage(
    ask: Callable[[str], Fraction | None], url: str, namespace: str, workload: str, container: str, days: int
) -> Usage:
    pods = f'namespace="{namespace}",pod=~"{workload}-.*",container="{container}"'
    used = f"max by (pod) (rate(container_cpu_usage_seconds_total{{{pods}}}[{STEP}]))"
    held = f"container_memory_working_set_bytes{{{pods}}}"
    killed = f'kube_pod_container_status_last_terminated_reason{{reason="OOMKilled",{pods}}}'
    span = f"[{days}d:{STEP}]"
    cpu = ask(f"max(quantile_over_time(0.95, ({used}){span}))")
    memory = ask(f"max(max_over_time({held}[{days}d]))")  # every sample: a peak may fall between two steps
    points = ask(f"sum(count_over_time({held}{span}))")
    oom = ask(f"max(max_over_time({killed}{span}))")
    if cpu is None or memory is None:
        message = f"{plain(url)} has no figures of the container `{container}` in `{namespace}`"
        raise fail(Code.USAGE_INVALID, message, hint="does it scrape the kubelet (cAdvisor) of that cluster?")
    return Usage(
        cpu=Quantity(round(cpu * 10**9)),
        memory=Quantity(math.ceil(memory) * 10**9, "Ki"),
        points=math.ceil(points or 0),
        days=days,
        oom=bool(oom),
    )


def _number(server: PrometheusClient, query: str, now: float) -> Fraction | None:
    """Return the single value of an instant query; None when there is none, or it is not a number.

    It is the shortest decimal that is that float, which is what the server wrote: its binary value would round up.
    """
    series = server.query(query, at=now).series
    value = series[0].samples[-1][1] if series else math.nan
    return Fraction(repr(value)) if math.isfinite(value) else None
