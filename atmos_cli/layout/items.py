"""What list items are called, so that a lock and a merge find the same item again: by key where the API has keys."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.listkeys import merge_keys
from atmos_cli.kube.resource import group_version
from atmos_cli.yamlio.load import load

if TYPE_CHECKING:
    from collections.abc import Sequence

GroupKind = tuple[str, str]
KUSTOMIZE = "kustomize.config.k8s.io"
# Lists of a kustomization: by which key an item is known; `()` is a set of texts.
_KUSTOMIZATION: dict[tuple[str, ...], tuple[str, ...]] = {
    ("images",): ("name",),
    ("replicas",): ("name",),
    ("resources",): (),
    ("components",): (),
}
PATCHES = ("patches",)


def group_kind(value: Any) -> GroupKind:
    """Return API group and kind of a document; ("", "") for what is no object."""
    if not isinstance(value, dict):
        return "", ""
    return group_version(value)[0], str(value.get("kind", ""))


def is_kustomization(kind: GroupKind) -> bool:
    return kind == (KUSTOMIZE, "Kustomization")


def item_names(kind: GroupKind, path: tuple[str, ...], items: Sequence[Any]) -> list[str] | None:
    """Return a name for each item of the list at `path` (field names only), None where the list is one value.

    A list is one value where its API declares no keys, and where two items would have the same name.
    """
    if is_kustomization(kind) and path == PATCHES:
        return _patch_names(items)
    keys = _KUSTOMIZATION.get(path) if is_kustomization(kind) else merge_keys(*kind, path)
    if keys is None:
        return None
    names = [_name(item, keys) for item in items]
    found = [name for name in names if name is not None]
    return found if len(found) == len(items) == len(set(found)) else None


def _name(item: Any, keys: tuple[str, ...]) -> str | None:
    if not keys:
        return item if isinstance(item, str) else None
    if not isinstance(item, dict) or keys[0] not in item:
        return None
    return ",".join(str(item.get(key, "")) for key in keys).rstrip(",")


def _patch_names(items: Sequence[Any]) -> list[str] | None:
    """Name patches by their target; the second one on a target is `Deployment/web#2`."""
    if not all(isinstance(item, dict) for item in items):
        return None
    counted: Counter[str] = Counter()
    names: list[str] = []
    for item in items:
        name = patch_target(item)
        counted[name] += 1
        names.append(name if counted[name] == 1 else f"{name}#{counted[name]}")
    return names if len(set(names)) == len(names) else None


def patch_target(item: dict[str, Any]) -> str:
    """Return `Kind/name` of what a patch of a kustomization is for, by its target or else by its content."""
    target, content = item.get("target"), item.get("patch")
    if isinstance(target, dict):
        return f"{target.get('kind', '*')}/{target.get('name', '*')}"
    if isinstance(content, str):
        content = opened_patch(content)
    if isinstance(content, dict) and isinstance(content.get("metadata"), dict):
        return f"{content.get('kind', '*')}/{content['metadata'].get('name', '*')}"
    return str(item.get("path", "*"))


def opened_patch(text: str) -> dict[str, Any] | None:
    """Return the object that an inline patch describes, None for JSON patches and what cannot be read."""
    try:
        value = load(text.strip().encode())  # as kustomize reads it
    except AtmosError:
        return None
    return value if isinstance(value, dict) else None


def opened(value: Any) -> Any:
    """Return a document with the inline patches of a kustomization as objects instead of texts."""
    if not is_kustomization(group_kind(value)) or not isinstance(value.get("patches"), list):
        return value
    return {**value, "patches": [_opened_item(item) for item in value["patches"]]}


def _opened_item(item: Any) -> Any:
    if not isinstance(item, dict) or not isinstance(item.get("patch"), str):
        return item
    content = opened_patch(item["patch"])
    return item if content is None else {**item, "patch": content}
