"""What a container used, asked of a Prometheus: the queries of KRR. Needs httpx, but only when it is used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.budget.rightsize import Usage
from atmos_cli.diagnostics import Code, fail
from atmos_cli.kube.quantity import Quantity

if TYPE_CHECKING:
    from atmos_cli.diagnostics import AtmosError

STEP = "75s"
_SECONDS = 30.0


def usage(url: str, *, namespace: str, workload: str, container: str, days: int) -> Usage:
    """Raises ATM412 when the server cannot be asked, or has no figures of that container."""
    pods = f'namespace="{namespace}",pod=~"{workload}-.*",container="{container}"'
    used = f"max by (pod) (rate(container_cpu_usage_seconds_total{{{pods}}}[{STEP}]))"
    held = f"container_memory_working_set_bytes{{{pods}}}"
    killed = f'kube_pod_container_status_last_terminated_reason{{reason="OOMKilled",{pods}}}'
    span = f"[{days}d:{STEP}]"
    cpu = _number(url, f"max(quantile_over_time(0.95, ({used}){span}))")
    memory = _number(url, f"max(max_over_time({held}{span}))")
    points = _number(url, f"sum(count_over_time({held}{span}))")
    oom = _number(url, f"max(max_over_time({killed}{span}))")
    if cpu is None or memory is None:
        message = f"{url} has no figures of the container `{container}` in `{namespace}`"
        raise fail(Code.USAGE_INVALID, message, hint="does it scrape the kubelet (cAdvisor) of that cluster?")
    nano = -(-cpu.numerator * 10**9 // cpu.denominator)
    return Usage(Quantity(nano), Quantity(_up(memory) * 10**9, "Ki"), _up(points or memory * 0), days, bool(oom))


def _up(number: Any) -> int:
    return int(-(-number.numerator // number.denominator))


def _number(url: str, query: str) -> Any:
    """The single value of an instant query as an exact fraction; None when there is none."""
    from fractions import Fraction

    try:
        import httpx
    except ImportError:
        raise fail(Code.USAGE_INVALID, "asking a Prometheus needs httpx", hint="pip install httpx") from None
    try:
        answer = httpx.get(f"{url.rstrip('/')}/api/v1/query", params={"query": query}, timeout=_SECONDS)
        answer.raise_for_status()
        result = answer.json()["data"]["result"]
        text = result[0]["value"][1] if result else None
        return Fraction(text) if text is not None else None
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _unusable(url, str(error)) from error
    except (ValueError, KeyError, TypeError, IndexError) as error:
        raise _unusable(url, "its answer is none of Prometheus") from error


def _unusable(url: str, why: str) -> AtmosError:
    from atmos_cli.adapters.git import plain

    said = plain(why).splitlines()[0] if why else "no answer"
    return fail(Code.USAGE_INVALID, f"{plain(url)} cannot be asked: {said}", hint="give the URL of a Prometheus")
