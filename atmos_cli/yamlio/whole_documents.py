"""Documents of a file put in and taken out whole, between their `---` lines."""

from __future__ import annotations

import re
from typing import Any

from atmos_cli.yamlio.composed import compose, content_end
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.places import Page
from atmos_cli.yamlio.written import block_lines, is_filled

BOM = "\ufeff"


def appended(data: bytes, value: Any) -> bytes:
    """Return a file with one more document, unproven; a file without a last newline gets none."""
    whole = data.decode()
    text = whole.removeprefix(BOM)
    page = Page(text, compose(text))
    new = emit(value)
    if is_filled(value):
        new = "\n".join([*block_lines(value, "", page.indents(len(text), value)), ""])
    separator = "" if _ends_empty(page) else "---\n"
    if text and not text.endswith("\n"):
        separator, new = f"\n{separator}", new.removesuffix("\n")
    return (whole + _in_line_ends_of(text, separator + new)).encode()


def removed(data: bytes, index: int) -> bytes:
    """Return a file without a document and the comments in it, unproven. Comments above the first one stay."""
    whole = data.decode()
    text = whole.removeprefix(BOM)
    page = Page(text, compose(text))
    root = page.trees[index].root
    begin = page.line_start(int(root.start_mark.index))
    separators = [found.start() for found in _SEPARATOR.finditer(text)]
    opening = max((at for at in separators if at <= begin), default=None)
    closing = min((at for at in separators if at > content_end(text, root)), default=len(text))
    start = begin if opening is None else opening
    if opening is None and closing < len(text):
        line_end = page.line_end(closing)
        if text[closing:line_end].strip() == "---" and not text[:begin].strip():
            closing = min(line_end + 1 + (text[line_end : line_end + 1] == "\r"), len(text))
    result = text[:start] + text[closing:]
    if closing == len(text) and not text.endswith("\n"):
        result = result.removesuffix("\n").removesuffix("\r")
    return (whole[: len(whole) - len(text)] + result).encode()


def _ends_empty(page: Page) -> bool:
    """Whether nothing but comments stands behind the last separator, or in the whole file."""
    last = max((found.end() for found in _SEPARATOR.finditer(page.text)), default=0)
    return not any(int(tree.root.start_mark.index) >= last for tree in page.trees)


def _in_line_ends_of(text: str, new: str) -> str:
    first = text.find("\n")
    return new.replace("\n", "\r\n") if first > 0 and text[first - 1] == "\r" else new


_SEPARATOR = re.compile(r"^---(?=[ \t\r\n]|\Z)", re.MULTILINE)
