"""`service.yaml`: the intent made explicit. The only file that a developer must write."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    WithJsonSchema,
    model_validator,
)

from atmos_cli.diagnostics import Code
from atmos_cli.documents import Strict, read_model
from atmos_cli.spec.names import NAME, RESERVED, validate_name
from atmos_cli.spec.verify import Verify

API_VERSION: Final = "atmos-cli.dev/v1"

SizeClass = Literal["xs", "s", "m", "l", "xl"]


def _good_name(name: str) -> str:
    wrong = validate_name(name)
    if wrong:
        raise ValueError(f"{wrong.message}; {wrong.hint}")
    return name


def _no_address(host: str) -> str:
    if host.rpartition(".")[2].isdigit():
        raise ValueError("an address is no host; write a full name such as `shop.example.com`")
    return host


def _as_text(value: Any) -> Any:
    """Make a text of `8080` and `true`: a process sees text only. `1.10` is refused: YAML makes it `1.1`."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float):
        raise ValueError("a number with a point must stand in quotes, or YAML changes it")  # noqa: TRY004 - see Port
    return str(value) if isinstance(value, int) else value


def _quantity(value: Any) -> Any:
    """Accept `cpu: 1` and `cpu: 0.5` as quantities too, as in Kubernetes."""
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


_QUANTITY = r"^[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?$"
_QUANTITY_SCHEMA = {"anyOf": [{"type": "string", "pattern": _QUANTITY}, {"type": "number", "minimum": 0}]}

OwnName = Annotated[
    str, AfterValidator(_good_name), Field(json_schema_extra={"pattern": NAME, "not": {"enum": sorted(RESERVED)}})
]
# The catalogue of blueprints says which of them exist.
Noun = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9-]{0,30}$")]
ServiceName = Annotated[str, StringConstraints(pattern=NAME)]
PortName = Annotated[str, StringConstraints(pattern=r"^[a-z]([a-z0-9-]{0,13}[a-z0-9])?$")]
# Strict numbers: `port: yes` is not port 1, and `port: "80"` is text.
PortNumber = Annotated[int, Field(strict=True, ge=1, le=65535)]
TargetPort = Annotated[
    Annotated[PortName, Tag("name")] | Annotated[PortNumber, Tag("number")],
    Discriminator(lambda value: "name" if isinstance(value, str) else "number"),
]
Replicas = Annotated[int, Field(strict=True, ge=0, le=1000)]
Bound = Annotated[int, Field(strict=True, ge=1, le=1000)]
Seconds = Annotated[int, Field(strict=True, ge=1, le=3600)]
QuantityText = Annotated[
    str,
    StringConstraints(pattern=_QUANTITY, max_length=64),
    BeforeValidator(_quantity),
    WithJsonSchema(_QUANTITY_SCHEMA),
]
EnvName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$", max_length=253)]
EnvValue = Annotated[str, BeforeValidator(_as_text), WithJsonSchema({"type": ["string", "integer", "boolean"]})]
HttpPath = Annotated[str, StringConstraints(pattern=r"^/[^\s]*$", max_length=1024)]
_HOST = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)+$"
Host = Annotated[str, StringConstraints(pattern=_HOST, max_length=253), AfterValidator(_no_address)]


class Port(Strict, json_schema_extra={"description": "Clients use `service`; the process listens on `container`."}):
    service: PortNumber = Field(description="the port that clients connect to")
    container: PortNumber = Field(description="the port that the process listens on")

    @model_validator(mode="before")
    @classmethod
    def _number_is_both(cls, value: Any) -> Any:
        if isinstance(value, dict | Port):
            return value
        if isinstance(value, bool) or not isinstance(value, int):
            said = "write one number without quotes, such as `8080`, or both `service` and `container`"
            raise ValueError(said)  # noqa: TRY004 - pydantic collects a ValueError, a TypeError is a traceback
        return {"service": value, "container": value}


DEFAULT_PORT: Final = Port(service=80, container=8080)


class Probe(
    Strict,
    json_schema_extra={
        "description": "Seconds, except `failures`; what is not said is the default of the blueprint and the language."
    },
):
    path: HttpPath | None = Field(default=None, description="must answer 200 (/healthz, /readyz)")
    period: Seconds | None = Field(default=None, description="seconds between two probes")
    timeout: Seconds | None = Field(default=None, description="seconds until an answer counts as missing")
    failures: Bound | None = Field(default=None, description="missed answers in a row before Kubernetes acts")
    delay: Annotated[int, Field(strict=True, ge=0, le=3600)] | None = Field(
        default=None, description="seconds before the first probe"
    )


class Probes(Strict, json_schema_extra={"description": "What is left out comes from the language's defaults."}):
    startup: Probe = Field(default=Probe(), description="has it started? the other probes wait for this one")
    readiness: Probe = Field(default=Probe(), description="may it get traffic? checked all the time")
    liveness: Probe = Field(default=Probe(), description="is it stuck? if so, it is restarted")


class SecretKey(
    Strict,
    json_schema_extra={
        "description": "A key of a Secret in the service's namespace; the value itself never stands in Git."
    },
):
    secret: Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")] = Field(
        description="name of the Secret"
    )
    key: Annotated[str, StringConstraints(pattern=r"^[-._a-zA-Z0-9]+$", max_length=253)] = Field(
        description="key in the Secret"
    )


class Resources(
    Strict,
    json_schema_extra={
        "description": "Requests of the main container; `memory` is also its limit unless `memoryLimit` says otherwise."
    },
):
    cpu: QuantityText = Field(description="CPU request, such as `250m` or `1`")
    memory: QuantityText = Field(description="memory request, such as `256Mi`")
    cpu_limit: QuantityText | None = Field(default=None, description="CPU limit; none by default")
    memory_limit: QuantityText | None = Field(default=None, description="memory limit; the request by default")


class Scaling(
    Strict, json_schema_extra={"description": "Replicas between `min` and `max`, by CPU use in percent of the request."}
):
    min: Bound = Field(default=2, description="fewest replicas")
    max: Bound = Field(default=6, description="most replicas; a budget counts these")
    cpu: Bound = Field(default=70, description="CPU use to aim for, in percent of the request")

    @model_validator(mode="after")
    def _max_is_not_below_min(self) -> Scaling:
        if self.max < self.min:
            raise ValueError(f"`max` ({self.max}) must not be below `min` ({self.min})")
        return self


class Volume(
    Strict,
    json_schema_extra={
        "description": "A writable directory: `temporary` (lost with the pod) "
        "or `persistent` (one claim, so one replica)."
    },
):
    path: HttpPath = Field(description="absolute path in the container")
    size: QuantityText = Field(default="1Gi", description="how much it can hold, such as `1Gi`")
    kind: Literal["temporary", "persistent"] = Field(
        default="temporary", description="`temporary` is lost with the pod; `persistent` allows one replica only"
    )


class Dependency(
    Strict,
    json_schema_extra={"description": "Another service that this one calls; its address arrives as `<SERVICE>_URL`."},
):
    service: ServiceName = Field(description="name of the other service")
    port: PortNumber = Field(default=80, description="the port its clients use")
    target_port: TargetPort = Field(
        default="http", description="the port of its pods behind that, by name or number: the only one that is opened"
    )
    team: ServiceName | None = Field(default=None, description="its team, when it is not this service's own")


AddonInputs = dict[str, str | int | bool]


class Overrides(
    Strict,
    json_schema_extra={
        "description": "What may differ in one environment; the rest of the spec is the same everywhere."
    },
):
    image: str | None = Field(default=None, description="`registry/name:tag` in this environment")
    replicas: Replicas | None = Field(default=None, description="how many pods run in this environment")
    size: SizeClass | Resources | None = Field(default=None, description="size in this environment")
    scaling: Scaling | None = Field(default=None, description="bounds of autoscaling in this environment")
    env: dict[EnvName, EnvValue] = Field(default={}, description="environment variables added or changed here")
    hosts: tuple[Host, ...] | None = Field(default=None, description="public host names in this environment")
    addons: dict[str, AddonInputs] = Field(default={}, description="settings of add-ons in this environment")
    verify: Verify = Field(default=Verify(), description="what verification does otherwise in this environment")


class ServiceSpec(
    Strict,
    json_schema_extra={
        "description": "One service. Environment names under `environments` are those of `atmos-cli.yaml`."
    },
):
    api_version: Literal["atmos-cli.dev/v1"] = Field(default=API_VERSION, description="version of this format")
    kind: Literal["Service"] = Field(default="Service", description="always `Service`")
    name: OwnName = Field(description="name of the service, the same as its directory; it never changes")
    type: Noun = Field(default="web", description="the workload: web answers requests on a port")
    language: Noun = Field(description="decides defaults of memory, probes, user and writable directories")
    framework: Noun | None = Field(
        default=None, description="decides those defaults instead of its language, and how add-ons are found"
    )
    image: str | None = Field(default=None, description="`registry/name:tag`; the tag is only the first one to deploy")
    port: Port | None = Field(
        default=None, description="one number for both, or `service` and `container`; by default 80 and 8080"
    )
    size: SizeClass | Resources = Field(default="s", description="`xs` to `xl`, or exact `cpu` and `memory`")
    replicas: Replicas | None = Field(default=None, description="how many pods run; by default the environment decides")
    scaling: Scaling | None = Field(default=None, description="bounds of autoscaling")
    hosts: tuple[Host, ...] = Field(default=(), description="public host names; by default `<name>.<domain>`")
    probes: Probes = Field(default=Probes(), description="how Kubernetes asks whether the process is well")
    env: dict[EnvName, EnvValue] = Field(default={}, description="environment variables; never passwords")
    secrets: dict[EnvName, SecretKey] = Field(default={}, description="environment variables that come from Secrets")
    volumes: dict[ServiceName, Volume] = Field(default={}, description="writable directories, by name")
    dependencies: tuple[Dependency, ...] = Field(default=(), description="other services that this one calls")
    addons: dict[str, AddonInputs] = Field(
        default={}, description="what it needs beside itself, such as `postgres: {}`"
    )
    verify: Verify = Field(default=Verify(), description="when a deployment counts as worse, and what happens then")
    environments: dict[str, Overrides] = Field(default={}, description="what differs, by environment")

    @model_validator(mode="after")
    def _every_name_is_used_once(self) -> ServiceSpec:
        both = sorted(set(self.env) & set(self.secrets))
        if both:
            raise ValueError(f"`{both[0]}` stands under both `env` and `secrets`")
        paths = [volume.path for volume in self.volumes.values()]
        if len(set(paths)) != len(paths):
            raise ValueError("two volumes have the same `path`")
        return self


def read_spec(data: bytes, *, path: str) -> ServiceSpec:
    return read_model(ServiceSpec, data, path=path, code=Code.SPEC_INVALID)
