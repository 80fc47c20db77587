"""An edit changes what it names: the meaning is right, every other line keeps its bytes, no comment moves or is lost."""

from __future__ import annotations

import random
import re
from collections import Counter
from copy import deepcopy
from typing import Any

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
        wanted[number] = value or {"a": 1}
        return SetValue((), wanted[number], document=number), wanted
    parent = at(wanted[number], path[:-1])
    if chance.random() < 0.4:
        del parent[path[-1]]
        return RemoveValue(path, number), wanted
    parent[path[-1]] = value
    return SetValue(path, value, document=number), wanted


def node_lines(text: str, change: Edit) -> range:
    """The lines (from 0) of what is at the path, from its key or dash to its last content, as PyYAML sees them."""
    roots = [
        node
        for node in yaml.compose_all(text, yaml.CSafeLoader)
        if node is not None and node.tag != "tag:yaml.org,2002:null"
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
    return range(first, max(last_line(text, node), first) + 1)  # an alias is where its anchor is


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
    named = node_lines(text.removeprefix("\ufeff"), change)
    first, stop = named.start, named.stop
    if not isinstance(change, SetValue):
        # A comma before the last entry of brackets, a key that gets `{}`, a key that is pulled up: the nearest content.
        first, stop = neighbours(before, named)
    assert after[:first] == before[:first]
    assert after[len(after) - len(before[stop:]) :] == before[stop:]
    gone = comments("\n".join(before[named.start : named.stop])) if replaces(text, change) else []
    assert [each for each in comments(result) if each not in gone] == [c for c in comments(text) if c not in gone]
    lost = sum((Counter(before) - Counter(after)).values())
    new = sum((Counter(after) - Counter(before)).values())
    if isinstance(change, RemoveValue):
        assert new <= (2 if re.search(r"[\[{]", text) else 1)
    elif not replaces(text, change):
        assert lost <= 1
    if "\r\n" in text and "\n" not in text.replace("\r\n", ""):
        assert "\n" not in result.replace("\r\n", "")
    if not text.endswith("\n") and not replaces(text, change):
        assert not result.endswith("\n")


def replaces(text: str, change: Edit) -> bool:
    """Whether the edit takes something away, and what is inside it."""
    try:
        at(values_of(text)[change.document], change.path)
    except (KeyError, TypeError):
        return False
    return not isinstance(change, InsertItem)


def neighbours(lines: list[str], named: range) -> tuple[int, int]:
    """The nearest line of content above, and the one behind the nearest below."""
    found = []
    for step, beside in ((-1, named.start - 1), (1, named.stop)):
        number = beside
        while 0 <= number < len(lines) and re.fullmatch(r"[-\s]*(#.*)?", lines[number]):
            number += step
        found.append(number)
    return max(found[0], 0), found[1] + 1


def refused_for_a_reason(error: AtmosError, text: str) -> None:
    """Anchors; and what stands between a block of text and a comment so deep that it would become part of the text."""
    assert error.diagnostics[0].code is Code.NOT_EDITABLE
    assert re.search(r"[&*]\w|<<|[|>][-+0-9]*\s*\n(?s:.*)\n +#", text), error


def check_some(seed: int) -> None:
    chance = random.Random(seed)
    text = texts_people_write.text(chance)
    documents = values_of(text)
    for _ in range(3):
        change, wanted = some_edit(documents, chance)
        try:
            check(text, change, wanted)
        except AtmosError as error:
            refused_for_a_reason(error, text)


@settings(max_examples=4 * settings().max_examples)
@given(st.integers(0, 2**32))
def test_any_edit_of_any_text(seed: int) -> None:
    check_some(seed)


@given(st.integers(0, 2**32))
def test_many_edits_one_after_the_other(seed: int) -> None:
    chance = random.Random(seed)
    text = texts_people_write.text(chance)
    documents = values_of(text)
    changes: list[Edit] = []
    for _ in range(8):
        change, wanted = some_edit(documents, chance)
        if all(each is not None for each in wanted):
            changes.append(change)
            documents = wanted
    try:
        result = edit(text.encode(), changes)
    except AtmosError as error:
        refused_for_a_reason(error, text)
    else:
        assert same(values_of(result), documents)


@settings(max_examples=2 * settings().max_examples)
@given(st.integers(0, 2**32))
def test_hostile_texts_are_edited_right_or_refused(seed: int) -> None:
    """Whatever stands in a file: the proof inside `edit` holds, and nothing else than AtmosError comes out."""
    chance = random.Random(seed)
    text = texts_people_write.damaged(texts_people_write.text(chance), chance)
    data = text.encode("utf-8", "surrogatepass")
    try:
        documents = values_of(data)
    except AtmosError:
        documents = [{"a": [1]}]
    change, wanted = some_edit(documents or [{}], chance)
    try:
        result = edit(data, [change])
    except AtmosError:
        return
    assert same(values_of(result), wanted)


@given(st.integers(0, 2**32))
def test_whole_documents_come_and_go(seed: int) -> None:
    chance = random.Random(seed)
    text = texts_people_write.text(chance)
    before = values_of(text)
    value = chance.choice([each for each in VALUES if each is not None])
    longer = append_document(text.encode(), value)
    assert longer.startswith(text.encode())
    assert same(values_of(longer), [*before, value])
    number = chance.randrange(len(before) + 1)
    shorter = remove_document(longer, number)
    assert shorter is not None
    assert same(values_of(shorter), [each for index, each in enumerate([*before, value]) if index != number])
    left = iter(longer.decode().removeprefix("\ufeff").split("\n"))
    assert all(line in left for line in shorter.decode().removeprefix("\ufeff").rstrip("\n").split("\n")[:-1])
