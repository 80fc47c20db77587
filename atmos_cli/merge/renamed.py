"""Objects that a blueprint now calls otherwise: what was generated under the old name is the base of the new one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.layout.items import group_kind
from atmos_cli.merge.objects import object_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from atmos_cli.blueprint.composed import DeclaredRename
    from atmos_cli.layout.lock import Content, GeneratedFile

    Zone = Callable[[str], str]


def new_names(theirs: Mapping[str, GeneratedFile], renamed: Iterable[DeclaredRename]) -> dict[str, str]:
    """Return the new name of an object by its old one, as `object_name` gives them; of those generated now only."""
    there = {object_name(each): group_kind(each) for file in theirs.values() for each in _objects(file.content)}
    found = {}
    for each in renamed:
        for name, (group, kind) in there.items():
            old = f"{group}/{kind}/{each.old}"
            if kind == each.kind and name == f"{group}/{kind}/{each.new}" and old not in there:
                found[old] = name
    return found


def placed(
    bases: Sequence[Mapping[str, Content]], theirs: Mapping[str, GeneratedFile], names: Mapping[str, str], zone: Zone
) -> tuple[Mapping[str, Content], ...]:
    """Return what was generated with each renamed object in the file that it is generated to now."""
    places = {(zone(path), object_name(each)): path for path, file in theirs.items() for each in _objects(file.content)}
    return tuple(_placed(base, places, names, zone) for base in bases) if names else tuple(bases)


def _placed(
    base: Mapping[str, Content], places: Mapping[tuple[str, str], str], names: Mapping[str, str], zone: Zone
) -> Mapping[str, Content]:
    found: dict[str, Content] = dict(base)
    for path, content in base.items():
        for each in _objects(content):
            name = names.get(object_name(each))
            to = places.get((zone(path), name), path) if name else path
            if to != path:
                found[path] = tuple(other for other in _objects(found[path]) if other is not each)
                found[to] = (*_objects(found.get(to, ())), each)
    return found


def _objects(content: Content) -> tuple[object, ...]:
    return content if isinstance(content, tuple) else ()
