"""Changes of an update that have no effect, because a patch that a person wrote sets the same field after them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.merge.model import FieldChange, KeptEdit, OwnPatch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

NOTE = "a patch of yours sets it, so this has no effect there"


def hidden_changes(
    changed: Iterable[FieldChange], patches: Iterable[OwnPatch], zone: Callable[[str], str]
) -> Iterator[KeptEdit]:
    """Yield a note for each change that a person's patch hides; `zone` says what a file is built with."""
    own = [each for each in patches if each.subject]
    for change in changed:
        for patch in own:
            here = zone(change.file)
            later = patch.after_generated if here == zone(patch.file) else here == "base"
            if later and change.subject == patch.subject and change.inside and _sets(patch, change.inside):
                yield KeptEdit(patch.file, change.inside, "owned", NOTE)


def _sets(patch: OwnPatch, field: str) -> bool:
    return any(each == field or each.startswith((f"{field}.", f"{field}[")) for each in patch.fields)
