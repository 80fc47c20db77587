"""The settings of a type of cluster as a file says them: written out, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.clusters.facts import GATEWAY, NO_TYPE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from atmos_cli.cluster_settings import Source
    from atmos_cli.clusters.facts import ClusterKinds
    from atmos_cli.clusters.rows import ClusterType

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """`values` are those under `clusters.<name>`, `reasons` the comment of each, by its path below that."""

    values: dict[str, Any]
    reasons: Mapping[Path, str]


def preset(name: str, kinds: ClusterKinds) -> Preset:
    """Return what a file says of a cluster of the type `name`."""
    row = kinds.types[name]
    values: dict[str, Any] = {
        "type": name,
        "policy": row.policy.value,
        "dns": "any",
        "api": list(row.api.value),
        "zones": row.zones.value,
        "users": row.users.value,
        "storageClass": "",
        "families": list(row.families.value),
        **http_preset(name, kinds).values,
    }
    reasons = {
        ("type",): row.title,
        ("policy",): row.policy.why,
        ("dns",): _dns_reason(row),
        ("api",): row.api.why,
        ("zones",): row.zones.why,
        ("users",): row.users.why,
        ("storageClass",): _storage_reason(row),
        ("families",): row.families.why,
        **http_preset(name, kinds).reasons,
    }
    return Preset(values, reasons)


def http_preset(name: str, kinds: ClusterKinds) -> Preset:
    """Return how traffic comes in on a cluster of the type `name`, alone."""
    row = kinds.types[name]
    controller = kinds.controllers[row.http.controller]
    kind = controller.kinds[0]
    http: dict[str, Any] = {"controller": row.http.controller, "kind": kind}
    reasons: dict[Path, str] = {("http", "controller"): f"{controller.title}: {row.http.why}"}
    if kind == "ingress":
        http["class"] = controller.class_name
    else:
        http["gateway"] = GATEWAY
        reasons["http", "gateway"] = f"the Gateway that routes join: yours, of the class {controller.class_name}"
    http["namespace"] = row.http.namespace or controller.namespace
    reasons["http", "namespace"] = "where its proxies run" if kind == "ingress" else "where that Gateway is"
    sources = row.http.sources or controller.sources
    # Of both families: whoever adds IPv6 to `families` has its ranges already, and until then they let nobody in.
    http["from"] = list(_written(sources))
    reasons["http", "from"] = f"who connects to the pods: {row.http.why if row.http.sources else controller.why}"
    return Preset({"http": http}, reasons)


def reasons_of(clusters: Mapping[str, Any], kinds: ClusterKinds) -> dict[Path, str]:
    """Return the comments of `clusters` as they stand in a file: of each value that is still as its type has it."""
    found: dict[Path, str] = {}
    for name, values in clusters.items():
        made = preset(values.get("type") or NO_TYPE, kinds)
        for path, reason in made.reasons.items():
            if _at(values, path) is not None and _at(values, path) == _at(made.values, path):
                found["clusters", name, *path] = reason
    return found


def _dns_reason(row: ClusterType) -> str:
    if row.dns.cluster_ip == "required":
        return f"whoever answers on 53, 5353 or 8053; {row.dns.why}"
    return f"whoever answers on 53, 5353 or 8053; `cluster` narrows it: {row.dns.why}"


def _storage_reason(row: ClusterType) -> str:
    if row.storage_class.missing:
        return f"name one before anything claims a volume: {row.storage_class.why}"
    named = f", {row.storage_class.value}" if row.storage_class.value else ""
    return f"the default{named}"


def _written(sources: tuple[Source, ...]) -> Iterator[Any]:
    for each in sources:
        yield each if isinstance(each, str) else each.model_dump(by_alias=True, exclude_defaults=True)


def _at(values: Any, path: Path) -> Any:
    for step in path:
        values = values.get(step) if isinstance(values, dict) else None
    return values
