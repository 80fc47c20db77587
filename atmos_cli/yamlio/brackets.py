"""Changes inside `[]` and `{}`, JSON files included: in place, comma by comma."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from atmos_cli.yamlio.composed import AliasNode, children, is_flow, is_mapping
from atmos_cli.yamlio.written import FlowStyle, flow_key, flow_text, in_style

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.yamlio.places import Change, Page


def flow_of(page: Page, chain: Sequence[Any]) -> FlowStyle:
    """Return how the innermost of nested collections is written, or the nearest around it that tells."""
    node = chain[-1]
    quotes = next((found for each in reversed(chain) if (found := _quotes(each)) is not None), False)
    pair = next((each.value[0] for each in reversed(chain) if is_mapping(each) and is_flow(each) and each.value), None)
    tight = pair is not None and pair[0].end_mark.index + 1 == pair[1].start_mark.index and not _is_bare(pair[1])
    pad, step = None, "  "
    if node.value and page.opens_line(first := _start(node, 0)):
        pad = " " * page.column(first)
        outer = _leading(page.text, page.line_start(_opening(page, node)))
        step = " " * (len(pad) - outer) if len(pad) > outer else "  "
    return FlowStyle(quotes, tight and pad is None, pad, step)


def _leading(text: str, at: int) -> int:
    found = re.compile(r" *").match(text, at)
    return len(found[0]) if found else 0


def _quotes(node: Any) -> bool | None:
    """Whether a collection in brackets quotes all of its texts as JSON does; None if it has none."""
    if not is_flow(node) or not node.value:
        return None
    if is_mapping(node):
        return bool(node.value[0][0].style == '"')
    texts = [each for each in node.value if isinstance(each.value, str) and not isinstance(each, AliasNode)]
    if any(each.style != '"' and (each.style or re.match(r"[A-Za-z_/.]", each.value)) for each in texts):
        return False
    return True if texts else None


def set_in_flow(page: Page, node: Any, index: int, value: Any, flow: FlowStyle) -> list[Change]:
    """Replace the value of an entry in brackets."""
    old = children(node)[index]
    start, end = int(old.start_mark.index), int(old.end_mark.index)
    text = None
    if isinstance(value, str) and isinstance(old.value, str) and not flow.json and not old.tag and "\n" not in value:
        text = in_style(value, style=old.style, old=page.text[start:end], flow=True)
    text = flow_text(value, flow) if text is None else text
    if start == end and is_mapping(node):
        before = page.text[start - 1]
        colon = ":" in page.text[int(node.value[index][0].end_mark.index) : start]
        text = f": {text}" if not colon else text if before in " \n\t" else f" {text}"
    return [(start, end, text)]


def insert_in_flow(page: Page, node: Any, index: int, key: str | None, value: Any, flow: FlowStyle) -> list[Change]:
    """Put an entry before the one at `index`, with a key in a mapping."""
    colon, apart = (":", ",") if flow.tight else (": ", ", ")
    written = flow_text(value, flow) if key is None else f"{flow_key(key, flow)}{colon}{flow_text(value, flow)}"
    if _is_bare_pair(page, node):
        pair = page.text[int(node.start_mark.index) : _end(node, 0)]
        entries = (written, pair) if index == 0 else (pair, written)
        return [(int(node.start_mark.index), _end(node, 0), f"{{{entries[0]}{apart}{entries[1]}}}")]
    if not node.value:
        opening = _opening(page, node)
        return [(opening + 1, opening + 1, written)]
    if index == 0:
        first = _start(node, 0)
        if flow.pad is None:
            return [(first, first, written + apart)]
        opening = _opening(page, node)
        if page.closes_line(opening + 1):
            return [(page.line_end(opening), page.line_end(opening), f"\n{flow.pad}{written},")]
        return [(first, first, f"{written},\n{flow.pad}")]
    end = _end(node, index - 1)
    comma = _comma(page, end, node)
    if flow.pad is None:
        return [(end, end, apart + written)]
    behind = comma + 1 if comma is not None else end
    if not page.closes_line(behind):
        return [(end, end, f",\n{flow.pad}{written}")]
    at = page.line_end(behind)
    if comma is None:
        return [(end, end, ","), (at, at, f"\n{flow.pad}{written}")]
    return [(at, at, f"\n{flow.pad}{written},")]


def remove_in_flow(page: Page, node: Any, index: int) -> list[Change]:
    """Take an entry out of brackets."""
    start, end = _start(node, index), _end(node, index)
    if _is_bare_pair(page, node):
        return [(int(node.start_mark.index), end, "{}")]
    comma = _comma(page, end, node)
    stop = end if comma is None else comma + 1
    last = len(node.value) - 1
    if last == 0:
        return _last_one(page, node, start, stop)
    if page.opens_line(start) and page.closes_line(stop):
        changes = [page.whole_lines(start, stop)]
        if index == last and comma is None:
            changes.append(_without_comma(page, node, index - 1))
        return changes
    if index < last:
        following = _start(node, index + 1)
        between = page.text[stop:following]
        return [(start, following if not between.strip() and "\n" not in between else stop, "")]
    before = _end(node, index - 1)
    if "#" in page.text[before:start]:
        return [(start, stop, ""), *([_without_comma(page, node, index - 1)] if comma is None else [])]
    return [(before, end if comma is None else comma, "")]


def _last_one(page: Page, node: Any, start: int, stop: int) -> list[Change]:
    opening, closing = _opening(page, node) + 1, int(node.end_mark.index) - 1
    if "#" in page.text[opening:start] + page.text[stop:closing].replace(page.text[stop : page.line_end(stop)], ""):
        return [
            page.whole_lines(start, stop) if page.opens_line(start) and page.closes_line(stop) else (start, stop, "")
        ]
    return [(opening, closing, "")]


def _without_comma(page: Page, node: Any, index: int) -> Change:
    comma = _comma(page, _end(node, index), node)
    at = _end(node, index) if comma is None else comma
    return at, at + (comma is not None), ""


def _comma(page: Page, at: int, node: Any) -> int | None:
    """Return where the comma behind an entry stands, beyond blanks and comments."""
    found = _COMMA.match(page.text, at, int(node.end_mark.index) - 1)
    return found.end() - 1 if found else None


def _is_bare_pair(page: Page, node: Any) -> bool:
    """Whether a mapping is a single `key: value` of a list, without braces."""
    return is_mapping(node) and len(node.value) == 1 and page.text[int(node.start_mark.index)] not in "{&!"


def _opening(page: Page, node: Any) -> int:
    """Return where the bracket stands, behind an anchor and a tag."""
    bracket = "{" if is_mapping(node) else "["
    return page.text.index(bracket, int(node.start_mark.index))


def _start(node: Any, index: int) -> int:
    entry = node.value[index]
    return int((entry[0] if is_mapping(node) else entry).start_mark.index)


def _end(node: Any, index: int) -> int:
    if not is_mapping(node):
        return int(node.value[index].end_mark.index)
    key, value = node.value[index]
    return int(max(key.end_mark.index, value.end_mark.index))


def _is_bare(node: Any) -> bool:
    return bool(node.start_mark.index == node.end_mark.index)


_COMMA = re.compile(r"(?:[ \t\r\n]|(?<=\s)#[^\n]*)*,")
