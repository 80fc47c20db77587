"""What a configuration says of its clusters that cannot work there, with the place, and what to write instead."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from atmos_cli.cluster_settings import DnsServers
from atmos_cli.clusters.facts import cluster_facts, entries_that_count, http_facts
from atmos_cli.clusters.networks import family

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from atmos_cli.cluster_settings import ClusterSettings, HttpEntry, IpFamily, Source
    from atmos_cli.clusters.facts import ClusterKinds

Place = tuple[str | int, ...]
Misfit = tuple[Place, str, str]


def misfits_of_cluster(name: str, cluster: ClusterSettings, kinds: ClusterKinds) -> Iterator[Misfit]:
    """Find what cannot work of the settings of a cluster alone."""
    place = ("clusters", name)
    if cluster.type is not None and cluster.type not in kinds.types:
        yield _unknown((*place, "type"), "type of cluster", cluster.type, kinds.types)
        return
    if cluster.identity is not None and cluster.identity not in kinds.identities:
        yield _unknown((*place, "identity"), "identity", cluster.identity, kinds.identities)
    if cluster.http and cluster.http.controller and cluster.http.controller not in kinds.controllers:
        yield _unknown((*place, "http", "controller"), "HTTP controller", cluster.http.controller, kinds.controllers)
    row, policy = kinds.type_of(cluster), cluster_facts(cluster, kinds).policy
    if row.dns.cluster_ip == "required" and _leaves_the_address_out(cluster, kinds):
        ports = ", ".join(map(str, row.dns.ports))
        namespaces = f"namespaces: [{', '.join(row.dns.namespaces)}], " if row.dns.namespaces else ""
        said = "dns: cluster" if cluster.dns == "cluster" else "dns"
        message = f"`clusters.{name}.{said}` leaves out the address that pods ask on {row.title}: it differs by cluster"
        hint = (
            f"write `dns: {{ports: [{ports}], {namespaces}cidrs: [ADDRESS/32]}}` with the address of "
            "`kubectl -n kube-system get service kube-dns`, or that of `nameserver` in a pod's /etc/resolv.conf"
        )
        yield (*place, "dns"), message, hint
    if not isinstance(cluster.dns, str) and cluster.dns and cluster.dns.host and policy != "cilium":
        message = f"`clusters.{name}.dns.host` is for Cilium, and its `policy` is {policy}"
        yield (*place, "dns", "host"), message, "name the address in `cidrs`, or write `dns: any`"


def misfits_of_http(
    place: Place, cluster: ClusterSettings, http: HttpEntry, kinds: ClusterKinds, *, within: Place
) -> Iterator[Misfit]:
    """Find what cannot work of how traffic comes in; `place` is that of the environment, `within` of its cluster."""
    if http.controller and http.controller not in kinds.controllers:
        yield _unknown((*place, "http", "controller"), "HTTP controller", http.controller, kinds.controllers)
        return
    facts = http_facts(cluster, http, kinds)
    policy = cluster_facts(cluster, kinds).policy
    row = kinds.controllers.get(facts.controller)
    told = next((each.sources for each in entries_that_count(cluster, http) if each.sources), None)
    at = (*(place if http.sources or http.controller else within), "http")
    kind_at = (*(place if http.kind or http.controller else within), "http", "kind")
    if row and facts.kind not in row.kinds:
        yield kind_at, f"{row.title} brings no traffic by `kind: {facts.kind}`", f"write `kind: {row.kinds[0]}`"
    written = told or ()
    blocks = _cidrs(written)
    if row and not blocks and "anyone" not in written and (row.asks or (facts.class_name in row.own and not told)):
        message = f"{row.title} connects to the pods from addresses that `from` must name: {row.why}"
        yield at, message, "write `from: [{cidr: 10.0.0.0/16}]` with the networks of its subnets"
    if policy == "cilium":
        return
    if "nodes" in written and not blocks:
        message = "`from: [nodes]` needs the networks of the nodes, which only Cilium knows by itself"
        yield (*at, "from"), message, "write `from: [nodes, {cidr: 10.0.0.0/16}]`"
    if "ingress" in written or (not told and row and "ingress" in row.sources):
        message = f"traffic of Cilium's own ingress can be let in by Cilium alone, and `policy` is {policy}"
        yield (*at, "from"), message, f"set `{'.'.join(map(str, within))}.policy: cilium`, or name who connects"


def ranges_left_out(
    cluster: ClusterSettings, http: HttpEntry, kinds: ClusterKinds
) -> tuple[str, IpFamily, tuple[str, ...]] | None:
    """Return a family that `from` has no ranges of, though the controller has: its title, the family, the ranges."""
    facts = cluster_facts(cluster, kinds)
    row = kinds.controllers.get(http_facts(cluster, http, kinds).controller)
    if row is None:
        return None
    written = next((each.sources for each in entries_that_count(cluster, http) if each.sources), ())
    own, there = _cidrs(row.sources), _cidrs(written)
    for number in facts.families if set(own) & set(there) else ():
        wanted = tuple(cidr for cidr in own if family(cidr) == number)
        if wanted and not any(family(cidr) == number for cidr in there):
            return row.title, number, wanted
    return None


def _cidrs(sources: Iterable[Source]) -> list[str]:
    return [each.cidr for each in sources if not isinstance(each, str) and each.cidr]


def _leaves_the_address_out(cluster: ClusterSettings, kinds: ClusterKinds) -> bool:
    """Say whether names are narrowed to the servers of the type, without the one that differs by cluster."""
    if isinstance(cluster.dns, DnsServers):
        by_type = cluster.type is not None and "namespaces" not in cluster.dns.model_fields_set
        return by_type and "cidrs" not in cluster.dns.model_fields_set and bool(kinds.type_of(cluster).dns.namespaces)
    return cluster.dns == "cluster"


def _unknown(place: Place, what: str, value: str, known: Mapping[str, object] | Iterable[str]) -> Misfit:
    close = difflib.get_close_matches(value[:80], list(known), n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"use one of: {', '.join(known)}"
    return place, f"there is no {what} `{value[:80]}`", hint
