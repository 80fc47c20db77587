"""Finds the place of an edit in the text, and refuses what would change more than the edit says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import Code, Location, fail
from atmos_cli.yamlio import brackets, splice
from atmos_cli.yamlio.composed import AliasNode, Tree, below, compose, is_flow, is_mapping, is_sequence, key_text
from atmos_cli.yamlio.expected import nested
from atmos_cli.yamlio.locate import field_of
from atmos_cli.yamlio.places import Change, Page
from atmos_cli.yamlio.written import FlowStyle, flow_text, is_filled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from atmos_cli.diagnostics import AtmosError

BOM = "\ufeff"


def spliced(
    data: bytes,
    value: Any,
    path: Sequence[str | int],
    changes: Callable[[Walk], list[Change]],
    document: int,
    *,
    blocks: bool,
) -> bytes:
    """Return a file with what `changes` makes of the walk to `path` in a document that reads as `value`, unproven.

    Without `blocks` no text becomes a `|` block. Raises AtmosError (ATM304).
    """
    whole = data.decode()
    text = whole.removeprefix(BOM)
    page = Page(text, compose(text), blocks)
    eol = "\r\n" if 0 <= text.find("\r\n") == text.find("\n") - 1 else "\n"
    # From the end on; of two at one place, the first of the list comes first in the text.
    found = changes(Walk(page, page.trees[document], path, value))
    for start, end, new in sorted(found, key=lambda change: change[:2])[::-1]:
        text = text[:start] + (new.replace("\n", eol) if eol != "\n" else new) + text[end:]
    return (whole[: len(whole) - len(page.text)] + text).encode()


def collection_over_lines(data: bytes, value: Any, path: Sequence[str | int], document: int) -> Any:
    """Return what stands at `path` where that is a filled collection, written over several lines.

    None where there is none. Raises AtmosError (ATM304) where the path leads through what cannot be edited.
    """
    text = data.decode().removeprefix(BOM)
    page = Page(text, compose(text), True)
    walk = Walk(page, page.trees[document], path, value)
    node = walk.chain[-1]
    inside = text[int(node.start_mark.index) : int(node.end_mark.index)]
    if walk.missing or not isinstance(node.value, list) or not node.value or "\n" not in inside:
        return None
    for part in path:
        value = value[part]
    return value


class Walk:
    """The nodes of a path from the root down to the last that exists."""

    def __init__(self, page: Page, tree: Tree, path: Sequence[str | int], value: Any) -> None:
        self.page, self.tree, self.path = page, tree, path
        self.chain: list[Any] = [tree.root]
        self.indexes: list[int] = []
        for part in path:
            self._must_be_own(self.chain[-1])
            found = page.below_path(self.chain[-1], part)
            if found is None:
                if isinstance(value, dict) and part in value:
                    self._must_not_be_merged(self.chain[-1])
                break
            value = value[part]
            self.indexes.append(found[0])
            self.chain.append(found[1])
        self.missing = path[len(self.indexes) :]

    def removed(self) -> list[Change]:
        """Take out the key or item at the end of the path."""
        node, index = self.chain[-2], self.indexes[-1]
        self._must_not_be_aliased(self.chain[-1])
        if is_mapping(node):
            self._must_not_be_aliased(node.value[index][0])
        if is_flow(node):
            return brackets.remove_in_flow(self.page, node, index)
        return splice.remove_entry(self.page, node, index, key=self._key(-2))

    def set(self, value: Any, *, after: str | None = None) -> list[Change]:
        """Replace the value at the end of the path, or add what is missing of the path."""
        node = self.chain[-1]
        if self.missing and is_mapping(node) and not self._reopens(node):
            key, value = str(self.missing[0]), nested(self.missing[1:], value)
            self._must_be_own(node)
            if not is_flow(node):
                return splice.add_entry(self.page, node, key, value, after=after)
            found = self.page.below_path(node, after) if after is not None else None
            index = found[0] + 1 if found else len(node.value)
            return brackets.insert_in_flow(self.page, node, index, key, value, self._flow())
        return self._replaced(nested(self.missing, value))

    def inserted(self, value: Any, index: int | None) -> list[Change]:
        """Put an item into the list at the end of the path."""
        node = self.chain[-1]
        if self.missing or not is_sequence(node) or self._reopens(node):
            return self.set([value])
        self._must_be_own(node)
        index = len(node.value) if index is None else index
        if is_flow(node):
            return brackets.insert_in_flow(self.page, node, index, None, value, self._flow())
        return splice.insert_item(self.page, node, value, index, key=self._key(-1))

    def _replaced(self, value: Any) -> list[Change]:
        node = self.chain[-1]
        self._must_be_own(node)
        self._must_not_be_aliased(node)
        if not self.indexes:
            if is_flow(node) and is_filled(value) and (node.value or self._is_json_alone()):
                flow = brackets.flow_of(self.page, self.chain) if node.value else _JSON
                return [(int(node.start_mark.index), int(node.end_mark.index), flow_text(value, flow))]
            return splice.set_root(self.page, node, value)
        parent, index = self.chain[-2], self.indexes[-1]
        if is_flow(parent):
            flow = brackets.flow_of(self.page, self.chain[:-1])
            return brackets.set_in_flow(self.page, parent, index, value, flow)
        if is_mapping(parent):
            return splice.set_value(self.page, parent, index, value)
        return splice.set_item(self.page, parent, index, value)

    def _reopens(self, node: Any) -> bool:
        """Whether an empty `[]` or `{}` becomes a block: where nothing around it is in brackets or JSON."""
        if not is_flow(node) or node.value:
            return False
        inside = self.page.text[int(node.start_mark.index) : int(node.end_mark.index)]
        around = self.chain[: self.chain.index(node)]
        return "#" not in inside and not any(map(is_flow, around)) and not (not around and self._is_json_alone())

    def _is_json_alone(self) -> bool:
        return self.page.text.strip() in {"{}", "[]"}

    def _flow(self) -> Any:
        return _JSON if self._is_json_alone() else brackets.flow_of(self.page, self.chain)

    def _key(self, position: int) -> Any:
        """Return the key of a block mapping that the node at a position of the chain is the value of."""
        number = position % len(self.chain)
        if number == 0:
            return None
        parent = self.chain[number - 1]
        if not is_mapping(parent) or is_flow(parent):
            return None
        key, node = parent.value[self.indexes[number - 1]]
        return key if self.page.opens_line(self.page.entry_start(node, 0)) else None

    def _must_be_own(self, node: Any) -> None:
        if isinstance(node, AliasNode):
            raise self._refusal(node, f"`{self._field()}` is the alias `*{node.value}`: it stands elsewhere, too")
        if node.anchor and any(name == node.anchor for name, _ in self.tree.aliases):
            raise self._refusal(node, f"`{self._field()}` lies in `&{node.anchor}`, which an alias repeats elsewhere")

    def _must_not_be_aliased(self, node: Any) -> None:
        start, end = int(node.start_mark.index), int(node.end_mark.index)
        outside = {name for name, at in self.tree.aliases if not start <= at < end}
        for each in below(node):
            if each.anchor and each.anchor in outside and not isinstance(each, AliasNode):
                raise self._refusal(each, f"`{self._field()}` holds `&{each.anchor}`, which an alias repeats elsewhere")

    def _must_not_be_merged(self, node: Any) -> None:
        merge = next((key for key, _ in node.value if key_text(key) is None), node)
        raise self._refusal(merge, f"`{self._field()}` comes from the merge `<<`, and has no line of its own")

    def _field(self) -> str:
        return field_of(self.path) or "the document"

    def _refusal(self, node: Any, message: str) -> AtmosError:
        at = int(node.start_mark.index)
        where = Location("", self.page.text.count("\n", 0, at) + 1, self.page.column(at) + 1, field_of(self.path))
        return fail(Code.NOT_EDITABLE, message, hint=f"edit `{self._field()}` by hand", where=where)


_JSON = FlowStyle(json=True)
