"""`atmos-cli.yaml`: environments, clusters, engines and Git settings of one GitOps repo. Marks its root."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Annotated, Any, Literal, Protocol

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

from atmos_cli.cluster_settings import BackupStore, ClusterSettings, DnsLabel, HttpEntry, Monitoring
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, fail
from atmos_cli.documents import Strict, check_model, read_mapping
from atmos_cli.kube.image_reference import is_image_name
from atmos_cli.kube.names import dns_subdomain
from atmos_cli.kube.quantity import ZERO, parse
from atmos_cli.kube.secret_shapes import shape
from atmos_cli.promotion import Promotion  # noqa: TC001 - pydantic reads it
from atmos_cli.team_settings import Team  # noqa: TC001 - pydantic reads it
from atmos_cli.tool_settings import Forge, Tool
from atmos_cli.yamlio.locate import field_of, located

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from pydantic import BaseModel

FILE = "atmos-cli.yaml"

WriteMode = Literal["files", "commit", "branch"]
# Both end up in templates of an engine and in a workflow, where braces and white space would change the meaning.
Url = Annotated[str, StringConstraints(pattern=r"^[^\s{}\"'`]+$", max_length=2048)]
BRANCH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./+-]{0,199}")
Branch = Annotated[str, StringConstraints(pattern=rf"^{BRANCH.pattern}$")]


def _is_a_quantity(value: Any) -> Any:
    text = str(value) if isinstance(value, int | float) and not isinstance(value, bool) else value
    try:
        positive = not isinstance(text, str) or parse(text) > ZERO
    except AtmosError as error:
        raise ValueError(error.diagnostics[0].message) from None
    if not positive:
        raise ValueError(f"`{value}` is not more than nothing")
    return text


Amount = Annotated[str, BeforeValidator(_is_a_quantity)]


def _is_a_version(value: Any) -> Any:
    if not isinstance(value, str) or not re.fullmatch(r"1\.\d{2}", value, re.ASCII):
        raise ValueError('write major and minor version in quotes, such as "1.34"')
    return value


def _is_a_domain(value: str) -> str:
    if wrong := dns_subdomain(value):
        raise ValueError(f'"{value[:60]}" {wrong}; write a domain alone, such as `shop.example.com`')
    return value


def _begins_images(value: str) -> str:
    # One that holds a secret is repeated in no message: the check of secrets says where it stands.
    if not is_image_name(f"{value}/service") and not shape(value):
        raise ValueError(
            f'no image can begin with "{value[:60]}/"; write it without scheme, in lower case, such as `ghcr.io/acme`'
        )
    return value


KubernetesVersion = Annotated[str, BeforeValidator(_is_a_version), StringConstraints(pattern=r"^1\.\d{2}$")]


class Git(Strict):
    url: Url = "https://git.example.com/platform/gitops.git"
    branch: Branch = "main"
    secret: str = Field(default="", description="Secret with which the engine reads the repo; empty for a public one")
    write: WriteMode = "commit"
    push: bool = False


class Prometheus(Strict):
    """A server with Prometheus' HTTP API; Thanos, Mimir and VictoriaMetrics with the path of theirs in `url`."""

    url: Url
    token_env: str = Field(default="", description="environment variable that holds a bearer token, or `user:password`")
    tenant: str = Field(default="", description="sent as X-Scope-OrgID")
    matchers: dict[str, str] = Field(default={}, description="labels that every query adds, such as `cluster: eu`")


class Cluster(ClusterSettings):
    engine: str = "argocd"
    # What a file of version 1 means that says nothing: it never changes. `init` writes the version out.
    kubernetes: KubernetesVersion = "1.34"
    context: str = Field(default="", description="kubeconfig context of this cluster; by default its name")
    hub: str = Field(
        default="", description="kubeconfig context of the cluster where its engine runs; by default itself"
    )
    prometheus: Prometheus | None = None


class Http(HttpEntry):
    """How traffic from outside reaches a service here: what is set counts before what the cluster says."""

    domain: Annotated[str, AfterValidator(_is_a_domain)] = "example.com"
    issuer: str = Field(default="letsencrypt", description="cert-manager ClusterIssuer; empty: no TLS")


class Secrets(Strict):
    """Set where the External Secrets operator runs; `store` is the ClusterSecretStore to read from."""

    store: str


class Environment(Strict, extra="allow"):
    """Every other key is a blueprint, with what it declares as `settings`: kept as written, for the catalogue."""

    cluster: DnsLabel
    production: bool = False
    replicas: int = Field(default=1, ge=1, le=1000)
    http: Http = Http()
    monitoring: Monitoring | None = None
    secrets: Secrets | None = None
    backup: BackupStore = BackupStore()
    promotion: Promotion | None = Field(default=None, description="what a version must have shown before it comes here")

    @property
    def settings(self) -> dict[str, Any]:
        """Return the settings of blueprints, by the blueprint's name."""
        return dict(self.model_extra or {})


ENVIRONMENT_KEYS = tuple(field.alias or name for name, field in Environment.model_fields.items())


class Hub(Strict):
    """The cluster where an engine keeps its own objects, which others use as well.

    Without `prefix` (files of atmos before 2026-12) names are such as `root`, `platform`, and a team's own.
    """

    prefix: Annotated[str, StringConstraints(pattern=r"^([a-z]([-a-z0-9]{0,20}[a-z0-9])?-)?$")] = Field(
        default="", description="what every name on the hub begins with that atmos gives"
    )


class Config(Strict):
    version: Literal[1] = 1
    git: Git = Git()
    hub: Hub = Hub()
    registry: Annotated[str, AfterValidator(_begins_images)] = "registry.example.com"
    forge: Forge = Field(default="github", description="where the repo is, for its pipelines")
    tool: Tool = Tool()
    teams: dict[DnsLabel, Team] = Field(default={}, description="what is said of teams; who has a tenant is one")
    clusters: dict[DnsLabel, Cluster] = Field(min_length=1)
    environments: dict[DnsLabel, Environment] = Field(min_length=1)

    def engine(self, environment: str) -> str:
        return self.clusters[self.environments[environment].cluster].engine

    def on_cluster(self, cluster: str) -> tuple[str, ...]:
        """Return the environments that `cluster` hosts, in the order of the file."""
        return tuple(name for name, env in self.environments.items() if env.cluster == cluster)

    def named(self, environments: tuple[str, ...]) -> tuple[str, ...]:
        """Return `environments`, or all of them when none is named. Raises ATM702 for one that is not configured."""
        for name in environments:
            if name not in self.environments:
                close = difflib.get_close_matches(name[:80], self.environments, n=1)
                hint = f"did you mean `{close[0]}`?" if close else f"use one of: {', '.join(self.environments)}"
                raise fail(Code.ENVIRONMENT_UNKNOWN, f"there is no environment `{name}`", hint=hint)
        return tuple(name for name in self.environments if not environments or name in environments)


class OwnConfig(Strict):
    """A user's own file: what may be sent although no base branch says where to."""

    allowed_token_env: tuple[str, ...] = Field(
        default=(), description="environment variables whose content may be sent"
    )
    allowed_contexts: tuple[str, ...] = Field(default=(), description="kubeconfig contexts that may be used")


class Blueprints(Protocol):
    """What is asked of the blueprints of a repo: the settings that each has, and what its types of clusters forbid.

    `misfits` yields the place, the message and the hint of each.
    """

    def settings(self, name: str) -> type[BaseModel] | None: ...
    def settable(self) -> tuple[str, ...]: ...
    def misfits(self, config: Config) -> Iterator[tuple[tuple[str | int, ...], str, str]]: ...


def read_config(data: bytes, blueprints: Blueprints | None = None, *, engines: Collection[str]) -> Config:
    """Read atmos-cli.yaml; `engines` are the names that a cluster may have there.

    Raises AtmosError ATM701 with the place of each invalid field. Without `blueprints`, what environments set of them
    is not looked at: who only asks for a cluster need not know.
    """
    value = read_mapping(data, path=FILE, code=Code.CONFIG_INVALID)
    found: list[Diagnostic] = []
    try:
        config = check_model(Config, value, data=data, path=FILE, code=Code.CONFIG_INVALID)
        found += [
            *_homeless(config, data),
            *_of_no_engine(config, data, engines),
            *_promoted_from_nowhere(config, data),
        ]
        found += _misfits(config, data, blueprints) if blueprints and not found else ()
    except AtmosError as error:
        found += error.diagnostics
    found += _settings(value, data, blueprints) if blueprints else ()
    if found:
        raise AtmosError(*found)
    return config


def _homeless(config: Config, data: bytes) -> Iterator[Diagnostic]:
    for name, environment in config.environments.items():
        if environment.cluster not in config.clusters:
            where = located(data, 0, ("environments", name, "cluster"), file=FILE)
            message = f"environment `{name}` is on cluster `{environment.cluster}`, which is not one of the clusters"
            hint = f"use one of: {', '.join(config.clusters)}"
            yield Diagnostic(Code.CONFIG_INVALID, message, where=where, hint=hint)


def _of_no_engine(config: Config, data: bytes, engines: Collection[str]) -> Iterator[Diagnostic]:
    for name, cluster in config.clusters.items():
        if cluster.engine not in engines:
            where = located(data, 0, ("clusters", name, "engine"), file=FILE)
            message = f"cluster `{name}` has the engine `{cluster.engine}`, which atmos does not know"
            hint = f"use one of: {', '.join(engines)}"
            yield Diagnostic(Code.CONFIG_INVALID, message, where=where, hint=hint)


def _promoted_from_nowhere(config: Config, data: bytes) -> Iterator[Diagnostic]:
    for name, environment in config.environments.items():
        source = environment.promotion.source if environment.promotion else ""
        if source and (source == name or source not in config.environments):
            where = located(data, 0, ("environments", name, "promotion", "from"), file=FILE)
            what = "itself" if source == name else f"`{source}`, which is not one of the environments"
            message = f"environment `{name}` takes its versions from {what}"
            others = [each for each in config.environments if each != name]
            hint = f"use one of: {', '.join(others)}" if others else "remove it"
            yield Diagnostic(Code.CONFIG_INVALID, message, where=where, hint=hint)


def _misfits(config: Config, data: bytes, blueprints: Blueprints) -> Iterator[Diagnostic]:
    for place, message, hint in blueprints.misfits(config):
        yield Diagnostic(Code.CONFIG_INVALID, message, where=located(data, 0, place, file=FILE), hint=hint)


def _settings(value: dict[str, Any], data: bytes, blueprints: Blueprints) -> Iterator[Diagnostic]:
    environments = value.get("environments")
    for name, environment in environments.items() if isinstance(environments, dict) else ():
        for key, given in environment.items() if isinstance(environment, dict) else ():
            if key in ENVIRONMENT_KEYS or not isinstance(key, str):
                continue
            place = ("environments", name, key)
            model = blueprints.settings(key)
            if model is None:
                message = f"unknown field `{field_of(place)}` in `{FILE}`"
                close = difflib.get_close_matches(key, (*ENVIRONMENT_KEYS, *blueprints.settable()), n=1)
                hint = f"did you mean `{close[0]}`?" if close else "remove it, or see docs/repo.md for what is allowed"
                yield Diagnostic(Code.CONFIG_INVALID, message, where=located(data, 0, place, file=FILE), hint=hint)
                continue
            try:
                check_model(model, given, data=data, path=FILE, code=Code.CONFIG_INVALID, at=place)
            except AtmosError as error:
                yield from error.diagnostics


def namespace(team: str, environment: str) -> str:
    """Return the namespace of a team in an environment; identity comes from the path, never from a file's content."""
    return f"{team}-{environment}"


def deployer(team: str) -> str:
    """Return the ServiceAccount that an engine impersonates for a team."""
    return f"{team}-deployer"
