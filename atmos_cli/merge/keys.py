"""Items of a list that are the same although their key is another one now, such as a port with another number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def with_new_keys(
    mine: Mapping[str, Any], bases: Sequence[dict[str, Any]], theirs: Mapping[str, Any]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Return the keys of our items as `theirs` has them, and `bases` with what was generated under these.

    An item goes on under another key where the one that is generated no more, and the new one, alone have its `name`;
    so does one that a person gave a third key.
    """
    known = {key: item for base in bases for key, item in base.items()}
    gone = _by_name(known, without=theirs)
    new = _by_name(theirs, without={*mine, *known})
    own = _by_name(mine, without={*known, *theirs})
    renamed: dict[str, str] = {}
    for name in gone.keys() & new.keys():
        ours = gone[name] if gone[name] in mine else own.get(name, "")
        if ours:
            renamed |= {gone[name]: new[name], ours: new[name]}
    moved = [{**base, **{renamed[key]: item for key, item in base.items() if key in renamed}} for base in bases]
    return [renamed.get(key, key) for key in mine], moved


def _by_name(items: Mapping[str, Any], *, without: Iterable[str]) -> dict[str, str]:
    """Return the key of each item by its `name`, where no other of all `items` has that."""
    left = frozenset(without)
    names: dict[str, list[str]] = {}
    for key, item in items.items():
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            names.setdefault(item["name"], []).append(key)
    return {name: keys[0] for name, keys in names.items() if len(keys) == 1 and keys[0] not in left}
