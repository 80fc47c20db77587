"""Comments behind the values of a file, as people read them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.yamlio.locate import locate

if TYPE_CHECKING:
    from collections.abc import Mapping


def annotated(data: bytes, comments: Mapping[tuple[str, ...], str]) -> bytes:
    """Return the file with a comment at the end of the line of each key; a line that has one already keeps it."""
    lines = data.decode().split("\n")
    for path, comment in comments.items():
        number = locate(data, 0, path)[0] - 1
        if " #" not in lines[number]:
            lines[number] = f"{lines[number]}  # {comment}"
    return "\n".join(lines).encode()
