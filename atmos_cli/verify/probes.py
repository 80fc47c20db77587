"""The grace of a container, after which a failing readiness probe counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.kube.shape import at, instant, mapping, number, text
from atmos_cli.verify.fields import said
from atmos_cli.verify.pods import containers

if TYPE_CHECKING:
    from atmos_cli.kube.resource import Resource
    from atmos_cli.verify.look import Look

_DAY = 86_400


def grace(container: Resource) -> float:
    """Return for how many seconds after its start a container may fail its readiness probe.

    A probe that may not fail even once (`failureThreshold: 1`) has only its first delay; then kubedog's estimate.
    """
    probe = mapping(container, "readinessProbe")
    if not probe:
        return 0.0
    delay, period, timeout, failures, successes = _numbers(probe)
    startup = mapping(container, "startupProbe")
    budget = 0
    if startup:
        first, every, _, times, _ = _numbers(startup)
        budget = first + every * times
    if failures == 1:
        return float(max(delay, budget))
    later = max(failures + successes - 3, 0) * period
    return max(delay + period, budget) + timeout + later + period / 2 + timeout


def _numbers(probe: Resource) -> tuple[int, int, int, int, int]:
    defaults = (("initialDelaySeconds", 0), ("periodSeconds", 10), ("timeoutSeconds", 1))
    delay, period, timeout = (min(max(number(probe, key, default=d), 0), _DAY) for key, d in defaults)
    failures = min(max(number(probe, "failureThreshold", default=3), 1), 1000)
    successes = min(max(number(probe, "successThreshold", default=1), 1), 1000)
    return delay, period or 10, timeout or 1, failures, successes


def describe(probe: Resource) -> str:
    """Describe what a probe asks: `GET /healthz on port http`; "" when it asks nothing."""
    for kind, verb in (("httpGet", "GET"), ("tcpSocket", "connect"), ("grpc", "gRPC health check")):
        asked = mapping(probe, kind)
        if asked:
            path = f" {text(asked, 'path') or '/'}" if kind == "httpGet" else ""
            port = at(asked, "port")
            return said(f"{verb}{path} on port {port if isinstance(port, str | int) else '?'}")
    command = at(probe, "exec", "command")
    words = " ".join(str(part) for part in command[:10]) if isinstance(command, list) else ""
    return said(f"`{words}`") if words else ""


def never_ready(pod: Resource, look: Look) -> tuple[str, str, float] | None:
    """Return (name, why, since when) of the first container that runs past its grace and is not ready; else None."""
    for spec, status in containers(pod):
        started = instant(status, "state", "running", "startedAt")
        if not started or at(status, "ready") is True or not mapping(spec, "readinessProbe"):
            continue
        since = started + grace(spec)
        if look.now < since:
            continue
        name = said(text(status, "name"))
        messages = [e.message for e in look.events_of(pod) if e.reason == "Unhealthy" and "eadiness" in e.message]
        fails = messages[-1] if messages else "its readiness probe fails"
        asks = describe(mapping(spec, "readinessProbe"))
        why = f"container {name}: not ready {look.now - started:.0f} s after its start: {fails}"
        return name, f"{why} ({asks})" if asks else why, since
    return None
