"""The sources of request counts, by the names that each ingress, mesh and library gives them.

Names and labels are those of the projects' own documentation and source at the end of 2025; edge sources come first,
because only they see requests that never reached a pod.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from atmos_cli.verify.traffic.promql import Matcher, filled, selector

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.verify.model import Target

POD = "$wl-[0-9a-f]{6,10}-[0-9a-z]{5}"
HTTP_5XX = "5(..|xx)"


@dataclass(frozen=True, slots=True)
class SourceKind:
    """One kind of source. `bad`: the first of these labels that a series carries decides, by an anchored regex.

    `histogram` has the same matchers as `metric`; its bounds are in `unit` seconds. `siblings` are matchers for the
    traffic of everyone else behind the same edge.
    """

    name: str
    metric: str
    matchers: tuple[Matcher, ...]
    bad: tuple[tuple[str, str], ...]
    histogram: str = ""
    unit: float = 1.0
    routes: tuple[str, ...] = ()
    siblings: tuple[Matcher, ...] = ()
    edge: bool = False


@dataclass(frozen=True, slots=True)
class TrafficSource:
    """A kind of source filled in for one target: complete selectors, without a range. `histogram` may be empty."""

    name: str
    requests: str
    bad: tuple[tuple[str, str], ...]
    histogram: str = ""
    unit: float = 1.0
    routes: tuple[str, ...] = ()
    siblings: str = ""
    edge: bool = False

    def is_bad(self, labels: Mapping[str, str]) -> bool:
        """Check whether requests counted under `labels` failed."""
        for label, pattern in self.bad:
            if labels.get(label):
                return _anchored(pattern).match(labels[label]) is not None
        return False

    def code(self, labels: Mapping[str, str]) -> str:
        """Return the status of requests counted under `labels`; "" when no label says it."""
        return next((labels[label] for label, _ in self.bad if labels.get(label)), "")

    def route(self, labels: Mapping[str, str]) -> str:
        return next((labels[label] for label in self.routes if labels.get(label)), "")


@lru_cache(maxsize=64)
def _anchored(pattern: str) -> re.Pattern[str]:
    return re.compile(f"(?:{pattern})\\Z", re.ASCII)


_NAMESPACE: Matcher = ("namespace", "=", "$ns")
_PODS: tuple[Matcher, ...] = (_NAMESPACE, ("pod", "=~", POD))
_CODES = tuple((label, HTTP_5XX) for label in ("status", "code", "status_code", "http_status"))
_PATHS = ("route", "path", "handler", "uri", "endpoint_name")

KINDS: tuple[SourceKind, ...] = (
    SourceKind(
        name="ingress-nginx",
        metric="nginx_ingress_controller_requests",
        matchers=(_NAMESPACE, ("service", "=", "$svc")),
        bad=(("status", HTTP_5XX),),
        histogram="nginx_ingress_controller_request_duration_seconds_bucket",
        routes=("path",),
        siblings=(("service", "!=", "$svc"),),
        edge=True,
    ),
    SourceKind(
        name="istio-client",
        metric="istio_requests_total",
        matchers=(
            ("reporter", "=~", "source|waypoint"),
            ("destination_service_namespace", "=", "$ns"),
            ("destination_service_name", "=", "$svc"),
        ),
        bad=(("response_code", "5..|0"),),
        histogram="istio_request_duration_milliseconds_bucket",
        unit=0.001,
        siblings=(("reporter", "=~", "source|waypoint"), ("destination_service_name", "!=", "$svc")),
        edge=True,
    ),
    SourceKind(
        name="istio-server",
        metric="istio_requests_total",
        matchers=(
            ("reporter", "=", "destination"),
            ("destination_workload_namespace", "=", "$ns"),
            ("destination_workload", "=", "$wl"),
        ),
        bad=(("response_code", "5.."),),
        histogram="istio_request_duration_milliseconds_bucket",
        unit=0.001,
    ),
    SourceKind(
        name="envoy-gateway",
        metric="envoy_cluster_upstream_rq_xx",
        matchers=(("envoy_cluster_name", "=~", "(httproute|grpcroute)/$ns/$svc/rule/.*"),),
        bad=(("envoy_response_code_class", "5"),),
        histogram="envoy_cluster_upstream_rq_time_bucket",
        unit=0.001,
        siblings=(("envoy_cluster_name", "!~", "(httproute|grpcroute)/$ns/$svc/rule/.*"),),
        edge=True,
    ),
    SourceKind(
        name="contour",
        metric="envoy_cluster_upstream_rq",
        matchers=(("envoy_cluster_name", "=~", "$ns[_]$svc[_][0-9a-zA-Z-]+"),),
        bad=(("envoy_response_code", "5.."),),
        histogram="envoy_cluster_upstream_rq_time_bucket",
        unit=0.001,
        siblings=(("envoy_cluster_name", "!~", "$ns[_]$svc[_][0-9a-zA-Z-]+"),),
        edge=True,
    ),
    SourceKind(
        name="linkerd",
        metric="response_total",
        matchers=(_NAMESPACE, ("deployment", "=", "$wl"), ("direction", "=", "inbound")),
        bad=(("classification", "failure"),),
        histogram="response_latency_ms_bucket",
        unit=0.001,
    ),
    SourceKind(
        name="traefik",
        metric="traefik_service_requests_total",
        matchers=(("service", "=~", "$ns-$svc-.*@kubernetes.*"),),
        bad=(("code", HTTP_5XX),),
        histogram="traefik_service_request_duration_seconds_bucket",
        siblings=(("service", "!~", "$ns-$svc-.*@kubernetes.*"),),
        edge=True,
    ),
    SourceKind(
        name="opentelemetry",
        metric="http_server_request_duration_seconds_count",
        matchers=(("k8s_namespace_name", "=", "$ns"), ("k8s_deployment_name", "=", "$wl")),
        bad=(("http_response_status_code", "5.."), ("error_type", ".+")),
        histogram="http_server_request_duration_seconds_bucket",
        routes=("http_route",),
    ),
    SourceKind(
        name="spring",
        metric="http_server_requests_seconds_count",
        matchers=_PODS,
        bad=(("status", "5.."), ("outcome", "SERVER_ERROR")),
        histogram="http_server_requests_seconds_bucket",
        routes=("uri",),
    ),
    SourceKind(
        name="grpc",
        metric="grpc_server_handled_total",
        matchers=_PODS,
        bad=(("grpc_code", "Unknown|DeadlineExceeded|ResourceExhausted|Internal|Unavailable|DataLoss"),),
        histogram="grpc_server_handling_seconds_bucket",
        routes=("grpc_method",),
    ),
    *(
        SourceKind(
            name=f"generic-app{suffix}",
            metric=metric,
            matchers=_PODS,
            bad=_CODES,
            histogram="http_request_duration_seconds_bucket",
            routes=_PATHS,
        )
        for suffix, metric in (
            ("", "http_requests_total"),
            ("-duration", "http_request_duration_seconds_count"),
            ("-requests", "requests_total"),
        )
    ),
)


def fill(kind: SourceKind, target: Target, extra: Mapping[str, str]) -> TrafficSource:
    """Fill in `kind` for `target`; each matcher of `extra` is added to every selector."""
    values = {"ns": target.namespace, "svc": target.service, "wl": target.workload}
    added: tuple[Matcher, ...] = tuple((label, "=", value) for label, value in sorted(extra.items()))

    def select(metric: str, matchers: tuple[Matcher, ...]) -> str:
        done = ((name, op, filled(text, values, regex=op in ("=~", "!~"))) for name, op, text in matchers)
        return selector(metric, (*done, *added))

    return TrafficSource(
        name=kind.name,
        requests=select(kind.metric, kind.matchers),
        bad=kind.bad,
        histogram=select(kind.histogram, kind.matchers) if kind.histogram else "",
        unit=kind.unit,
        routes=kind.routes,
        siblings=select(kind.metric, kind.siblings) if kind.siblings else "",
        edge=kind.edge,
    )


def candidates(target: Target, wanted: str, extra: Mapping[str, str]) -> tuple[TrafficSource, ...]:
    """Return every source to try, edge before server side; only those named `wanted` unless that is `auto`."""
    kinds = [kind for kind in KINDS if wanted in ("auto", kind.name) or kind.name.startswith(f"{wanted}-")]
    return tuple(fill(kind, target, extra) for kind in sorted(kinds, key=lambda kind: not kind.edge))
