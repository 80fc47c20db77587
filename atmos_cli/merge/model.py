"""What a merge says: fields that it changed, conflicts that it left to people, and edits of theirs that it kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.yamlio.edits import Path


class Missing:
    """The value of a field that is not there."""

    def __repr__(self) -> str:
        return "nothing"


MISSING: Final = Missing()
Side = Literal["ours", "theirs"]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field that the merge changes in the files: `before` and `after` may be MISSING.

    `subject` names the object that it is of, as `object_name` does, and `inside` the field there.
    """

    file: str
    field: str
    before: Any
    after: Any
    subject: str = ""
    inside: str = ""


@dataclass(frozen=True, slots=True)
class Conflict:
    """A field that both sides changed, differently. `at` and `document` say where it is in our file, if it is there.

    `inner` goes on inside the text at `at`, for a field of an inline patch. `base` is MISSING when it was not generated
    before, or is not known.
    """

    file: str
    field: str
    base: Any
    ours: Any
    theirs: Any
    at: Path = ()
    document: int = 0
    why: str = ""
    inner: Path = ()


@dataclass(frozen=True, slots=True)
class OwnPatch:
    """A patch of a kustomization that a person wrote: what it is for, the fields it sets, and what comes before it."""

    file: str
    subject: str
    fields: frozenset[str]
    after_generated: bool


@dataclass(frozen=True, slots=True)
class KeptEdit:
    """Something that a person did and that stays although it is not what would be generated."""

    file: str
    field: str
    what: Literal["deleted", "owned"]
    note: str = ""


# Which side wins a conflict; None leaves it to people.
Choose = Callable[[Conflict], Side | None]


@dataclass(frozen=True, slots=True)
class Merged:
    """`files` are those that change (None removes one); with `conflicts` nothing may be written."""

    files: Mapping[str, bytes | None]
    changed: tuple[FieldChange, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    kept: tuple[KeptEdit, ...] = field(default=())


def same(left: Any, right: Any) -> bool:
    """Say whether two values are equal as YAML: `1` is not `true`, and `1` is not `1.0`."""
    if isinstance(left, dict) and isinstance(right, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if isinstance(left, list) and isinstance(right, list):
        return len(left) == len(right) and all(same(a, b) for a, b in zip(left, right, strict=True))
    return type(left) is type(right) and left == right


def among(value: Any, values: tuple[Any, ...]) -> bool:
    """Say whether one of `values` is the same as `value`."""
    return any(same(value, each) for each in values)
