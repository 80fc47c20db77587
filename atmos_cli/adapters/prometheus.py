"""A server with Prometheus' HTTP API: Prometheus itself, Thanos, Mimir, VictoriaMetrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from atmos_cli.ports import Answer


class Prometheus:
    """`ports.Metrics` over HTTP. `secret` is a bearer token or `user:password`. Close it, or use it in a `with`."""

    def __init__(self, url: str, *, secret: str = "", tenant: str = "") -> None:
        raise NotImplementedError

    def query(self, promql: str, *, at: float) -> Answer:
        raise NotImplementedError

    def query_range(self, promql: str, *, start: float, end: float, step: float) -> Answer:
        raise NotImplementedError

    def close(self) -> None:
        raise NotImplementedError
