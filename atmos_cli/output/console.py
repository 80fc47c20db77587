"""The console for tables and colours. Foreign text gets into markup through `escape` only."""

from __future__ import annotations

import sys
from typing import IO, TYPE_CHECKING, cast

from rich import markup
from rich.console import Console
from rich.segment import Segment

from atmos_cli.foreign import block, line

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import ConsoleOptions, RenderableType


class _Safe(Console):
    """Makes text safe while it is still apart from its colours."""

    def render(self, renderable: RenderableType, options: ConsoleOptions | None = None) -> Iterable[Segment]:
        for segment in super().render(renderable, options):
            yield segment if segment.control else Segment(block(segment.text), segment.style)


class _Styled:
    """Writes to standard output for rich: by now every escape sequence is its own."""

    def __init__(self) -> None:
        # While a table is drawn again and again, rich wraps the stream.
        self._stream = getattr(sys.stdout, "rich_proxied_file", sys.stdout)

    def write(self, text: str) -> int:
        getattr(self._stream, "write_styled", self._stream.write)(text)
        return len(text)

    def __getattr__(self, name: str) -> object:
        return getattr(self._stream, name)


def console() -> Console:
    """Return a console for tables and colours, whose text is safe."""
    # Off a terminal rich assumes 80 columns and cuts; a log file has no edge.
    width = None if sys.stdout.isatty() else 160
    return _Safe(width=width, highlight=False, soft_wrap=False, file=cast("IO[str]", _Styled()))


def escape(text: str) -> str:
    """Return one line of foreign text, ready for markup."""
    return markup.escape(line(text))
