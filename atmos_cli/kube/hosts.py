"""The hosts by which objects let traffic in, of every kind that routes some."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from atmos_cli.kube.resource import group_version
from atmos_cli.kube.shape import items, text, text_items

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.kube.resource import Resource
    from atmos_cli.kube.shape import Path


class HostClaim(NamedTuple):
    """A host that an object lets in, the path below it ("" where the kind knows none), and where the host stands."""

    host: str
    path: str
    at: Path


def claims_of(resource: Resource) -> Iterator[HostClaim]:
    """Yield each host and path by which an object lets traffic in."""
    group, kind = group_version(resource)[0], text(resource, "kind")
    if (group, kind) == ("networking.k8s.io", "Ingress"):
        for index, rule in items(resource, "spec", "rules"):
            at = ("spec", "rules", index, "host")
            paths = {text(each, "path") or "/" for _, each in items(rule, "http", "paths")} or {"/"}
            yield from (HostClaim(text(rule, "host"), path, at) for path in sorted(paths) if text(rule, "host"))
    elif group == "gateway.networking.k8s.io" and kind.endswith("Route"):
        matches = (match for _, rule in items(resource, "spec", "rules") for _, match in items(rule, "matches"))
        paths = {text(match, "path", "value") or "/" for match in matches} or {"/"}
        for index, host in text_items(resource, "spec", "hostnames"):
            for path in sorted(paths) if kind == "HTTPRoute" else ("",):
                yield HostClaim(host, path, ("spec", "hostnames", index))
