"""What an in-cluster engine asks Prometheus about a canary, made from the limits of the `verify:` block.

Only metrics that carry the name of the pod can tell the new version from the old one; counters of an Ingress or Gateway
cannot. A series that begins inside the window counts from zero: of a new pod all series do, and `increase()` alone does
not see their first value.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from atmos_cli.spec.verify import Settled

LOOKS: Final = 10
# Below these, a share says nothing: the same floors as those of `atmos verify`.
LEAST_REQUESTS: Final = 50
LEAST_ERRORS: Final = 5
LEAST_SLOW: Final = 10
# Prometheus promises an order only where values are sorted, so each count is lifted into a range of its own.
RANGE: Final = 10**9


@dataclass(frozen=True, slots=True)
class Counters:
    """The counter of requests, the histogram with seconds per unit, and the labels that tell a pod and a failure."""

    requests: str
    histogram: str
    unit: str
    failed: tuple[tuple[str, str], ...]
    only: str = ""
    namespace: str = "namespace"
    pod: str = "pod"


_5XX = "5..|5xx"
_LABELS = ("status", "code", "status_code", "http_status")
COUNTERS: Final[dict[str, Counters]] = {
    "generic-app": Counters(
        "http_requests_total", "http_request_duration_seconds_bucket", "1", tuple((label, _5XX) for label in _LABELS)
    ),
    "spring": Counters(
        "http_server_requests_seconds_count", "http_server_requests_seconds_bucket", "1", (("status", "5.."),)
    ),
    "opentelemetry": Counters(
        "http_server_request_duration_seconds_count",
        "http_server_request_duration_seconds_bucket",
        "1",
        (("http_response_status_code", "5.."),),
        namespace="k8s_namespace_name",
        pod="k8s_pod_name",
    ),
    "grpc": Counters(
        "grpc_server_handled_total",
        "grpc_server_handling_seconds_bucket",
        "1",
        (("grpc_code", "Unknown|DeadlineExceeded|ResourceExhausted|Internal|Unavailable|DataLoss"),),
    ),
    "istio-server": Counters(
        "istio_requests_total",
        "istio_request_duration_milliseconds_bucket",
        "0.001",
        (("response_code", "5.."),),
        only='reporter="destination"',
    ),
    "linkerd": Counters(
        "response_total",
        "response_latency_ms_bucket",
        "0.001",
        (("classification", "failure"),),
        only='direction="inbound"',
    ),
}
SCRAPED: Final = ("generic-app", "spring", "grpc")


def analysis(chosen: Settled, *, name: str, namespace: str, matchers: Mapping[str, str]) -> dict[str, Any]:
    """Return texts and numbers for the trees of an engine; `source` is empty if the requested one sees no pods."""
    source = "generic-app" if chosen.source == "auto" else chosen.source
    step = max(int(chosen.observe) // LOOKS, 30)
    window = max(300, 2 * step)
    found: dict[str, Any] = {
        "source": source if source in COUNTERS else "",
        "asked": chosen.source,
        "scraped": source in SCRAPED,
        "step": f"{step}s",
        "half": f"{max(int(chosen.observe) // 2, step)}s",
        "window": f"{window}s",
        "looks": LOOKS,
        "versions": ["stable", "canary"],
        "points": float(chosen.errors_absolute * 100),
    }
    if source in COUNTERS and chosen.engine == "argo-rollouts":
        hashed = (f"{name}-{{{{args.{version}-hash}}}}-[0-9a-z]{{5}}" for version in ("canary", "stable"))
        new, old = (_Pods(COUNTERS[source], pods, namespace, window=f"{window}s", matchers=matchers) for pods in hashed)
        found |= {"errors": _sorted_errors(new, old), "latency": _sorted_latency(new, old, chosen)}
        found |= _error_conditions(chosen) | _latency_conditions(chosen)
    elif source in COUNTERS and chosen.engine == "flagger":
        named = (f"{name}-[0-9a-z]+-[0-9a-z]{{5}}", f"{name}-primary-[0-9a-z-]+")
        new, old = (
            _Pods(COUNTERS[source], pods, namespace, window="{{ interval }}", matchers=matchers) for pods in named
        )
        found |= {"errors": _excess(new, old, chosen), "latency": _slower(new, old, chosen)}
    return found


@dataclass(frozen=True, slots=True)
class _Pods:
    """The pods of one version, by a pattern of their names."""

    counters: Counters
    pods: str
    namespace: str
    window: str
    matchers: Mapping[str, str]

    def select(self, metric: str, *more: str) -> str:
        counters = self.counters
        own = [f'{counters.namespace}="{self.namespace}"', f'{counters.pod}=~"{self.pods}"']
        added = [f"{label}={_quoted(value)}" for label, value in sorted(self.matchers.items())]
        return f"{metric}{{{', '.join([*own, *filter(None, [counters.only, *more]), *added])}}}"

    def requests(self) -> str:
        return self._count([self.select(self.counters.requests)])

    def errors(self) -> str:
        failed = self.counters.failed
        return self._count([self.select(self.counters.requests, f'{label}=~"{codes}"') for label, codes in failed])

    def _count(self, selectors: list[str]) -> str:
        """Count over the window. A request failed when any of its labels says so, but only once."""
        grown = "\n    or ".join(f"increase({each}[{self.window}])" for each in selectors)
        born = "\n    or ".join(
            f"(min_over_time({each}[{self.window}]) unless {each} offset {self.window})" for each in selectors
        )
        return f"(\n  (sum(\n    {grown}\n  ) or vector(0))\n  + (sum(\n    {born}\n  ) or vector(0))\n)"

    def observed(self) -> str:
        return self._count([self.select(self.counters.histogram, 'le="+Inf"')])

    def quantile(self, quantile: Fraction) -> str:
        """Return milliseconds; 0 when there is no such histogram, or nothing in it."""
        buckets = f"sum by (le) (increase({self.select(self.counters.histogram)}[{self.window}]))"
        unit = "1000" if self.counters.unit == "1" else "1"
        return f"((\n  {unit} * histogram_quantile({_number(quantile)}, {buckets}) >= 0\n) or vector(0))"


def _sorted_errors(new: _Pods, old: _Pods) -> str:
    """Return [requests and errors of the new version, those of the old one], each in its own range."""
    return _in_order(
        {
            "new-requests": new.requests(),
            "new-errors": new.errors(),
            "old-requests": old.requests(),
            "old-errors": old.errors(),
        }
    )


def _sorted_latency(new: _Pods, old: _Pods, chosen: Settled) -> str:
    """Return [requests of the new version, its quantile, that of the old one], each in its own range."""
    quantiles = {"new-ms": new.quantile(chosen.quantile), "old-ms": old.quantile(chosen.quantile)}
    return _in_order({"new-requests": new.observed(), **quantiles})


def _in_order(parts: Mapping[str, str]) -> str:
    lifted = [
        f'label_replace({index * RANGE} + {text}, "what", "{name}", "", "")'
        for index, (name, text) in enumerate(parts.items())
    ]
    return "sort(\n" + "\nor\n".join(lifted) + "\n)"


def _error_conditions(chosen: Settled) -> dict[str, str]:
    errors, total = f"(result[1] - {RANGE})", "result[0]"
    old_errors, old_total = f"(result[3] - {3 * RANGE})", f"(result[2] - {2 * RANGE})"
    enough = f"len(result) == 4 && {total} >= {LEAST_REQUESTS} && {old_total} >= {LEAST_REQUESTS}"
    worse = (
        f"{errors} >= {LEAST_ERRORS}"
        f" && {errors} / {total} >= {_number(1 + chosen.errors_increase)} * ({old_errors} + 0.5) / ({old_total} + 1)"
        f" && {errors} / {total} - {old_errors} / ({old_total} + 1) >= {_number(chosen.errors_absolute)}"
    )
    return {"good": f"{enough} && !({worse})", "bad": f"{enough} && {worse}"}


def _latency_conditions(chosen: Settled) -> dict[str, str]:
    """Return conditions; too few requests for a quantile are no reason to stop: the errors decide then."""
    new, old = f"(result[1] - {RANGE})", f"(result[2] - {2 * RANGE})"
    slower = f"{old} > 0 && {new} >= {_number(1 + chosen.latency_increase)} * {old}"
    if chosen.latency_most is not None:
        slower = f"({slower} || {new} > {_number(chosen.latency_most * 1000)})"
    slow = f"result[0] >= {_floor(chosen)} && {slower}"
    return {"fast": f"len(result) == 3 && !({slow})", "slow": f"len(result) == 3 && {slow}"}


def _excess(new: _Pods, old: _Pods, chosen: Settled) -> str:
    """Return points by which the canary's errors pass the limit; 0 while too few requests or errors were seen."""
    factor = _number(100 * (1 + chosen.errors_increase))
    return (
        f"(\n100 * {new.errors()} / clamp_min({new.requests()}, 1)\n"
        f"- {factor} * {old.errors()} / clamp_min({old.requests()}, 1)\n)\n"
        f"* ({new.requests()} >= bool {LEAST_REQUESTS})\n* ({new.errors()} >= bool {LEAST_ERRORS})"
    )


def _slower(new: _Pods, old: _Pods, chosen: Settled) -> str:
    """Return 1 when the canary is too slow, else 0; 0 while too few requests were seen."""
    mine, theirs = new.quantile(chosen.quantile), old.quantile(chosen.quantile)
    slower = f"({theirs} > bool 0)\n* ({mine} >= bool {_number(1 + chosen.latency_increase)} * {theirs})"
    if chosen.latency_most is not None:
        slower = f"clamp_max(\n{slower}\n+ ({mine} > bool {_number(chosen.latency_most * 1000)}), 1)"
    return f"({new.observed()} >= bool {_floor(chosen)})\n* {slower}"


def _floor(chosen: Settled) -> int:
    """Return so many requests that at least ten are beyond the quantile."""
    return max(LEAST_REQUESTS, -(-LEAST_SLOW // (1 - chosen.quantile)))


def _number(value: Fraction) -> str:
    """Return the shortest decimal text, without an exponent."""
    return f"{float(value):.6f}".rstrip("0").rstrip(".")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
