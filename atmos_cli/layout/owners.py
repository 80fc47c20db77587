"""`CODEOWNERS`: who is asked to review which files, by names that stand in until people write those of their forge."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.ports import FileTree
    from atmos_cli.tool_settings import Forge

OWNERS = "CODEOWNERS"
# Where a forge looks, in its order: it reads the first that is there, and none of the others.
PLACES: dict[Forge, tuple[str, ...]] = {
    "github": (f".github/{OWNERS}", OWNERS, f"docs/{OWNERS}"),
    "gitlab": (OWNERS, f"docs/{OWNERS}", f".gitlab/{OWNERS}"),
}
HEADER = "# Replace the names by groups of your forge. The last matching line counts."
_WRITTEN = re.compile(r"\* (?P<all>@platform)|/apps/(?P<team>[a-z0-9-]+)/ (?P<owner>@(?P=team))")


def owners_place(tree: FileTree, forge: Forge) -> str:
    """Return the path of the file that the forge reads, or would: a second one counts for nothing, or undoes it."""
    return next((path for path in PLACES[forge] if tree.read(path) is not None), OWNERS)


def owners_text(teams: Sequence[str]) -> str:
    """Return the file with a line for the platform's files, and one for those of each team."""
    return "\n".join([HEADER, "* @platform", *(f"/apps/{team}/ @{team}" for team in teams)]) + "\n"


def stand_ins(text: str) -> Iterator[tuple[int, str]]:
    """Yield the line (from 1) and the owner of each line that is as `owners_text` wrote it.

    Whoever has groups of just these names says so by removing the comment above them.
    """
    lines = [line.rstrip() for line in text.splitlines()]
    for number, line in enumerate(lines if HEADER in lines else (), 1):
        if match := _WRITTEN.fullmatch(line):
            yield number, match["all"] or match["owner"]
