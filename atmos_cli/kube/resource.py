"""The identity of one Kubernetes object, which is the plain dict that YAML parses to."""

from __future__ import annotations

from typing import Any, NamedTuple

Resource = dict[str, Any]


class Identity(NamedTuple):
    group: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind}/{self.name}"


def group_version(resource: Resource) -> tuple[str, str]:
    """Return the API group and version: ("apps", "v1") of `apps/v1`, ("", "v1") of `v1`."""
    group, _, version = str(resource.get("apiVersion", "")).rpartition("/")
    return group, version


def identity(resource: Resource) -> Identity:
    metadata = resource.get("metadata") or {}
    return Identity(
        group_version(resource)[0],
        str(resource.get("kind", "")),
        str(metadata.get("namespace", "") or ""),
        str(metadata.get("name", "") or ""),
    )


def pod_template(resource: Resource) -> tuple[tuple[str, ...], Resource] | None:
    """Return the path of the pod (template) in a workload, and the template `{metadata, spec}`; None for the rest."""
    path: tuple[str, ...]
    group, kind = group_version(resource)[0], resource.get("kind")
    if kind == "Pod" and not group:
        return (), resource
    if kind == "CronJob" and group == "batch":
        path = ("spec", "jobTemplate", "spec", "template")
    elif (kind in _TEMPLATED and _TEMPLATED[kind] == group) or (kind == "ReplicationController" and not group):
        path = ("spec", "template")
    else:
        return None
    node: Any = resource
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    return (path, node) if isinstance(node, dict) else None


_TEMPLATED = {"Deployment": "apps", "ReplicaSet": "apps", "StatefulSet": "apps", "DaemonSet": "apps", "Job": "batch"}
