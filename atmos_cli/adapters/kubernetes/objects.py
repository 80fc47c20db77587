"""Live objects without what is never read and must not be kept: field ownership, and the values of Secrets."""

from __future__ import annotations

from typing import Any

from atmos_cli.verify.masking import HIDDEN

Resource = dict[str, Any]

_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def slim(resource: Resource) -> Resource:
    """Remove, in place, managedFields and the copy of an older self; of a Secret keep its keys, never a value."""
    metadata = resource.get("metadata")
    if isinstance(metadata, dict):
        metadata.pop("managedFields", None)
        annotations = metadata.get("annotations")
        if isinstance(annotations, dict):
            annotations.pop(_APPLIED, None)
    if resource.get("kind") == "Secret" and resource.get("apiVersion") == "v1":
        for name in ("data", "stringData"):
            if isinstance(resource.get(name), dict):
                resource[name] = dict.fromkeys(resource[name], HIDDEN)
    return resource


def key_of(resource: Resource) -> tuple[str, str]:
    """Return (namespace, name); empty texts for an object that has none."""
    metadata = resource.get("metadata")
    if not isinstance(metadata, dict):
        return "", ""
    namespace, name = metadata.get("namespace"), metadata.get("name")
    return namespace if isinstance(namespace, str) else "", name if isinstance(name, str) else ""


def version_of(resource: Resource) -> str:
    """Return its resourceVersion, which for a list or a bookmark is the place to watch from."""
    metadata = resource.get("metadata")
    found = metadata.get("resourceVersion") if isinstance(metadata, dict) else None
    return found if isinstance(found, str) else ""
