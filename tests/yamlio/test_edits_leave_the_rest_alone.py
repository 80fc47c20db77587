"""An edit changes what it names: the meaning is right, every other line keeps its bytes, no comment moves or is lost."""

from __future__ import annotations

import random
import re
from copy import deepcopy
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.yamlio.edit import (
    Edit,
    InsertItem,
    RemoveValue,
    SetValue,
    append_document,
    edit,
    remove_document,
)
from atmos_cli.yamlio.load import load_all
from tests.yamlio import texts_people_write
from tests.yamlio.nasty import same

VALUES: list[Any] = [
    "plain", "a: b", "1.4.2", "80", "", "yes", "it's", "a, b", "registry.example.com/app:1.2", "x\ny\n", "x\n\n  y", 'say "hi"',
    0, 8080, 1.5, True, None, {}, [], {"a": 1}, {"a": {"b": ["c", {"d": "e\nf\n"}]}}, ["a", 1], [{"name": "n", "args": ["-x"]}], [[1], []],
]  # fmt: skip


def values_of(text: str | bytes) -> list[Any]:
    return [each.value for each in load_all(text.encode() if isinstance(text, str) else text)]


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    found = [path]
    if isinstance(value, dict):
        for key, inner in value.items():
            found += paths(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            found += paths(inner, (*path, index))
    return found


def at(value: Any, path: tuple[Any, ...]) -> Any:
    for part in path:
        value = value[part]
    return value


def some_edit(documents: list[Any], chance: random.Random) -> tuple[Edit, list[Any]]:
    """An edit, and the documents after it, changed by plain Python."""
    number = chance.randrange(len(documents))
    wanted = deepcopy(documents)
    path = chance.choice(paths(documents[number]))
    target = at(wanted[number], path)
    value = chance.choice(VALUES)
    if isinstance(target, list) and chance.random() < 0.6:
        index = chance.choice((None, chance.randint(0, len(target))))
        target.insert(len(target) if index is None else index, value)
        return InsertItem(path, value, index, number), wanted
    if isinstance(target, dict) and chance.random() < 0.6:
        key = chance.choice(("new", "zz.example.com/k", "on"))
        if key not in target:
            after = chance.choice((None, *target))
            entries = list(target.items())
            place = list(target).index(after) + 1 if after is not None else len(target)
            target.clear()
            target.update([*entries[:place], (key, value), *entries[place:]])
            return SetValue((*path, key), value, after, number), wanted
    if not path:
        return some_edit(documents, chance)
    parent = at(wanted[number], path[:-1])
    if chance.random() < 0.4:
        del parent[path[-1]]
        return RemoveValue(path, number), wanted
    parent[path[-1]] = value
    return SetValue(path, value, document=number), wanted


def node_lines(text: str, documents: list[Any], change: Edit) -> range:
    """The lines (from 0) of what is at the path, from its key or dash to its last content, as PyYAML sees them."""
    roots = [
        node
        for node in yaml.compose_all(text, yaml.CSafeLoader)
        if node is not None and not (node.tag == "tag:yaml.org,2002:null")
    ]
    node = roots[change.document]
    first = node.start_mark.line
    for part in change.path:
        if isinstance(node, yaml.MappingNode):
            pairs = [pair for pair in node.value if pair[0].value == part]
            if not pairs:
                return range(first, last_line(text, node) + 1)
            first, node = pairs[-1][0].start_mark.line, pairs[-1][1]
        else:
            previous = node.value[part - 1] if part else None
            first = (
                last_line(text, previous) + 1
                if previous is not None and not node.flow_style
                else node.value[part].start_mark.line
            )
            node = node.value[part]
    return range(first, last_line(text, node) + 1)


def last_line(text: str, node: Any) -> int:
    if isinstance(node, yaml.ScalarNode) and node.style not in {"|", ">"}:
        return node.end_mark.line
    if isinstance(node, yaml.CollectionNode) and node.flow_style:
        return node.end_mark.line
    if isinstance(node, yaml.CollectionNode):
        last = node.value[-1]
        return max(last_line(text, each) for each in (last if isinstance(last, tuple) else (last,)))
    lines = text.split("\n")
    end = node.end_mark.line - (node.end_mark.column == 0)
    while end > node.start_mark.line and not lines[end].strip() if end < len(lines) else True:
        end -= 1
    return end


def comments(text: str) -> list[str]:
    return re.findall(r"c\d+\.", text)


def check(text: str, change: Edit, wanted: list[Any]) -> None:
    result = edit(text.encode(), [change]).decode()
    assert same(values_of(result), wanted)
    before, after = text.split("\n"), result.split("\n")
    named = node_lines(text.removeprefix("\ufeff"), wanted, change)
    # A comma before the last entry of brackets, a key that gets `{}`, a key that is pulled up: the nearest content.
    above, below = neighbours(before, named)
    keeps_around = isinstance(change, RemoveValue)
    first, stop = (above, below + 1) if keeps_around else (named.start, named.stop)
    if isinstance(change, InsertItem) and not keeps_around:
        first = above
    assert after[:first] == before[:first]
    rest = before[stop:]
    assert after[len(after) - len(rest) :] == rest
    gone = comments("\n".join(before[named.start : named.stop])) if not isinstance(change, InsertItem) else []
    kept = [each for each in comments(text) if each not in gone]
    assert [each for each in comments(result) if each not in gone] == kept
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        assert "\n" not in result.replace("\r\n", "")
    if not text.endswith("\n") and not isinstance(change, RemoveValue):
        assert not result.endswith("\n")


def neighbours(lines: list[str], named: range) -> tuple[int, int]:
    """The nearest lines of content above and below: a key that gets `{}`, a comma, a key that is pulled up."""
    found = []
    for step, number in ((-1, named.start - 1), (1, named.stop)):
        while 0 <= number < len(lines) and (not lines[number].strip() or lines[number].lstrip().startswith("#")):
            number += step
        found.append(number)
    return max(found[0], 0), found[1]


def check_some(seed: int, *, edits: int = 3) -> None:
    chance = random.Random(seed)
    text = texts_people_write.text(chance)
    documents = values_of(text)
    for _ in range(edits):
        change, wanted = some_edit(documents, chance)
        try:
            check(text, change, wanted)
        except AtmosError as error:
            assert error.diagnostics[0].code is Code.NOT_EDITABLE
            assert re.search(r"[&*]\w|<<", text), (change, error)


@settings(max_examples=6 * settings().max_examples, deadline=None)
@given(st.integers(0, 2**32))
def test_any_edit_of_any_text(seed: int) -> None:
    check_some(seed)
