"""Reads objects whose shape nobody promises: whatever is not as expected counts as absent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

Step = str | int
Path = tuple[Step, ...]


def at(node: Any, *steps: Step) -> Any:
    """The value at a path, or None."""
    for step in steps:
        if isinstance(step, str) and isinstance(node, dict):
            node = node.get(step)
        elif isinstance(step, int) and isinstance(node, list) and step < len(node):
            node = node[step]
        else:
            return None
    return node


def mapping(node: Any, *steps: Step) -> dict[str, Any]:
    value = at(node, *steps)
    return value if isinstance(value, dict) else {}


def items(node: Any, *steps: Step) -> Iterator[tuple[int, dict[str, Any]]]:
    """The mappings of a list, each with its index."""
    value = at(node, *steps)
    if isinstance(value, list):
        yield from ((index, item) for index, item in enumerate(value) if isinstance(item, dict))


def text(node: Any, *steps: Step) -> str:
    value = at(node, *steps)
    return value if isinstance(value, str) else ""


def texts(node: Any, *steps: Step) -> Iterator[tuple[int, str]]:
    """The strings of a list, each with its index."""
    value = at(node, *steps)
    if isinstance(value, list):
        yield from ((index, item) for index, item in enumerate(value) if isinstance(item, str))


def strings(node: Any, *steps: Step) -> dict[str, str]:
    """The string entries of a mapping: labels, selectors, annotations."""
    return {k: v for k, v in mapping(node, *steps).items() if isinstance(k, str) and isinstance(v, str)}
