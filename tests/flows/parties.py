"""Who talks to whom in a cluster: parties, Services, flows, and the world that they live in."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

NAME = "kubernetes.io/metadata.name"
HOST_NETWORK = {
    NAME: "openshift-host-network",
    "policy-group.network.openshift.io/host-network": "",
    "policy-group.network.openshift.io/ingress": "",
}


class Kind(StrEnum):
    POD = "pod"
    HOST = "host"  # a process on the node of the pod that it talks to
    NODE = "node"  # the address of another node
    OUTSIDE = "outside"
    INGRESS = "ingress"  # the identity of Cilium's own proxies


@dataclass(frozen=True, slots=True)
class Party:
    """One end of a connection; `ports` are the named ports of a pod: name to protocol and number."""

    name: str
    kind: Kind
    address: str
    namespace: str = ""
    labels: Mapping[str, str] = field(default_factory=dict)
    ports: Mapping[str, tuple[str, int]] = field(default_factory=dict)
    api_server: bool = False

    def __str__(self) -> str:
        where = f"{self.namespace}/" if self.namespace else ""
        return f"{where}{self.name} ({self.kind} {self.address})"


@dataclass(frozen=True, slots=True)
class ServicePort:
    protocol: str
    port: int
    target: int | str


@dataclass(frozen=True, slots=True)
class Service:
    name: str
    namespace: str
    address: str
    selector: Mapping[str, str]
    ports: tuple[ServicePort, ...]


@dataclass(frozen=True, slots=True)
class Flow:
    """A connection; `port` is the one that `to` listens on, whatever the port of `service` through which it is reached."""

    source: Party
    to: Party
    port: int
    protocol: str = "TCP"
    service: Service | None = None

    def __str__(self) -> str:
        through = f" through {self.service.address}" if self.service else ""
        return f"{self.source} -> {self.to}:{self.port}/{self.protocol}{through}"


@dataclass(frozen=True, slots=True)
class World:
    """What a controller can look up: labels of namespaces, pods, Services."""

    namespaces: Mapping[str, Mapping[str, str]]
    pods: tuple[Party, ...] = ()
    services: tuple[Service, ...] = ()

    def labels_of(self, namespace: str) -> Mapping[str, str]:
        return {NAME: namespace, **self.namespaces.get(namespace, {})}
