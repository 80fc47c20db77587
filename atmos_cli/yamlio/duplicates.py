"""Finds the mappings that set one key twice."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from yaml.error import YAMLError

from atmos_cli.diagnostics import MOST_IN_A_FILE, Code, Diagnostic, Location, more
from atmos_cli.yamlio.nodes import Node, compose

if TYPE_CHECKING:
    from collections.abc import Iterator


def duplicates(data: bytes, *, path: str = "") -> tuple[Diagnostic, ...]:
    """Find every key that its mapping already has, down to the first syntax error; one diagnostic for each.

    Beyond 100, one diagnostic says how many more there are.
    """
    found: list[Diagnostic] = []
    left_out = 0
    with suppress(YAMLError):
        for root in compose(data):
            for first, again in _twice(root, set()):
                if len(found) < MOST_IN_A_FILE:
                    found.append(_diagnostic(first, again, path))
                else:
                    left_out += 1
    return (*found, more(path, left_out)) if left_out else tuple(found)


def _twice(node: Node, seen: set[int]) -> Iterator[tuple[Node, Node]]:
    if node.entries is not None and id(node.entries) not in seen:
        seen.add(id(node.entries))
        first: dict[str, Node] = {}
        for entry in node.entries:
            if entry.key is not None and (earlier := first.setdefault(entry.key, entry.at)) is not entry.at:
                yield earlier, entry.at
            yield from _twice(entry.value, seen)
    elif node.items is not None and id(node.items) not in seen:
        seen.add(id(node.items))
        for item in node.items:
            yield from _twice(item, seen)


def _diagnostic(first: Node, again: Node, path: str) -> Diagnostic:
    return Diagnostic(
        Code.YAML_DUPLICATE_KEY,
        f"the key `{again.text}` is already set on line {first.line}",
        where=Location(path, again.line, again.column),
        hint="keep one of them: kubectl takes the last without a word, kustomize refuses the file",
    )
