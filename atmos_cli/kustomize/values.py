"""Values as kustomize sees them: missing ones, blank ones, and the text of a scalar."""

from __future__ import annotations

from typing import Any, Final


class _Nothing:
    """The value of a field that does not exist."""

    def __repr__(self) -> str:
        return "NOTHING"


class _Blank:
    """The value of a field with nothing written after its colon: null, but dropped by a merge."""

    def __repr__(self) -> str:
        return "BLANK"

    def __deepcopy__(self, memo: object) -> _Blank:
        return self


class Shared:
    """One text that several fields share: kustomize writes a new label into all of them as one and the same node.

    A change in one place changes it in the others, until a JSON patch takes the object apart.
    """

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


NOTHING: Final = _Nothing()
BLANK: Final = _Blank()


def text(value: Any) -> str:
    """Return a scalar as YAML writes it; collections and null have no text ("")."""
    if isinstance(value, str):
        return value
    if value is None or value is BLANK or isinstance(value, dict | list):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Shared):
        return text(value.value)
    return str(value)


def written(value: Any) -> str:
    """Return `text`, but "null" for a null that is written out: what becomes of annotations."""
    return "null" if value is None else text(value)


def assign(parent: Any, key: Any, value: Any) -> None:
    """Set a field that exists, with all fields that share its node."""
    present = parent[key]
    if isinstance(present, Shared):
        present.value = value.value if isinstance(value, Shared) else value
    else:
        parent[key] = value


def is_null(value: Any) -> bool:
    return value is None or value is NOTHING or value is BLANK
