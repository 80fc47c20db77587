"""What is true of one cluster: what `atmos-cli.yaml` says, and where it is silent what the type of the cluster says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from atmos_cli.cluster_settings import DnsServers, Monitoring
from atmos_cli.clusters.networks import EVERYTHING, GLOBAL_V6, NOT_OUTSIDE, family, outside_blocks

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.cluster_settings import (
        AllowedSource,
        ClusterSettings,
        HttpEntry,
        IpFamily,
        NetworkDialect,
        Source,
        SourceWord,
    )
    from atmos_cli.clusters.rows import CloudIdentity, ClusterType, HttpController

NO_TYPE = "generic"
# What a file without a controller means, since before there were controllers.
KIND, CLASS, GATEWAY, NAMESPACE = "ingress", "nginx", "shared", "ingress-nginx"
NAME_LABEL = "kubernetes.io/metadata.name"
ANY_DNS = DnsServers(ports=(53, 5353, 8053))

Peer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class ClusterKinds:
    """The rows of `clusters.yaml` and `controllers.yaml`, by name."""

    types: Mapping[str, ClusterType]
    identities: Mapping[str, CloudIdentity]
    controllers: Mapping[str, HttpController]

    def type_of(self, cluster: ClusterSettings) -> ClusterType:
        """Return the row of a cluster; one whose type is not known is reported where the file is read."""
        return self.types.get(cluster.type or NO_TYPE, self.types[NO_TYPE])


@dataclass(frozen=True, slots=True)
class AllowedPeers:
    """Who is let in or may be asked: `peers` of a NetworkPolicy, `entities` of a CiliumNetworkPolicy; or `anyone`."""

    peers: tuple[Peer, ...] = ()
    entities: tuple[str, ...] = ()
    anyone: bool = False


@dataclass(frozen=True, slots=True)
class HttpFacts:
    """How traffic from outside comes in, in one environment."""

    controller: str
    kind: str
    class_name: str
    gateway: str
    namespace: str
    sources: AllowedPeers


@dataclass(frozen=True, slots=True)
class ClusterFacts:
    """`storage_missing`: a claim without a class of its own would wait for ever."""

    type: str
    policy: NetworkDialect
    dns: DnsServers
    api: tuple[int, ...]
    zones: bool
    users: Literal["blueprint", "cluster"]
    identity: str
    identity_row: CloudIdentity
    pull_secrets: tuple[str, ...]
    storage_class: str
    storage_missing: bool
    families: tuple[IpFamily, ...]

    def resolvers(self) -> AllowedPeers:
        """Return who answers names; the pod's own node is one that only Cilium can name."""
        peers = (*map(_namespace, self.dns.namespaces), *map(_block, self.dns.cidrs))
        entities = ("host",) if self.dns.host and self.policy == "cilium" else ()
        return AllowedPeers(peers, entities, anyone=not peers and not entities)

    def outside(self) -> tuple[Peer, ...]:
        """Return all addresses outside. AWS takes an exception from what other policies allow, too, so it gets none."""
        found: list[Peer] = []
        if 4 in self.families and self.policy == "aws":
            found += map(_block, outside_blocks())
        elif 4 in self.families:
            found.append({"ipBlock": {"cidr": EVERYTHING, "except": list(NOT_OUTSIDE)}})
        if 6 in self.families:
            found.append(_block(GLOBAL_V6))
        return tuple(found)

    def identity_servers(self) -> AllowedPeers:
        """Return what pods with an identity of the cloud must reach beyond the outside."""
        row = self.identity_row
        if row.host and self.policy == "cilium":
            return AllowedPeers(entities=("host",))
        return AllowedPeers(tuple(_block(each) for each in row.cidrs if family(each) in self.families))


def cluster_facts(cluster: ClusterSettings, kinds: ClusterKinds) -> ClusterFacts:
    """Return what is true of a cluster."""
    row = kinds.type_of(cluster)
    identity = cluster.identity or "none"
    return ClusterFacts(
        type=cluster.type or NO_TYPE,
        policy=cluster.policy or row.policy.value,
        dns=_dns(cluster, row),
        api=cluster.api or row.api.value,
        zones=row.zones.value if cluster.zones is None else cluster.zones,
        users=cluster.users or row.users.value,
        identity=identity,
        identity_row=kinds.identities.get(identity, kinds.identities["none"]),
        pull_secrets=cluster.pull_secrets,
        storage_class=cluster.storage_class or "",
        storage_missing=row.storage_class.missing and not cluster.storage_class,
        families=cluster.families or row.families.value,
    )


def http_facts(cluster: ClusterSettings, environment: HttpEntry, kinds: ClusterKinds) -> HttpFacts:
    """Return how traffic comes in: what the environment says, then its cluster, then the controller."""
    told = entries_that_count(cluster, environment)

    def said(field: str, otherwise: str) -> str:
        return next((value for each in told if (value := getattr(each, field))), otherwise)

    controller = said("controller", "")
    row, own = kinds.controllers.get(controller), kinds.type_of(cluster).http
    brought = own if own.controller == controller else None
    usual = (brought.namespace if brought else None) or (row.namespace if row else NAMESPACE)
    namespace = said("namespace", usual)
    own_sources = (brought.sources if brought else ()) or (row.sources if row else ("gateway",))
    written = next((each.sources for each in told if each.sources), own_sources)
    sources = _spoken(written, own=own_sources, families=cluster_facts(cluster, kinds).families)
    return HttpFacts(
        controller=controller,
        kind=said("kind", row.kinds[0] if row else KIND),
        class_name=said("class_name", row.class_name if row else CLASS),
        gateway=said("gateway", GATEWAY),
        namespace=namespace,
        sources=allowed(sources, namespace=namespace, policy=cluster_facts(cluster, kinds).policy),
    )


def entries_that_count(cluster: ClusterSettings, environment: HttpEntry) -> tuple[HttpEntry, ...]:
    """Return who is asked, key by key: an environment with a controller of its own takes no key of the cluster's."""
    within = cluster.http
    if within is None or (environment.controller and within.controller not in (None, environment.controller)):
        return (environment,)
    return (environment, within)


def monitoring_facts(
    cluster: ClusterSettings, environment: Monitoring | None, kinds: ClusterKinds
) -> Monitoring | None:
    """Return how metrics are taken: what the environment says, then its cluster; None where neither says any."""
    said = [each for each in (environment, cluster.monitoring) if each is not None]
    if not said:
        return None
    row = kinds.type_of(cluster).monitoring
    kind = next((each.kind for each in said if each.kind), row.kind)
    said = [each for each in said if each.kind in (None, kind)]  # the namespace of another one's is not this one's
    usual = row.namespace if kind == row.kind else kinds.types[NO_TYPE].monitoring.namespace
    return Monitoring(
        kind=kind,
        namespace=next((each.namespace for each in said if each.namespace), usual),
        labels=next((each.labels for each in said if each.labels is not None), {}),
    )


def allowed(sources: Sequence[Source], *, namespace: str, policy: NetworkDialect) -> AllowedPeers:
    """Return who is let in by `sources`; `namespace` is that of the Gateway."""
    peers: list[Peer] = []
    entities: list[str] = []
    for each in sources:
        if not isinstance(each, str):
            peers.append(_peer(each))
        elif each == "gateway":
            peers.append(_namespace(namespace))
        elif policy == "cilium":
            entities += _ENTITIES.get(each, ())
    return AllowedPeers(tuple(peers), tuple(dict.fromkeys(entities)), anyone="anyone" in sources)


_ENTITIES: dict[SourceWord, tuple[str, ...]] = {"nodes": ("host", "remote-node"), "ingress": ("ingress",)}


def _spoken(sources: Sequence[Source], *, own: Sequence[Source], families: Sequence[IpFamily]) -> tuple[Source, ...]:
    """Leave out ranges of the controller itself of a family that the cluster does not speak, written out or not."""
    return tuple(
        each
        for each in sources
        if isinstance(each, str) or not each.cidr or each not in own or family(each.cidr) in families
    )


def _dns(cluster: ClusterSettings, row: ClusterType) -> DnsServers:
    """Return who answers names. A mapping without a type says all there is, as it did before there were types."""
    told = cluster.dns
    if not isinstance(told, DnsServers):
        return row.dns if told == "cluster" else ANY_DNS
    if cluster.type is None:
        return told
    by_type = {each: getattr(row.dns, each) for each in DnsServers.model_fields.keys() - told.model_fields_set}
    return told.model_copy(update=by_type)


def _peer(source: AllowedSource) -> Peer:
    if source.cidr:
        return _block(source.cidr)
    if source.namespace is None:
        return {"namespaceSelector": {"matchLabels": dict(source.labels)}}
    pods = {"podSelector": {"matchLabels": dict(source.labels)}} if source.labels else {}
    return {**_namespace(source.namespace), **pods}


def _namespace(name: str) -> Peer:
    return {"namespaceSelector": {"matchLabels": {NAME_LABEL: name}}}


def _block(cidr: str) -> Peer:
    return {"ipBlock": {"cidr": cidr}}
