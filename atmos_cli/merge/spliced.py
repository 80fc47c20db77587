"""Edits of one of our files, whose refusals name the file."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Location
from atmos_cli.yamlio.edit import edit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.yamlio.edits import Edit


def edit_of_file(path: str, data: bytes, edits: Sequence[Edit], *, inside: bool = False) -> bytes:
    """Return the file with the edits. `inside`: `data` is only a text in it, whose lines are not those of the file.

    Raises AtmosError in that file for what must not be edited, such as what an alias repeats elsewhere.
    """
    try:
        return edit(data, list(edits))
    except AtmosError as error:
        places = (each.where or Location("") for each in error.diagnostics)
        where = (Location(path, field=each.field) if inside else replace(each, path=path) for each in places)
        found = (replace(each, where=place) for each, place in zip(error.diagnostics, where, strict=True))
        raise AtmosError(*found, exit_code=error.exit_code) from None
