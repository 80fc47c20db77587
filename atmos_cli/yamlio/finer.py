"""One collection made into another by the fewest edits, so that the lines of what both have stay as they are."""

from __future__ import annotations

import json
from dataclasses import replace
from difflib import SequenceMatcher
from typing import TYPE_CHECKING, Any

from atmos_cli.yamlio.edits import InsertItem, RemoveValue, SetValue
from atmos_cli.yamlio.expected import same_in_order

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.yamlio.edits import Edit


def finer_edits(change: SetValue, old: Any) -> Iterator[Edit]:
    """Yield the edits inside `old`, to apply one after the other, after which it is the value of `change`."""
    new = change.value
    if same_in_order(old, new):
        return
    if isinstance(old, dict) and isinstance(new, dict) and old and new:
        yield from _in_mapping(change, old, new)
    elif isinstance(old, list) and isinstance(new, list) and old and new:
        yield from _in_list(change, old, new)
    else:
        yield change


def _in_mapping(change: SetValue, old: dict[str, Any], new: dict[str, Any]) -> Iterator[Edit]:
    before = None
    for key, value in new.items():
        inner = replace(change, path=(*change.path, key), value=value, after=before)
        yield from finer_edits(inner, old[key]) if key in old else (inner,)
        before = key
    for key in old:
        if key not in new:
            yield RemoveValue((*change.path, key), change.document)


def _in_list(change: SetValue, old: list[Any], new: list[Any]) -> Iterator[Edit]:
    left, right = ([json.dumps(each, sort_keys=True) for each in items] for items in (old, new))
    # from the end on, so that the positions before stay what they are
    for _, first, last, begin, end in reversed(SequenceMatcher(None, left, right, autojunk=False).get_opcodes()):
        common = min(last - first, end - begin)
        for item in reversed(new[begin + common : end]):
            yield InsertItem(change.path, item, first + common, change.document)
        for at in reversed(range(first + common, last)):
            yield RemoveValue((*change.path, at), change.document)
        for step in reversed(range(common)):
            inner = replace(change, path=(*change.path, first + step), value=new[begin + step], after=None)
            yield from finer_edits(inner, old[first + step])
