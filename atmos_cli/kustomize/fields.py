"""Visits the fields that a transformer changes: a path of names that runs through every item of a list on its way."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.kube.resource import Resource

Path = tuple[str, ...]
Visit = Callable[[dict[str, Any], str], None]


class UnreachableError(ValueError):
    """The path runs into a value that is neither a mapping nor a list."""


class FieldSpec(NamedTuple):
    """Which field of which kinds; an empty group, version or kind matches all."""

    path: Path
    kind: str = ""
    group: str = ""
    version: str = ""
    create: bool = False

    def selects(self, group: str, version: str, kind: str) -> bool:
        return (
            (not self.kind or self.kind == kind)
            and (not self.group or self.group == group)
            and (not self.version or self.version == version)
        )

    def selects_all_of(self, other: FieldSpec) -> bool:
        """Return whether kustomize takes `other` for the same field as this one: what it names, this one has."""
        return other.selects(self.group, self.version, self.kind)


def split_path(path: str) -> Path:
    r"""Split a path at its slashes: `a/b\/c` -> ("a", "b/c"); a leading slash is ignored."""
    return tuple(part.replace("\\/", "/") for part in re.split(r"(?<!\\)/", path.removeprefix("/")))


def spec(path: str, kind: str = "", *, group: str = "", version: str = "", create: bool = False) -> FieldSpec:
    return FieldSpec(split_path(path), kind=kind, group=group, version=version, create=create)


def visit_all(
    resource: Resource,
    gvk: tuple[str, str, str],
    specs: Iterable[FieldSpec],
    visit: Visit,
    *,
    make: Literal["map", "text", ""] = "",
) -> None:
    """Call `visit(parent, key)` for every field that the specs name. Raises UnreachableError.

    A spec that creates makes missing mappings on its way, and the last one as `make` says; none when that is empty.
    """
    for each in specs:
        if each.selects(*gvk):
            _walk(resource, each.path, visit, make if each.create else "")


def _walk(node: Any, path: Path, visit: Visit, make: str) -> None:
    if isinstance(node, list):
        for item in node:
            _walk(item, path, visit, make)
        return
    if node is None:
        return
    if not isinstance(node, dict):
        raise UnreachableError(f"`{path[0]}` is looked for in a plain value")
    name, listed = path[0].removesuffix("[]"), path[0].endswith("[]")
    last = len(path) == 1
    if node.get(name) is None:
        if listed or not make:
            return
        node[name] = "" if last and make == "text" else {}
    if last:
        visit(node, name)
    else:
        _walk(node[name], path[1:], visit, make)
