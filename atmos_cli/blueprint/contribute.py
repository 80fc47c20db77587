"""Add-ons join the workload: a keyed structural merge in which nothing is overwritten and nothing misses its target."""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.tree import holds, render
from atmos_cli.diagnostics import Code
from atmos_cli.kube.fieldorder import ordered
from atmos_cli.kube.listkeys import merge_keys_of
from atmos_cli.kube.resource import identity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.blueprint.catalogue import Blueprint
    from atmos_cli.blueprint.composed import Composed
    from atmos_cli.blueprint.tree import Template
    from atmos_cli.kube.resource import Identity, Resource

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class _Contribution:
    """What one blueprint adds to one object: its `tree` for positions, the `path` within the object for messages."""

    by: str
    tree: Template
    at: Path = ()
    path: tuple[str, ...] = ()

    def inner(self, step: str | int, name: str) -> _Contribution:
        return replace(self, at=(*self.at, step), path=(*self.path, name))


def contribute(resources: list[Composed], parts: Sequence[tuple[Blueprint, Mapping[str, Any]]]) -> list[Composed]:
    """Merge every contribution of `parts` into `resources`. Raises ATM204 if two disagree, ATM205 for no target."""
    merged = {identity(item.resource): copy.deepcopy(item.resource) for item in resources}
    for part, scope in parts:
        for index, contribution in enumerate(part.manifest.contributes):
            entry = part.source.part("contributes", index)
            if "when" in entry.value and not holds(entry.part("when"), scope):
                continue
            target = _target(merged, part, scope, index)
            for number, dotted in enumerate(contribution.delete):
                _delete(target, dotted, by=part.tag, template=entry.part("delete", number))
            if contribution.tree:
                tree = entry.part("tree")
                _merge(target, render(tree, scope) or {}, _Contribution(part.tag, tree))
    return [replace(item, resource=ordered(merged[identity(item.resource)])) for item in resources]


def _target(merged: Mapping[Identity, Resource], part: Blueprint, scope: Mapping[str, Any], index: int) -> Resource:
    into = part.manifest.contributes[index].into
    template = part.source.part("contributes", index, "into")
    name = render(replace(template, value=into.name), scope)
    for key, resource in merged.items():
        if key.kind == into.kind and key.name == name:
            return resource
    message = f"{part.tag} contributes to {into.kind}/{name}, which nothing makes"
    raise template.error(message, code=Code.BLUEPRINT_NO_TARGET, hint="add a `when`, or correct `into`")


def _delete(resource: Resource, dotted: str, *, by: str, template: Template) -> None:
    *path, last = dotted.split(".")
    node: Any = resource
    for key in path:
        node = node.get(key) if isinstance(node, dict) else None
    if not isinstance(node, dict) or last not in node:
        message = f"{by} deletes `{dotted}`, which {identity(resource)} does not have"
        raise template.error(message, code=Code.BLUEPRINT_NO_TARGET, hint="add a `when`, or correct the path")
    del node[last]


def _merge(into: dict[str, Any], tree: Mapping[str, Any], which: _Contribution) -> None:
    for key, value in tree.items():
        inner = which.inner(key, key)
        if key not in into:
            into[key] = copy.deepcopy(value)
        elif isinstance(value, dict) and isinstance(into[key], dict):
            _merge(into[key], value, inner)
        elif isinstance(value, list) and isinstance(into[key], list):
            _merge_list(into[key], value, inner)
        elif type(into[key]) is not type(value) or into[key] != value:
            message = f"{which.by} sets `{'.'.join(inner.path)}` to `{value}`, but it is `{into[key]}` already"
            hint = "leave the field to one of the two"
            raise which.tree.error(message, inner.at, code=Code.BLUEPRINT_CONFLICT, hint=hint)


def _merge_list(into: list[Any], items: list[Any], which: _Contribution) -> None:
    """Merge items with the same key; without a key, add what is not there yet at the end."""
    keys = merge_keys_of(which.path[-1], [*into, *items])
    for index, item in enumerate(items):
        wanted = _key_of(item, keys)
        found = next((item for item in into if _key_of(item, keys) == wanted), None)
        if found is None:
            into.append(copy.deepcopy(item))
        elif which.path[-1] == "env" and found != item:
            # Merged field by field, a variable would get both a value and a source.
            message = f"{which.by} sets the variable {item['name']}, but it is set already"
            hint = f"remove {item['name']} from `env` and `secrets` of service.yaml, or give it another name"
            raise which.tree.error(message, (*which.at, index), code=Code.BLUEPRINT_CONFLICT, hint=hint)
        elif keys:
            _merge(found, item, which.inner(index, "/".join(str(part) for part in wanted if part is not None)))


def _key_of(item: Any, keys: tuple[str, ...] | None) -> tuple[Any, ...]:
    return tuple(item.get(key) for key in keys) if keys else (type(item), item)
