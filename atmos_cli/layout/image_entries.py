"""The entries of an overlay's `images`: which one has the last word on an image, and the edits that change it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.kustomize.images import concerns, replaced, split_image
from atmos_cli.yamlio.edits import InsertItem, RemoveValue, SetValue

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from atmos_cli.kube.image_reference import ImageReference
    from atmos_cli.yamlio.edits import Edit


def deciding(entries: Sequence[Mapping[str, Any]], image: str) -> int | None:
    """Return the number of the entry that has the last word on `image` as the base has it; None when none is about it.

    Entries apply in their order, each to what the one before made of it.
    """
    found = None
    for number, entry in enumerate(entries):
        if concerns(entry, image):
            found, image = number, replaced(image, entry)
    return found


def changed_entry(entries: Sequence[Mapping[str, Any]], number: int, image: ImageReference) -> Iterator[Edit]:
    """Yield the edits after which entry `number` says `image`: name, tag and digest together, all else as it is."""
    entry, at = entries[number], ("images", number)
    if (entry.get("newName") or entry.get("name")) != image.name:
        yield SetValue((*at, "newName"), image.name, after="name")
    for key, value, after in (("newTag", image.tag, "newName"), ("digest", image.digest, "newTag")):
        if value and entry.get(key) != value:
            known = after if after in entry or (after == "newName" and image.name != entry.get("name")) else "name"
            yield SetValue((*at, key), value, after=known)
        elif not value and key in entry:
            yield RemoveValue((*at, key))


def added_entry(declared: str, image: ImageReference) -> InsertItem:
    """Return the edit that adds an entry for an image that none is about yet, named as it is `declared` below."""
    name = split_image(declared).name
    entry = {"name": name}
    if image.name != name:
        entry["newName"] = image.name
    if image.tag:
        entry["newTag"] = image.tag
    if image.digest:
        entry["digest"] = image.digest
    return InsertItem(("images",), entry)


def same_version(one: str, other: str) -> bool:
    """Return whether two images are one version: the same name, and the same digest, or tag where one has no digest."""
    left, right = split_image(one), split_image(other)
    if left.name != right.name:
        return False
    if left.digest and right.digest:
        return left.digest == right.digest
    return bool(left.tag) and left.tag == right.tag
