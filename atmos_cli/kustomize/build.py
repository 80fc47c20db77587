"""Builds the portable subset of kustomize in process: the same objects, in the same order, as the real tool."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.kustomize.accumulate import accumulate
from atmos_cli.kustomize.exact import reads_as_text
from atmos_cli.kustomize.files import Files, join
from atmos_cli.kustomize.generators import add_hashes
from atmos_cli.kustomize.model import Built, Id, WorkingResource, metadata_map
from atmos_cli.kustomize.order import sort_items
from atmos_cli.kustomize.read import as_json
from atmos_cli.kustomize.references import fix_references

if TYPE_CHECKING:
    from atmos_cli.ports import FileTree

_LOCAL = "config.kubernetes.io/local-config"


def build(tree: FileTree, directory: str) -> tuple[Built, ...]:
    """Build the kustomization in `directory` (posix, from the tree's root); return resources in kustomize's order.

    Raises Unsupported for what is outside of the subset, and AtmosError (ATM501, ATM503, ATM504, or what a file that
    cannot be read raises) with a file, line and column.
    """
    root = join("", directory)
    if root is None:
        raise AtmosError(Diagnostic(Code.KUSTOMIZE_REFERENCE, f"{directory} is outside of the repository"))
    kustomization, items = accumulate(Files(tree), root)
    add_hashes(items)
    fix_references(items)
    kept = [item for item in items if metadata_map(item.resource, "annotations").get(_LOCAL, "false") == "false"]
    _refuse_twins(kept)
    return tuple(_finished(item) for item in sort_items(kept, kustomization))


def _refuse_twins(items: list[WorkingResource]) -> None:
    """Refuse two resources with one identity, which patches and hashes may cause."""
    seen: dict[Id, WorkingResource] = {}
    for item in items:
        other = seen.setdefault(item.id, item)
        if other is not item:
            message = f"two resources end as {item.id}: from {other.sources[0].path} and from {item.sources[0].path}"
            where = Location(item.sources[-1].path, resource=f"{item.kind}/{item.name}")
            raise AtmosError(Diagnostic(Code.KUSTOMIZE_INVALID, message, where=where, hint="give one another name"))


def _finished(item: WorkingResource) -> Built:
    resource = as_json(item.resource)
    annotations = metadata_map(item.resource, "annotations")
    metadata: dict[str, Any] = resource.get("metadata") or {}
    odd = next((key for key in annotations if not reads_as_text(key)), None)
    if odd is not None:
        message = f"kustomize refuses the annotation `{odd}` of {item.kind}/{item.name}, which does not read as text"
        raise AtmosError(Diagnostic(Code.KUSTOMIZE_INVALID, message, where=Location(item.sources[0].path)))
    if annotations:
        metadata["annotations"] = annotations
    elif "annotations" in metadata:
        del metadata["annotations"]
    if _not_finite(resource):
        source = item.sources[0]
        message = f"{item.kind}/{item.name} holds a number that JSON has no way to write"
        raise AtmosError(Diagnostic(Code.KUSTOMIZE_INVALID, message, where=Location(source.path)))
    return Built(resource, tuple(dict.fromkeys(item.sources)))


def _not_finite(value: Any) -> bool:
    if isinstance(value, dict):
        return any(_not_finite(item) for item in value.values())
    if isinstance(value, list):
        return any(_not_finite(item) for item in value)
    return isinstance(value, float) and not math.isfinite(value)
