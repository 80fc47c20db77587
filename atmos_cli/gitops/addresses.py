"""Where a service is reached: its URL by environment and what must be there for it to answer, or its name inside."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.clusters.facts import http_facts
from atmos_cli.config import namespace
from atmos_cli.gitops.freshness import retired_since
from atmos_cli.kube.shape import items, number, text
from atmos_cli.spec.model import Overrides

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from atmos_cli.clusters.facts import ClusterKinds
    from atmos_cli.config import Config
    from atmos_cli.kube.resource import Resource
    from atmos_cli.spec.model import ServiceSpec
    from atmos_cli.versions.table import VersionTable


@dataclass(frozen=True, slots=True)
class PublicAddress:
    """`entry` is one clause that says what brings traffic there, and `needs` what else a person has to see to."""

    environment: str
    url: str
    entry: str
    needs: str


def public_addresses(
    spec: ServiceSpec,
    *,
    team: str,
    environments: Sequence[str],
    config: Config,
    kinds: ClusterKinds,
    versions: VersionTable,
) -> Iterator[PublicAddress]:
    """Yield the addresses of a service that is public, by environment; none of one that is not."""
    if "http" not in spec.addons:
        return
    for name in environments:
        overrides = spec.environments.get(name, Overrides())
        where = config.environments[name]
        hosts = overrides.hosts if overrides.hosts is not None else spec.hosts
        inputs = {**spec.addons["http"], **overrides.addons.get("http", {})}
        facts = http_facts(config.clusters[where.cluster], where.http, kinds)
        issuer = where.http.issuer if facts.kind == "ingress" else ""
        scheme = "http" if facts.kind == "ingress" and not issuer else "https"
        row = kinds.controllers.get(facts.controller)
        for host in hosts or (f"{spec.name}.{where.http.domain}",):
            path = str(inputs.get("path", "/")).rstrip("/")
            if facts.kind == "ingress":
                served = f", served by {row.title}" if row else ""
                ended = retired_since(name, config, kinds, versions) if facts.class_name == "nginx" else ""
                entry = f"an Ingress of the class `{facts.class_name}`{served}"
                entry += (
                    f"; ingress-nginx, which serves it nearly everywhere, is retired since {ended}" if ended else ""
                )
                needs = f"the issuer `{issuer}` of cert-manager makes its certificate" if issuer else "without TLS"
            else:
                entry = f"an HTTPRoute at the Gateway `{facts.gateway}` in `{facts.namespace}`"
                needs = f"its listener must hold a certificate for {host} and admit {namespace(team, name)}"
            yield PublicAddress(name, f"{scheme}://{host}{path or '/'}", entry, needs)


def inside_address(resources: Iterable[Resource], *, service: str) -> str:
    """Return the URL of a service inside its cluster; empty where it has no Service."""
    for each in resources:
        if (text(each, "kind"), text(each, "metadata", "name")) == ("Service", service):
            port = next((number(port, "port") for _, port in items(each, "spec", "ports")), 80)
            return f"http://{service}.{text(each, 'metadata', 'namespace')}{'' if port == 80 else f':{port}'}"
    return ""
