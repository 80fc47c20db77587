"""Changes of block collections, a line for each entry: what they replace, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.yamlio.composed import is_block, is_empty, is_mapping, is_text_block, text_block
from atmos_cli.yamlio.scalars import ScalarError, resolve_plain
from atmos_cli.yamlio.written import (
    Indents,
    block_lines,
    entry_lines,
    in_style,
    is_filled,
    item_lines,
    scalar_lines,
    text_block_lines,
)

if TYPE_CHECKING:
    from atmos_cli.yamlio.places import Change, Page


def add_entry(page: Page, node: Any, key: str, value: Any, *, after: str | None) -> list[Change]:
    """Put a key behind the sibling `after`, else at the end of a block mapping."""
    found = page.below_path(node, after) if after is not None else None
    index = found[0] if found else len(node.value) - 1
    start = page.entry_start(node, 0)
    lines = entry_lines(key, value, " " * page.column(start), page.indents(start, value))
    return [page.below(page.entry_end(node, index), lines)]


def insert_item(page: Page, node: Any, value: Any, index: int, *, key: Any) -> list[Change]:
    """Put an item before the one at `index` of a block list, which is the value of `key` if that is not None."""
    start = page.entry_start(node, 0)
    lines = item_lines(value, " " * page.column(start), page.indents(start, value))
    if index:
        return [page.below(page.entry_end(node, index - 1), lines)]
    if key is not None:
        return [page.below(page.behind_key(key), lines)]
    lines[0] = lines[0].lstrip(" ")
    return [(start, start, "\n".join([*lines, " " * page.column(start)]))]


def remove_entry(page: Page, node: Any, index: int, *, key: Any) -> list[Change]:
    """Take an entry out of a block collection, which is the value of `key` if that is not None."""
    start, end = page.entry_start(node, index), page.entry_end(node, index)
    if len(node.value) == 1:
        empty = "{}" if is_mapping(node) else "[]"
        if key is None:
            return [(start, page.line_end(end), empty)]
        at = page.behind_key(key)
        return [(at, at, f" {empty}"), page.whole_lines(start, end)]
    if page.opens_line(start):
        return [page.whole_lines(start, end)]
    begin, after = page.line_start(start), page.entry_start(node, 1)
    return [page.whole_lines(start, end), (page.line_start(after), after, page.text[begin:start])]


def set_root(page: Page, node: Any, value: Any) -> list[Change]:
    """Replace the whole of a document."""
    if is_block(node):
        start, end = page.entry_start(node, 0), page.entry_end(node, len(node.value) - 1)
        written = block_lines if is_filled(value) else scalar_lines
        return [(start, page.line_end(end), "\n".join(written(value, "", page.indents(start, value))))]
    return _replaced(page, node, value, parent=0, content=0)


def set_item(page: Page, node: Any, index: int, value: Any) -> list[Change]:
    """Replace an item of a block list."""
    old, dash = node.value[index], page.entry_start(node, index)
    if not is_block(old):
        opened = not is_empty(old) and page.line_start(int(old.start_mark.index)) == page.line_start(dash)
        content = page.column(int(old.start_mark.index)) if opened else page.column(dash) + 2
        return _replaced(page, old, value, parent=page.column(dash), content=content)
    start, end = page.entry_start(old, 0), page.entry_end(old, len(old.value) - 1)
    column, indents = page.column(start), page.indents(start, value)
    pad = " " * (column if is_filled(value) else page.column(dash))
    lines = block_lines(value, pad, indents) if is_filled(value) else scalar_lines(value, pad, indents)
    return [(start, page.line_end(end), "\n".join(lines).lstrip(" "))]


def set_value(page: Page, node: Any, index: int, value: Any) -> list[Change]:
    """Replace the value of a key of a block mapping."""
    key, old = node.value[index]
    column = page.column(page.entry_start(node, 0))
    if not is_block(old):
        content = column + _offset(value, page.indents(page.entry_start(node, index), value))
        return _replaced(page, old, value, parent=column, content=content, key=key)
    start, end = page.entry_start(old, 0), page.entry_end(old, len(old.value) - 1)
    at, removed = page.behind_key(key), page.whole_lines(start, end)
    if not page.opens_line(start):
        return [(start, page.line_end(end), "\n".join(scalar_lines(value, " " * column, page.indents(start, value))))]
    indents = page.indents(start, value)
    if is_filled(value):
        same = isinstance(value, dict) is is_mapping(old)
        child = page.column(start) if same else column + _offset(value, indents)
        return [(page.line_start(start), page.line_end(end), "\n".join(block_lines(value, " " * child, indents)))]
    first, *rest = scalar_lines(value, " " * column, indents)
    return [(at, at, f" {first}"), page.below(at, rest), removed]


def _replaced(page: Page, old: Any, value: Any, *, parent: int, content: int, key: Any = None) -> list[Change]:
    """Replace what is no block collection: its key or dash is at column `parent`, a collection is at `content`."""
    if is_text_block(old):
        return _replaced_text_block(page, old, value, parent=parent, content=content, key=key)
    start, end = int(old.start_mark.index), int(old.end_mark.index)
    lines = _lines(page, old, value, parent, content, below=key is not None)
    return _written(page, start, end, lines)


def _lines(page: Page, old: Any, value: Any, parent: int, content: int, *, below: bool) -> list[str]:
    """Return what stands in the place of `old`, and the lines below it."""
    indents = page.indents(int(old.start_mark.index), value)
    if is_filled(value):
        lines = block_lines(value, " " * content, indents)
        return ["", *lines] if below else [lines[0].lstrip(" "), *lines[1:]]
    if isinstance(value, str) and not is_block(old) and isinstance(old.value, str):
        text = page.text[int(old.start_mark.index) : int(old.end_mark.index)]
        if "\n" not in value and "\n" not in text and not old.tag and not old.anchor:
            kept = in_style(value, style=old.style, old=text, flow=False)
            if kept is not None and _is_string(old):
                return [kept]
    return scalar_lines(value, " " * parent, indents)


def _is_string(node: Any) -> bool:
    if node.style is not None:
        return True
    try:
        return isinstance(resolve_plain(node.value), str)
    except ScalarError:
        return False


def _written(page: Page, start: int, end: int, lines: list[str]) -> list[Change]:
    """Put the first of `lines` into a place and the others below the line in which it ends."""
    first, *rest = lines
    text = page.text
    if not first:
        if page.opens_line(start) and not text[end : page.line_end(end)].strip() and rest:
            return [(page.line_start(start), page.line_end(end), "\n".join(rest))]
        start = page.without_blanks(start)
    elif start == end and text[start - 1 : start] in {":", "-", "?"}:
        first = f" {first}"
    return [(start, end, first), page.below(end, rest)]


def _replaced_text_block(page: Page, old: Any, value: Any, *, parent: int, content: int, key: Any) -> list[Change]:
    block = text_block(page.text, old)
    pad = " " * (block.indent or parent + 2)
    lines = None
    if isinstance(value, str):
        lines = text_block_lines(value, page.text[block.start : block.header_end], pad)
    if lines is None:
        lines = _lines(page, old, value, parent, content, below=key is not None)
    first, *rest = lines
    start = block.start if first else page.without_blanks(block.start)
    changes = [(start, block.header_end, first)]
    if block.end <= block.body:
        return [*changes, page.below(block.header_end, rest)]
    if not rest:
        return [*changes, page.whole_lines(block.body, block.end)]
    return [*changes, *_shared(page, block.body, block.end, rest)]


def _shared(page: Page, start: int, end: int, lines: list[str]) -> list[Change]:
    """Replace lines by others, but those at both ends that say the same."""
    old = page.text[start:end].split("\n")
    bare = [each.rstrip() if not each.strip() else each.removesuffix("\r") for each in old]
    head = tail = 0
    while head < min(len(old), len(lines)) and bare[head] == lines[head]:
        head += 1
    while tail < min(len(old), len(lines)) - head and bare[-1 - tail] == lines[-1 - tail]:
        tail += 1
    new = [*old[:head], *lines[head : len(lines) - tail], *old[len(old) - tail :]]
    return [(start, end, "\n".join(each.removesuffix("\r") for each in new))]


def _offset(value: Any, indents: Indents) -> int:
    return indents.dash if isinstance(value, list) else indents.mapping
