"""The `verify:` block of `service.yaml`: what counts as worse after a deployment, and what may be done about it.

Every field is absent unless written, so an environment can change one of them and keep the rest.
"""

from __future__ import annotations

import re
from collections.abc import Callable  # noqa: TC003 - beside the types that pydantic reads
from dataclasses import dataclass
from fractions import Fraction
from functools import reduce
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from atmos_cli.documents import Strict

_UNITS = {"ms": Fraction(1, 1000), "s": Fraction(1), "m": Fraction(60), "h": Fraction(3600)}
_DURATION = r"^[1-9][0-9]{0,5}(ms|s|m|h)$"
_PERCENT = r"^[0-9]{1,4}(\.[0-9]{1,3})?%$"

Source = Literal[
    "auto",
    "ingress-nginx",
    "istio-client",
    "istio-server",
    "envoy-gateway",
    "contour",
    "linkerd",
    "traefik",
    "opentelemetry",
    "spring",
    "grpc",
    "generic-app",
]
Engine = Literal["none", "argo-rollouts", "flagger"]
RollbackMode = Literal["off", "suggest", "branch", "auto"]
Migrations = Literal["unknown", "compatible"]
Quantile = Literal["p50", "p90", "p95", "p99"]


def seconds(duration: str) -> Fraction:
    """Return a duration in seconds, `10m` as 600; `duration` has the form that the model accepts."""
    number, unit = re.fullmatch(r"([0-9]+)([a-z]+)", duration).groups()  # type: ignore[union-attr]
    return int(number) * _UNITS[unit]


def share(percent: str) -> Fraction:
    """Return a percentage as an exact share: `0.2%` as 1/500."""
    return Fraction(percent.removesuffix("%")) / 100


def _is_a_duration(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number or (isinstance(value, str) and not re.fullmatch(_DURATION, value)):
        said = f"`{str(value)[:40]}` is no duration: write a whole number and ms, s, m or h, such as `90s` or `10m`"
        raise ValueError(said)
    return value


def _is_a_share(value: Any) -> Any:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if number or (isinstance(value, str) and not re.fullmatch(_PERCENT, value)):
        said = f"`{str(value)[:40]}` is no share: write a number and a percent sign, such as `50%` or `0.2%`"
        raise ValueError(said)
    return value


def _between(least: str, most: str, *, read: Callable[[str], Fraction]) -> AfterValidator:
    def checked(value: str) -> str:
        if not read(least) <= read(value) <= read(most):
            raise ValueError(f"`{value}` is not between {least} and {most}")
        return value

    return AfterValidator(checked)


def _number(value: Any) -> Any:
    """Refuse `true` and `"99.9"`, which Pydantic would take for numbers."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError("write a number without quotes and percent sign, such as `99.9`")  # noqa: TRY004 - as above
    return value


_Duration = Annotated[str, BeforeValidator(_is_a_duration)]
_Percent = Annotated[str, BeforeValidator(_is_a_share)]


def _text(pattern: str, *examples: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern, "examples": list(examples)})


Path = Annotated[str, StringConstraints(pattern=r"^/[^\s]*$", max_length=1024)]
Observe = Annotated[_Duration, _between("1m", "60m", read=seconds), _text(_DURATION, "10m", "15m")]
Slowest = Annotated[_Duration, _between("1ms", "10m", read=seconds), _text(_DURATION, "800ms", "2s")]
Increase = Annotated[_Percent, _between("1%", "9999%", read=share), _text(_PERCENT, "50%", "100%")]
Least = Annotated[_Percent, _between("0.001%", "50%", read=share), _text(_PERCENT, "0.2%", "1%")]
# 100 would leave no room for a single error, so everything would burn it at once.
Slo = Annotated[
    float,
    BeforeValidator(_number),
    Field(ge=50, le=99.9999),
    WithJsonSchema({"type": "number", "minimum": 50, "maximum": 99.9999, "examples": [99.9]}),
]


class Errors(
    Strict, json_schema_extra={"description": "How many more failed requests are too many. Both limits must be passed."}
):
    max_increase: Increase | None = Field(
        default=None, description="growth of the error share that fails it; 50% by default"
    )
    min_absolute: Least | None = Field(
        default=None, description="growth in points of all requests that also must be passed; 0.2% by default"
    )
    slo: Slo | None = Field(default=None, description="percent of requests that should succeed; 99.9 by default")


class Latency(Strict, json_schema_extra={"description": "How much slower is too slow."}):
    quantile: Quantile | None = Field(default=None, description="which part of the requests to show; p95 by default")
    max_increase: Increase | None = Field(default=None, description="growth that fails it; 50% by default")
    hard_max: Slowest | None = Field(
        default=None, description="slower than this fails however it was before; no limit by default"
    )


class Smoke(
    Strict,
    json_schema_extra={
        "description": "One request that verification sends itself when there is too little traffic to judge."
    },
):
    path: Path = Field(description="what is asked for with GET, such as `/healthz`")
    status: Annotated[int, Field(strict=True, ge=100, le=599)] = Field(
        default=200, description="the HTTP status that it must answer"
    )


class Rollback(
    Strict, json_schema_extra={"description": "What may happen when verification fails. A rollback is always a commit."}
):
    mode: RollbackMode | None = Field(
        default=None, description="`suggest` (default) prints the command; `branch` and `auto` write it; `off`"
    )
    migrations: Migrations | None = Field(
        default=None, description="`compatible`: the old version works with the new database schema"
    )


class Verify(
    Strict,
    json_schema_extra={
        "description": "What is watched after a deployment. "
        "Whatever is left out has a default that suits most services."
    },
):
    observe: Observe | None = Field(
        default=None, description="how long users are watched; 10m by default, 15m in production"
    )
    errors: Errors = Field(default=Errors(), description="limits of failed requests")
    latency: Latency = Field(default=Latency(), description="limits of slow requests")
    source: Source | None = Field(default=None, description="whose metrics count the requests; `auto` by default")
    routes: Annotated[tuple[Path, ...], Field(max_length=20)] | None = Field(
        default=None, description="routes told apart in messages, as in the metrics' label"
    )
    smoke: Annotated[tuple[Smoke, ...], Field(max_length=10)] | None = Field(
        default=None, description="requests to send when there is too little traffic"
    )
    engine: Engine | None = Field(
        default=None, description="what shifts the traffic step by step; `none` by default: a rolling update"
    )
    rollback: Rollback = Field(default=Rollback(), description="what may happen when it fails")


@dataclass(frozen=True, slots=True)
class Settled:
    """The block of one environment with every default filled in. Times are seconds, shares 0 to 1, all exact."""

    observe: Fraction
    errors_increase: Fraction
    errors_absolute: Fraction
    slo: Fraction
    quantile: Fraction
    latency_increase: Fraction
    latency_most: Fraction | None
    source: Source
    routes: tuple[str, ...]
    smoke: tuple[Smoke, ...]
    engine: Engine
    mode: RollbackMode
    migrations: Migrations


def settled(wide: Verify, narrow: Verify, *, production: bool) -> Settled:
    """Return the settings: of `narrow` (one environment's block), then `wide` (the spec's), then the default.

    A list replaces the other, it is not added to it.
    """

    def said(*path: str, default: Any) -> Any:
        found = (reduce(getattr, path, block) for block in (narrow, wide))
        return next((value for value in found if value is not None), default)

    most = said("latency", "hard_max", default=None)
    return Settled(
        observe=seconds(said("observe", default="15m" if production else "10m")),
        errors_increase=share(said("errors", "max_increase", default="50%")),
        errors_absolute=share(said("errors", "min_absolute", default="0.2%")),
        slo=Fraction(str(said("errors", "slo", default=99.9))) / 100,
        quantile=Fraction(said("latency", "quantile", default="p95")[1:]) / 100,
        latency_increase=share(said("latency", "max_increase", default="50%")),
        latency_most=None if most is None else seconds(most),
        source=said("source", default="auto"),
        routes=said("routes", default=()),
        smoke=said("smoke", default=()),
        engine=said("engine", default="none"),
        mode=said("rollback", "mode", default="suggest"),
        migrations=said("rollback", "migrations", default="unknown"),
    )
