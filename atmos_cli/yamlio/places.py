"""Lines, columns and entries of a text that is about to be edited."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.yamlio.composed import (
    Tree,
    below,
    children,
    content_end,
    is_block,
    is_mapping,
    is_sequence,
    key_text,
)
from atmos_cli.yamlio.written import Indents, is_filled

if TYPE_CHECKING:
    from collections.abc import Iterator

Change = tuple[int, int, str]  # from, to (exclusive), what stands there instead


@dataclass(frozen=True, slots=True)
class Page:
    """A text without its byte order mark, with its documents; offsets count characters."""

    text: str
    trees: tuple[Tree, ...]
    blocks: bool = True

    def line_start(self, at: int) -> int:
        """Return where the line of an offset starts."""
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Return where the line of an offset ends, before its line end."""
        end = self.text.find("\n", at)
        end = len(self.text) if end < 0 else end
        return end - 1 if end > at and self.text[end - 1] == "\r" else end

    def column(self, at: int) -> int:
        """Return how many characters stand before an offset on its line."""
        return at - self.line_start(at)

    def opens_line(self, at: int) -> bool:
        """Return whether only blanks stand before an offset on its line."""
        return not self.text[self.line_start(at) : at].strip(" ")

    def closes_line(self, at: int) -> bool:
        """Return whether nothing but blanks or a comment follows an offset on its line."""
        rest = self.text[at : self.line_end(at)]
        return not rest.strip() or re.match(r"[ \t]+#", rest) is not None

    def without_blanks(self, start: int) -> int:
        """Return where the blanks before an offset start."""
        while self.text[start - 1 : start] in {" ", "\t"}:
            start -= 1
        return start

    def below(self, at: int, lines: list[str]) -> Change:
        """Return lines put below that of an offset, and below the comment at its end."""
        end = self.line_end(at)
        return end, end, "".join(f"\n{line}" for line in lines)

    def whole_lines(self, start: int, end: int) -> Change:
        """Return the removal of the lines from that of `start` to that of `end`, and of one line end."""
        first, last = self.line_start(start), self.line_end(end)
        behind = self.text.find("\n", last)
        if behind >= 0:
            return first, behind + 1, ""
        before = first - 1 if first else 0
        return before - (self.text[before - 1 : before] == "\r"), len(self.text), ""

    def entry_start(self, node: Any, index: int) -> int:
        """Return where an entry of a block collection starts: at its dash, key or `?`."""
        if is_mapping(node):
            start = int(node.value[index][0].start_mark.index)
            question = re.search(r"\?[ \t]+$", self.text[self.line_start(start) : start])
            return self.line_start(start) + question.start() if question else start
        at = int(node.start_mark.index)
        if index:
            at = self.line_end(content_end(self.text, node.value[index - 1]))
        elif self.text[at : at + 1] != "-":
            at = self.line_end(at)  # an anchor or a tag stands there
        dash = _DASH.search(self.text, at)
        return dash.end() - 1 if dash else at

    def entry_end(self, node: Any, index: int) -> int:
        """Return where the content of an entry ends."""
        if not is_mapping(node):
            return content_end(self.text, node.value[index])
        key, value = node.value[index]
        end = content_end(self.text, value)
        return end if self.text[end - 1 : end].strip() or end > value.start_mark.index else int(key.end_mark.index)

    def behind_key(self, key: Any) -> int:
        """Return the offset behind the colon of a key, and behind the anchor and tag of a block that follows."""
        colon = self.text.find(":", int(key.end_mark.index))
        end = self.line_end(colon)
        comment = re.search(r"[ \t]#", self.text[colon:end])
        rest = self.text[colon : colon + comment.start() if comment else end]
        return colon + len(rest.rstrip())

    def indents(self, at: int, value: Any) -> Indents:
        """Return the indents that stand nearest to an offset, for a value that has any."""
        if not is_filled(value) and not (isinstance(value, str) and "\n" in value):
            return Indents(blocks=self.blocks)
        found = list(self._offsets())
        mapping = min((each for each in found if each[2]), key=lambda each: abs(each[0] - at), default=(0, 2, True))
        dash = min((each for each in found if not each[2]), key=lambda each: abs(each[0] - at), default=(0, 0, False))
        return Indents(mapping[1], dash[1], self.blocks)

    def _offsets(self) -> Iterator[tuple[int, int, bool]]:
        """Where each block under a key stands, how far to the right of the key, and whether it is a mapping."""
        for tree in self.trees:
            for node in below(tree.root):
                if is_mapping(node) and is_block(node):
                    for key, value in node.value:
                        if is_block(value):
                            start = self.entry_start(value, 0)
                            offset = self.column(start) - self.column(int(key.start_mark.index))
                            yield start, max(offset, 0), is_mapping(value)

    def below_path(self, node: Any, part: Any) -> tuple[int, Any] | None:
        """Return the number of the entry for a key or list index, and its value."""
        if is_sequence(node) and isinstance(part, int):
            found = children(node)
            index = part + len(found) if part < 0 else part
            return (index, found[index]) if 0 <= index < len(found) else None
        if is_mapping(node) and isinstance(part, str):
            for index, (key, value) in enumerate(node.value):
                if key_text(key) == part:
                    return index, value
        return None


# Blank lines and comments, then a dash.
_DASH = re.compile(r"(?:[ \t]*(?:#[^\n]*)?\r?\n)*[ \t]*-")
