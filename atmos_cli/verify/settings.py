"""The limits of a judge, from the `verify:` block of a spec for one environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.clusters.facts import http_facts
from atmos_cli.diagnostics import Code, fail
from atmos_cli.spec.model import Overrides
from atmos_cli.spec.verify import settled
from atmos_cli.verify.model import Limits

if TYPE_CHECKING:
    from atmos_cli.clusters.facts import ClusterKinds
    from atmos_cli.config import Config
    from atmos_cli.spec.model import ServiceSpec

# Sources that count requests before they reach a service: each sees only requests through its own kind of entry.
OUTSIDE = {
    "ingress-nginx": ("ingress",),
    "envoy-gateway": ("gateway",),
    "contour": ("ingress", "gateway"),
    "traefik": ("ingress", "gateway"),
}


def limits(spec: ServiceSpec, environment: str, config: Config, kinds: ClusterKinds) -> Limits:
    """Return the limits for one environment: shares from 0 to 1, times in seconds, `smoke` as `PATH STATUS`.

    `kinds` say what kind of entry a controller is.

    Raises ATM702 for an environment that is not configured, ATM801 for a source that cannot see the service there.
    """
    config.named((environment,))
    where = config.environments[environment]
    narrow = spec.environments.get(environment, Overrides()).verify
    chosen = settled(spec.verify, narrow, production=where.production)
    http = http_facts(config.clusters[where.cluster], where.http, kinds)
    _can_see(chosen.source, spec, environment, kind=http.kind)
    return Limits(
        observe=float(chosen.observe),
        errors_increase=float(chosen.errors_increase),
        errors_absolute=float(chosen.errors_absolute),
        slo=float(chosen.slo),
        latency_quantile=float(chosen.quantile),
        latency_increase=float(chosen.latency_increase),
        latency_most=None if chosen.latency_most is None else float(chosen.latency_most),
        routes=chosen.routes,
        smoke=tuple(f"{probe.path} {probe.status}" for probe in chosen.smoke),
        source=chosen.source,
        rollback=chosen.mode,
        migrations=chosen.migrations,
    )


def _can_see(source: str, spec: ServiceSpec, environment: str, *, kind: str) -> None:
    if source not in OUTSIDE:
        return
    if "http" not in spec.addons:
        message = f"`verify.source` of {spec.name} is {source}, but nothing reaches it from outside in '{environment}'"
        hint = "write `source: auto`, or add `http: {}` under `addons` in service.yaml"
    elif kind not in OUTSIDE[source]:
        message = f"`verify.source` of {spec.name} is {source}, but '{environment}' is entered through its {kind}"
        hint = f"set `environments.{environment}.verify.source: auto` in service.yaml"
    else:
        return
    raise fail(Code.VERIFY_SETTINGS, message, hint=hint)
