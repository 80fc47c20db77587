"""Fields that the base had and that overlays have now: what a person made of them in the base goes along."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from atmos_cli.layout.items import group_kind, is_kustomization, opened, patch_target
from atmos_cli.layout.ownership import CONTAINER_LISTS, owned_fields
from atmos_cli.merge.kustomization import closed
from atmos_cli.merge.model import MISSING, same
from atmos_cli.merge.objects import object_name, title
from atmos_cli.yamlio.emit import emit

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.layout.lock import Content, GeneratedFile
    from atmos_cli.merge.objects import OurFiles

Files = dict[str, "GeneratedFile"]
Base = dict[str, "Content"]
Path = tuple[str, ...]


def handed_over(
    ours: OurFiles, bases: Sequence[Mapping[str, Content]], theirs: Mapping[str, GeneratedFile]
) -> tuple[list[Base], Files]:
    """Return `bases` and `theirs` as if each field that moves to the overlays had always been as our base has it.

    So an edit there becomes one of every overlay, and one that an overlay made before still counts there.
    """
    after, now = [dict(base) for base in bases], dict(theirs)
    for base in after:
        for path, old, field in list(_moving(ours, base, now)):
            found = ours.find("base", object_name(old))
            if found is None:
                continue
            was, value = _at(old, field), _at(found.value, field)
            overlays = [each for each in sorted(now) if _patched(now[each].content, old, field) is not MISSING]
            if overlays and not same(was, value):
                base[path] = _with(base[path], old, field, value)
            for overlay in overlays:
                if not same(was, value):
                    now[overlay] = _generated(now[overlay], old, field, value)
                # What a person already said there was said over the field of the base.
                mine = ours.documents(overlay)
                if overlay in base and _patched(mine, old, field) is not MISSING:
                    base[overlay] = _with_patch(base[overlay], old, field, value)
    return after, now


def _moving(
    ours: OurFiles, base: Mapping[str, Content], theirs: Mapping[str, GeneratedFile]
) -> Iterator[tuple[str, Any, Path]]:
    """Yield file, object and field of what was generated into the base, and is not any more."""
    for path, content in base.items():
        if ours.zone(path) != "base" or not isinstance(content, tuple):
            continue
        new = theirs[path].content if path in theirs else ()
        known = {object_name(each): each for each in new} if isinstance(new, tuple) else {}
        for old in content:
            if isinstance(old, dict) and object_name(old) in known:
                gone = (f for f in owned_fields(old) if _at(known[object_name(old)], f) is MISSING)
                yield from ((path, old, field) for field in gone)


def _patched(content: Any, target: Any, field: Path) -> Any:
    """Return what a kustomization's patch of an object says of a field, MISSING where it says nothing."""
    for document in content if isinstance(content, tuple) else ():
        if is_kustomization(group_kind(document)):
            for item in opened(document).get("patches") or ():
                if isinstance(item, dict) and patch_target(item) == title(target):
                    found = _at(item.get("patch"), field)
                    if found is not MISSING:
                        return found
    return MISSING


def _generated(file: GeneratedFile, target: Any, field: Path, value: Any) -> GeneratedFile:
    content = _with_patch(file.content, target, field, value)
    (document,) = content if isinstance(content, tuple) else ()
    return replace(file, data=emit(document).encode(), content=content)


def _with_patch(content: Content, target: Any, field: Path, value: Any) -> Content:
    """Return a kustomization whose first patch of an object says `value` of a field."""
    if not isinstance(content, tuple):
        return content
    documents = []
    for document in content:
        changed = copy.deepcopy(opened(document))
        items = [i for i in changed.get("patches") or () if patch_target(i) == title(target)]
        if items and isinstance(items[0].get("patch"), dict):
            _put(items[0]["patch"], field, value)
        documents.append(closed(changed))
    return tuple(documents)


def _with(content: Content, target: Any, field: Path, value: Any) -> Content:
    if not isinstance(content, tuple):
        return content
    documents = copy.deepcopy(content)
    for document in documents:
        if object_name(document) == object_name(target):
            _put(document, field, value)
    return documents


def _at(value: Any, path: Path) -> Any:
    for step in path:
        value = _step(value, step)
    return value


def _step(value: Any, step: str) -> Any:
    if isinstance(value, list):
        return next((each for each in value if isinstance(each, dict) and each.get("name") == step), MISSING)
    return value.get(step, MISSING) if isinstance(value, dict) else MISSING


def _put(value: Any, path: Path, new: Any) -> None:
    """Set the field, or remove it; what leads to it is made where it is missing."""
    *way, last = path
    for step in way:
        inner = _step(value, step)
        if inner is MISSING and isinstance(value, list):
            inner = {"name": step}
            value.append(inner)
        elif inner is MISSING:
            inner = value[step] = [] if step in CONTAINER_LISTS else {}
        value = inner
    if new is MISSING:
        value.pop(last, None)
    else:
        value[last] = copy.deepcopy(new)
