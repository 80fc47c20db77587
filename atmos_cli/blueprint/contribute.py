"""Add-ons join the workload: a keyed structural merge in which nothing is overwritten and nothing misses its target."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atmos_cli.blueprint.tree import Template, render
from atmos_cli.diagnostics import Code, fail
from atmos_cli.kube.fieldorder import ordered
from atmos_cli.kube.listkeys import merge_keys_of
from atmos_cli.kube.resource import identity

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.blueprint.catalogue import Blueprint
    from atmos_cli.blueprint.compose import Composed

Path = tuple[str, ...]


def contribute(
    resources: list[Composed], parts: list[tuple[Blueprint, Mapping[str, Any]]]
) -> list[Composed]:
    """`resources` with every contribution of `parts` merged in. Two that disagree raise ATM204, no target ATM205."""
    merged = {identity(item.resource): copy.deepcopy(item.resource) for item in resources}
    for part, scope in parts:
        for index, contribution in enumerate(part.manifest.contributes):
            when = Template(
                "${{ " + contribution.when + " }}", part.source.path, part.source.data, 0, ("contributes", index, "when")
            )
            if not render(when, scope):
                continue
            target = _target(merged, part, scope, index)
            for dotted in contribution.delete:
                _delete(target, tuple(dotted.split(".")))
            tree = _tree(part, index)
            _merge(target, render(tree, scope), path=(), by=part.tag, template=tree)
    return [replace(item, resource=ordered(merged[identity(item.resource)])) for item in resources]


def _tree(part: Blueprint, index: int) -> Template:
    source = part.source
    value = source.value["contributes"][index].get("tree", {})
    return Template(value, source.path, source.data, source.index, ("contributes", index, "tree"))


def _target(merged: Mapping[Any, Any], part: Blueprint, scope: Mapping[str, Any], index: int) -> Any:
    contribution = part.manifest.contributes[index]
    source = part.source
    at = ("contributes", index, "into")
    name = render(Template(contribution.into.name, source.path, source.data, source.index, at), scope)
    for key, resource in merged.items():
        if key.kind == contribution.into.kind and key.name == name:
            return resource
    message = f"{part.tag} contributes to {contribution.into.kind}/{name}, which nothing makes"
    raise Template(None, source.path, source.data, source.index, at).error(
        message, (), code=Code.BLUEPRINT_NO_TARGET, hint="add a `when`, or correct `into`"
    )


def _delete(resource: dict[str, Any], path: Path) -> None:
    node: Any = resource
    for key in path[:-1]:
        node = node.get(key) if isinstance(node, dict) else None
    if isinstance(node, dict):
        node.pop(path[-1], None)


def _merge(into: dict[str, Any], tree: Mapping[str, Any], *, path: Path, by: str, template: Template) -> None:
    for key, value in tree.items():
        at = (*path, key)
        if key not in into:
            into[key] = copy.deepcopy(value)
        elif isinstance(value, dict) and isinstance(into[key], dict):
            _merge(into[key], value, path=at, by=by, template=template)
        elif isinstance(value, list) and isinstance(into[key], list):
            _merge_list(into[key], value, path=at, by=by, template=template)
        elif into[key] != value:
            message = f"{by} sets `{'.'.join(at)}` to `{value}`, but it is `{into[key]}` already"
            raise fail(Code.BLUEPRINT_CONFLICT, message, hint="leave the field to one of the two")


def _merge_list(into: list[Any], items: list[Any], *, path: Path, by: str, template: Template) -> None:
    keys = merge_keys_of(path[-1], [*into, *items])
    if not keys:
        into.extend(copy.deepcopy(item) for item in items if item not in into)
        return
    for item in items:
        wanted = tuple(item.get(key) for key in keys)
        found = next((each for each in into if tuple(each.get(key) for key in keys) == wanted), None)
        if found is None:
            into.append(copy.deepcopy(item))
        else:
            _merge(found, item, path=(*path, "/".join(map(str, wanted))), by=by, template=template)
