"""Patches that people split: what was generated as one patch stands in several patches of the same object now."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.kube.listkeys import merge_keys
from atmos_cli.layout.items import item_names

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.layout.items import GroupKind

Names = tuple[str, ...]


def split_as_ours(
    value: Any, generated: Sequence[Any], ours: Mapping[int, Any], *, kind: GroupKind, names: Names = ()
) -> dict[int, Any]:
    """Return which part of a generated patch belongs into which of our patches, by their positions.

    `ours` has the one that comes nearest to the generated patch first: it takes all that is nowhere else, and what was
    not in `generated` (the patches generated before), which others can only have as an addition of a person.
    """
    first = next(iter(ours))
    if len(ours) == 1 or not value:
        return {first: value}
    if isinstance(value, dict) and all(isinstance(each, dict) for each in ours.values()):
        parts: dict[int, dict[str, Any]] = {}
        for key, below in value.items():
            known = [each[key] for each in generated if isinstance(each, dict) and key in each]
            there = {at: each[key] for at, each in ours.items() if key in each} if known else {}
            found = split_as_ours(below, known, there, kind=kind, names=(*names, key)) if there else {first: below}
            for at, part in found.items():
                parts.setdefault(at, {})[key] = part
        return dict(parts)
    items = _named_items(value, kind, names)
    mine = {at: _named_items(each, kind, names) for at, each in ours.items()}
    if items is None or None in mine.values():
        return {first: value}
    return _split_items(items, [_named_items(each, kind, names) or {} for each in generated], mine, kind, names)


def _split_items(
    items: Mapping[str, Any],
    generated: Sequence[Mapping[str, Any]],
    ours: Mapping[int, Mapping[str, Any] | None],
    kind: GroupKind,
    names: Names,
) -> dict[int, Any]:
    first, keys = next(iter(ours)), merge_keys(*kind, names) or ()
    parts: dict[int, list[Any]] = {}
    for name, item in items.items():
        known = [each[name] for each in generated if name in each]
        there = {at: each[name] for at, each in ours.items() if each and name in each} if known else {}
        found = split_as_ours(item, known, there, kind=kind, names=names) if there else {first: item}
        identity = {key: item[key] for key in keys if key in item}
        for at, part in found.items():
            parts.setdefault(at, []).append({**identity, **part} if isinstance(part, dict) else part)
    return dict(parts)


def _named_items(value: Any, kind: GroupKind, names: Names) -> dict[str, Any] | None:
    found = item_names(kind, names, value) if isinstance(value, list) else None
    return dict(zip(found, value, strict=True)) if found is not None else None


def split_patch(
    bases: tuple[Any, ...], theirs: Any, ours: Mapping[int, Any], *, kind: GroupKind
) -> dict[int, tuple[tuple[Any, ...], Any]]:
    """Return what was generated and what is now for each of our patches that has a part of it, by their positions."""
    generated = [each for each in bases if isinstance(each, dict)]
    before = [split_as_ours(each, generated, ours, kind=kind) for each in bases]
    after = split_as_ours(theirs, generated, ours, kind=kind)
    first = next(iter(ours))
    return {
        at: (tuple(each.get(at, {}) for each in before), after.get(at, {}))
        for at in ours
        if at == first or any(at in each for each in before)
    }
