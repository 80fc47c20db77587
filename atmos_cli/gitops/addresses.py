"""Where a service is reached: by its hosts from outside, else by the name of its Service in the cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.gitops.placeholders import hosts_of
from atmos_cli.kube.shape import items, number, text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.kube.resource import Resource


def addresses(made: Mapping[str, Sequence[Resource]], *, service: str) -> Iterator[str]:
    """Say by which addresses people reach a service in each environment of `made`."""
    for environment, resources in made.items():
        hosts = dict.fromkeys(host for each in resources for _, host in hosts_of(each) if host)
        if hosts:
            yield f"in {environment}: {', '.join(hosts)}"
    if not any(True for each in made.values() for resource in each for _ in hosts_of(resource)):
        yield from _inside(made, service)


def _inside(made: Mapping[str, Sequence[Resource]], service: str) -> Iterator[str]:
    """Say the name in the cluster, of the first environment: the others differ in the namespace alone."""
    for each in next(iter(made.values()), ()):
        if (text(each, "kind"), text(each, "metadata", "name")) == ("Service", service):
            where = f"http://{service}.{text(each, 'metadata', 'namespace')}"
            port = next((number(port, "port") for _, port in items(each, "spec", "ports")), 80)
            yield f"inside the cluster only: {where}{'' if port == 80 else f':{port}'}"
            return
