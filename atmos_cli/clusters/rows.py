"""`clusters.yaml` and `controllers.yaml`: what is true of kinds of clusters, each value with its reason."""

from __future__ import annotations

from typing import Generic, Literal, TypeVar

from pydantic import Field

from atmos_cli.cluster_settings import (
    Cidr,
    DnsLabel,
    DnsServers,
    IpFamily,
    LabelKey,
    LabelValue,
    NetworkDialect,
    PortNumber,
    Ports,
    Source,
)
from atmos_cli.documents import Strict

T = TypeVar("T")


class Reasoned(Strict):
    """`known` says whether it was run here, read in source or documentation, or only follows from those."""

    why: str
    known: Literal["run", "read", "inferred"] = "read"


class ReasonedValue(Reasoned, Generic[T]):
    value: T


class ReasonedDns(DnsServers, Reasoned):
    """`cluster_ip`: whether the Service's own address must be named, which differs between clusters."""

    cluster_ip: Literal["", "required", "with-node-cache"] = ""


class ReasonedStorage(Reasoned):
    """`value` is the default StorageClass, empty where it is not known; `missing`: there is none."""

    value: str = ""
    missing: bool = False


class ReasonedMonitoring(Reasoned):
    kind: Literal["prometheus", "gmp", "azure"]
    namespace: DnsLabel


class ReasonedHttp(Reasoned):
    """The controller that the type brings; `namespace` and `sources` where it runs elsewhere than usual."""

    controller: str
    namespace: DnsLabel | None = None
    sources: tuple[Source, ...] = Field(default=(), alias="from")


class ClusterType(Strict):
    title: str
    policy: ReasonedValue[NetworkDialect]
    dns: ReasonedDns
    api: ReasonedValue[Ports]
    zones: ReasonedValue[bool]
    users: ReasonedValue[Literal["blueprint", "cluster"]]
    storage_class: ReasonedStorage
    families: ReasonedValue[tuple[IpFamily, ...]]
    monitoring: ReasonedMonitoring
    http: ReasonedHttp


class CloudIdentity(Reasoned):
    """What marks a ServiceAccount and its pods, and the addresses and ports that the pods must reach."""

    annotation: str = ""
    labels: dict[LabelKey, LabelValue] = Field(default={})
    cidrs: tuple[Cidr, ...] = ()
    ports: tuple[PortNumber, ...] = ()
    host: bool = False


class HttpController(Reasoned):
    """`asks`: its addresses are those of one network, so `from` must be said; `own`: classes for which it must."""

    title: str
    kinds: tuple[Literal["ingress", "gateway"], ...]
    class_name: str = Field(alias="class")
    namespace: DnsLabel = "gateways"
    sources: tuple[Source, ...] = Field(default=(), alias="from")
    asks: bool = False
    own: tuple[str, ...] = ()


class ClusterRows(Strict):
    """`clusters.yaml`."""

    types: dict[str, ClusterType] = Field(default={})
    identities: dict[str, CloudIdentity] = Field(default={})


class ControllerRows(Strict):
    """`controllers.yaml`."""

    controllers: dict[str, HttpController] = Field(default={})
