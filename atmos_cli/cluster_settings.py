"""What `atmos-cli.yaml` may say of a cluster's network, names, users and storage; absent is what its type says."""

from __future__ import annotations

import ipaddress
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Discriminator, Field, StringConstraints, Tag, model_validator

from atmos_cli.documents import Strict

DnsLabel = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
ObjectName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$")]
LabelKey = Annotated[
    str, StringConstraints(pattern=r"^([a-z0-9][a-z0-9.-]*/)?[A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$")
]
LabelValue = Annotated[str, StringConstraints(pattern=r"^([A-Za-z0-9]([A-Za-z0-9._-]{0,61}[A-Za-z0-9])?)?$")]
PortNumber = Annotated[int, Field(ge=1, le=65535)]
NetworkDialect = Literal["kubernetes", "cilium", "aws", "none"]
IpFamily = Literal[4, 6]
SourceWord = Literal["nodes", "ingress", "gateway", "anyone"]


def _some(values: tuple[Any, ...]) -> tuple[Any, ...]:
    if not values:
        raise ValueError("name at least one, or leave it out")
    return values


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value))
    except ValueError as error:
        raise ValueError(f"`{value[:60]}` is no network such as `10.0.0.0/16`: {error}") from None


# A length of the field itself would be one more fault of a list whose items are wrong.
Ports = Annotated[tuple[PortNumber, ...], AfterValidator(_some)]
Cidr = Annotated[str, AfterValidator(_network)]


def _written_as(value: Any) -> str:
    return "word" if isinstance(value, str) else "mapping"


class DnsServers(Strict):
    """Who answers names, as a policy sees it: after the translation of a Service's address. No peers: anyone."""

    ports: Ports = (53,)
    namespaces: tuple[DnsLabel, ...] = ()
    cidrs: tuple[Cidr, ...] = ()
    host: bool = Field(default=False, description="the pod's own node, which only Cilium can name")


Dns = Annotated[
    Annotated[Literal["any", "cluster"], Tag("word")] | Annotated[DnsServers, Tag("mapping")],
    Discriminator(_written_as),
]


class AllowedSource(Strict):
    """Who may connect: pods of a namespace (with `labels`: only those), of namespaces with `labels`, or addresses."""

    namespace: DnsLabel | None = None
    labels: dict[LabelKey, LabelValue] = Field(default={})
    cidr: Cidr | None = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> AllowedSource:
        pods = self.namespace is not None or bool(self.labels)
        if pods == (self.cidr is not None):
            raise ValueError("name either a `namespace`, `labels` or both, or a `cidr`")
        return self


Source = Annotated[
    Annotated[SourceWord, Tag("word")] | Annotated[AllowedSource, Tag("mapping")], Discriminator(_written_as)
]
Sources = Annotated[tuple[Source, ...], AfterValidator(_some)]


class HttpEntry(Strict):
    """How traffic from outside comes in, and from whom. What is absent is as `controller` has it."""

    controller: str | None = Field(default=None, description="a row of controllers.yaml, which fills the rest")
    kind: Literal["ingress", "gateway"] | None = None
    class_name: str | None = Field(default=None, alias="class")
    gateway: str | None = None
    namespace: DnsLabel | None = Field(default=None, description="where the Gateway is, or the proxies are")
    sources: Sources | None = Field(default=None, alias="from", description="who connects to the pods")


class Monitoring(Strict):
    """Set where the CRDs of a Prometheus exist: its objects, where it scrapes from, the labels it selects them by."""

    kind: Literal["prometheus", "gmp", "azure"] | None = None
    namespace: DnsLabel | None = None
    labels: dict[LabelKey, LabelValue] | None = None


class BackupStore(Strict):
    """Where backups of databases go to; the address stands in the object that the databases' operator reads."""

    port: PortNumber = 443


class ClusterSettings(Strict):
    """The facts of one cluster that decide what works there."""

    type: str | None = Field(default=None, description="a row of clusters.yaml, which fills what is absent")
    policy: NetworkDialect | None = Field(default=None, description="who enforces NetworkPolicies")
    dns: Dns | None = None
    api: Ports | None = Field(default=None, description="ports of the API server's endpoints")
    zones: bool | None = Field(default=None, description="whether all nodes have a zone, and there are several")
    users: Literal["blueprint", "cluster"] | None = Field(
        default=None, description="who gives pods their user: `cluster` on OpenShift, which assigns one"
    )
    identity: str | None = Field(default=None, description="how pods get an identity of the cloud")
    pull_secrets: tuple[ObjectName, ...] = Field(default=(), description="Secrets that images are pulled with")
    storage_class: str | None = Field(default=None, description="of claims; empty: the cluster's default")
    families: Annotated[tuple[IpFamily, ...], AfterValidator(_some)] | None = None
    http: HttpEntry | None = None
    monitoring: Monitoring | None = None
