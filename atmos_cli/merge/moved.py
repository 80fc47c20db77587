"""What the merge of a kustomization asks of files around it: patches moved there, and what an autoscaler keeps."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Any, TypeVar

from atmos_cli.kustomize.files import NAMES
from atmos_cli.layout.items import group_kind, opened

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.layout.lock import Content
    from atmos_cli.merge.objects import FoundObject, OurFiles
    from atmos_cli.ports import FileTree

Value = TypeVar("Value")

AUTOSCALER = ("autoscaling", "HorizontalPodAutoscaler")


def as_named(tree: FileTree, files: Mapping[str, Value]) -> dict[str, Value]:
    """Return generated files by the paths that people gave them: a kustomization may have any of three names."""
    return {_as_named(tree, path): each for path, each in files.items()}


def _as_named(tree: FileTree, path: str) -> str:
    directory, _, name = path.rpartition("/")
    if name != NAMES[0] or tree.read(path) is not None:
        return path
    return next((each for other in NAMES[1:] if tree.read(each := f"{directory}/{other}") is not None), path)


def least_replicas(files: OurFiles, path: str, bases: Sequence[Mapping[str, Content]] = ()) -> dict[str, int]:
    """Return the least replicas that our autoscaler of each workload keeps, as the kustomization at `path` sees it.

    Where Git merged two branches, one of which had no autoscaler any more, it is that of the other one, of `bases`.
    """
    zones = ("base", files.zone(path))
    ours = [each for zone in zones for each in files.of_kind(zone, AUTOSCALER)]
    there = [
        [
            each
            for place, content in base.items()
            if isinstance(content, tuple) and files.zone(place) in zones
            for each in content
            if isinstance(each, dict) and group_kind(each) == AUTOSCALER
        ]
        for base in bases
    ]
    left = [each for found in there for each in found] if not all(there) else []
    found: dict[str, int] = {}
    for each in ours or left:
        spec = each.get("spec")
        spec = spec if isinstance(spec, dict) else {}
        target, least = spec.get("scaleTargetRef"), spec.get("minReplicas")
        if isinstance(target, dict) and isinstance(least, int) and not isinstance(least, bool):
            found[str(target.get("name"))] = least
    return found


def with_moved_patches(files: OurFiles, ours: FoundObject) -> tuple[dict[str, Any], dict[int, str]]:
    """Return our kustomization with its patches open, also those that a person moved to a file: these by position."""
    value = opened(ours.value)
    items = value.get("patches")
    if not isinstance(items, list):
        return value, {}
    below = tuple(f"{root}/" for root in files.roots)
    patches: list[Any] = []
    moved: dict[int, str] = {}
    for position, item in enumerate(items):
        file = item.get("path") if isinstance(item, dict) and "patch" not in item else None
        target = posixpath.normpath(posixpath.join(posixpath.dirname(ours.file), file)) if isinstance(file, str) else ""
        content = files.documents(target) if target.startswith(below) else ()
        if len(content) == 1 and isinstance(content[0], dict):
            moved[position] = target
            patches.append({**{key: each for key, each in item.items() if key != "path"}, "patch": content[0]})
        else:
            patches.append(item)
    return {**value, "patches": patches}, moved
