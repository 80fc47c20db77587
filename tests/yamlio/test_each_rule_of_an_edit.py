"""The rules of an edit in place, each by an example that a person can check by eye."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.yamlio.edit import InsertItem, RemoveValue, SetValue, append_document, edit, remove_document
from atmos_cli.yamlio.load import load_all

Set, Remove, Insert = SetValue, RemoveValue, InsertItem
ENV = {"name": "B", "value": "2"}

RULES: dict[str, tuple[str, Any, str]] = {
    "a trailing comment stays": ("a: 1 # one\n", Set(("a",), 2), "a: 2 # one\n"),
    "double quotes stay": ('a: "1.4.2" # x\n', Set(("a",), "1.5.0"), 'a: "1.5.0" # x\n'),
    "single quotes stay": ("a: 'x'\n", Set(("a",), "it's"), "a: 'it''s'\n"),
    "a plain version stays plain": ("a: 1.4.2\n", Set(("a",), "1.5.0"), "a: 1.5.0\n"),
    "but not what is a number": ("a: 1.4.2\n", Set(("a",), "1.10"), 'a: "1.10"\n'),
    "quotes of another type do not count": ('a: "80"\n', Set(("a",), 81), "a: 81\n"),
    "a boolean word is quoted": ("a: x\n", Set(("a",), "on"), 'a: "on"\n'),
    "what is equal stays as it is written": ("a: 0x10 #\n", Set(("a",), 16), "a: 0x10 #\n"),
    "a new key at the end, before comments": ("m:\n  a: 1\n  # b\nz: 1\n", Set(("m", "c"), 2), "m:\n  a: 1\n  c: 2\n  # b\nz: 1\n"),
    "a new key behind its sibling": ("a: 1 # one\nc: 3\n", Set(("b",), 2, after="a"), "a: 1 # one\nb: 2\nc: 3\n"),
    "a sibling that is not there": ("a: 1\n", Set(("b",), 2, after="q"), "a: 1\nb: 2\n"),
    "behind a sibling with lines of its own": ("a:\n  x: |\n    t\n\nc: 3\n", Set(("b",), 2, after="a"), "a:\n  x: |\n    t\nb: 2\n\nc: 3\n"),
    "parents are made": ("a: 1\n", Set(("b", "c", "d"), [1]), "a: 1\nb:\n  c:\n    d:\n    - 1\n"),
    "parents are made of nothing": ("a: # none\nb: 1\n", Set(("a", "c"), 1), "a: # none\n  c: 1\nb: 1\n"),
    "parents are made of braces": ("a: {} # none\nb: 1\n", Set(("a", "c"), 1), "a: # none\n  c: 1\nb: 1\n"),
    "an item before comments": ("a:\n- x\n# - off\nb: 1\n", Insert(("a",), "w"), "a:\n- x\n- w\n# - off\nb: 1\n"),
    "an item at the file's dashes": ("a:\n  - x # X\nb: 1\n", Insert(("a",), ENV), 'a:\n  - x # X\n  - name: B\n    value: "2"\nb: 1\n'),
    "an item before another": ("a:\n  # of x\n  - x\n  # of w\n  - w\n", Insert(("a",), "v", 1), "a:\n  # of x\n  - x\n  - v\n  # of w\n  - w\n"),
    "an item before the first": ("a: # A\n  # of x\n  - x\n", Insert(("a",), "v", 0), "a: # A\n  - v\n  # of x\n  - x\n"),
    "an item before the first of all": ("# head\n- x\n", Insert((), "v", 0), "# head\n- v\n- x\n"),
    "an item before the first of a list in a list": ("- - x\n  - w\n", Insert((0,), "v", 0), "- - v\n  - x\n  - w\n"),
    "a list that is missing": ("a: 1\nl:\n  - x\n", Insert(("b", "c"), "w"), "a: 1\nl:\n  - x\nb:\n  c:\n    - w\n"),
    "a list that is null": ("l:\n  - x\nb: # B\nc: 1\n", Insert(("b",), "w"), "l:\n  - x\nb: # B\n  - w\nc: 1\n"),
    "a list that is empty": ("b: [] # B\nc: 1\n", Insert(("b",), "w"), "b: # B\n- w\nc: 1\n"),
    "brackets with a comment inside": ("b: [ # B\n]\n", Insert(("b",), "w"), "b: [w # B\n]\n"),
    "an item in brackets": ("a: [x, w] # A\n", Insert(("a",), "z"), "a: [x, w, z] # A\n"),
    "an item first in brackets": ("a: [x, w]\n", Insert(("a",), "a, b", 0), 'a: ["a, b", x, w]\n'),
    "quotes in brackets": ('a: ["x"]\n', Insert(("a",), "w"), 'a: ["x", "w"]\n'),
    "a key in braces": ("a: {x: 1}\n", Set(("a", "w"), {"z": [True]}), "a: {x: 1, w: {z: [true]}}\n"),
    "an image in braces": ("a: {i: v:1}\n", Set(("a", "i"), "v:2"), "a: {i: v:2}\n"),
    "out of brackets": ("a: [x, w, z]\n", Remove(("a", 1)), "a: [x, z]\n"),
    "the last out of brackets": ("a: [x, w]\n", Remove(("a", 1)), "a: [x]\n"),
    "the only one out of braces": ("a: { x: 1 } # A\n", Remove(("a", "x")), "a: {} # A\n"),
    "brackets on several lines": ("a: [\n  x, # X\n  w # Y\n]\n", Insert(("a",), "z"), "a: [\n  x, # X\n  w, # Y\n  z\n]\n"),
    "brackets with a last comma": ("a: [\n  x, # X\n]\n", Insert(("a",), "z"), "a: [\n  x, # X\n  z,\n]\n"),
    "out of brackets on several lines": ("a: [\n  x, # X\n  # of w\n  w # Y\n]\n", Remove(("a", 1)), "a: [\n  x # X\n  # of w\n]\n"),
    "JSON": ('{\n  "a": {\n    "b": 1\n  }\n}\n', Set(("a", "c"), {"d": "e"}), '{\n  "a": {\n    "b": 1,\n    "c": {\n      "d": "e"\n    }\n  }\n}\n'),
    "JSON without blanks": ('{"a":[1],"b":"x"}', Set(("c",), "w"), '{"a":[1],"b":"x","c":"w"}'),
    "JSON that is empty": ("{}\n", Set(("a",), ["x"]), '{"a": ["x"]}\n'),
    "JSON, the last": ('{\n  "a": 1,\n  "b": 2\n}\n', Remove(("b",)), '{\n  "a": 1\n}\n'),
    "a key with what is in it": ("# of a\na: # A\n  # in a\n  b: 1\n# of c\nc: 1\n", Remove(("a",)), "# of a\n# of c\nc: 1\n"),
    "the only key": ("a: # A\n  # of b\n  b: 1 # B\nc: 1\n", Remove(("a", "b")), "a: {} # A\n  # of b\nc: 1\n"),
    "the only item": ("a:\n- x\nc: 1\n", Remove(("a", 0)), "a: []\nc: 1\n"),
    "the only key of all": ("---\n# of a\na: 1 # A\n", Remove(("a",)), "---\n# of a\n{}\n"),
    "the only key of an item": ("- a: 1 # A\n- b\n", Remove((0, "a")), "- {}\n- b\n"),
    "the first key of an item": ("l:\n  - a: 1 # A\n    b: 2 # B\n", Remove(("l", 0, "a")), "l:\n  - b: 2 # B\n"),
    "the first key of an item, comments": ("- a: 1\n  # of b\n  b: 2\n", Remove((0, "a")), "  # of b\n- b: 2\n"),
    "the first item of an item": ("- - a\n  - b\n- c\n", Remove((0, 0)), "- - b\n- c\n"),
    "an item from the middle": ("l:\n- a\n# of b\n- b # B\n# of c\n- c\n", Remove(("l", 1)), "l:\n- a\n# of b\n# of c\n- c\n"),
    "a dash on a line of its own": ("l:\n-\n  a: 1\n  b: 2\n- c\n", Remove(("l", 0)), "l:\n- c\n"),
    "a text of several lines": ("a: x # A\nb: 1\n", Set(("a",), "p\nq\n"), "a: | # A\n  p\n  q\nb: 1\n"),
    "a text without a last newline": ("m:\n    a: 1\n", Set(("m", "b"), "p\nq"), "m:\n    a: 1\n    b: |-\n        p\n        q\n"),
    "lines of a block stay": ("a: | # A\n    p\n  \n    q\n# end\n", Set(("a",), "p\n\nr\nq\n"), "a: | # A\n    p\n  \n    r\n    q\n# end\n"),
    "a block that gets another end": ("a: |2-\n  p\n  q\n", Set(("a",), "p\nq\n"), "a: |2\n  p\n  q\n"),
    "a block that keeps newlines": ("a: |+\n  p\n\nb: 1\n", Set(("a",), "q\n\n\n"), "a: |+\n  q\n\n\nb: 1\n"),
    "a block of one line": ("a: |-\n  p\nb: 1\n", Set(("a",), "q"), "a: |-\n  q\nb: 1\n"),
    "a block that becomes a word": ("a: | # A\n  p\n  q\n\nb: 1\n", Set(("a",), "q"), "a: q # A\n\nb: 1\n"),
    "a block that becomes a mapping": ("a: | # A\n  p\nb: 1\n", Set(("a",), {"c": 1}), "a: # A\n  c: 1\nb: 1\n"),
    "a folded text": ("a: >\n  p\n  q\nb: 1\n", Set(("a",), "r\ns\n"), "a: |\n  r\n  s\nb: 1\n"),
    "a quoted text on several lines": ('a: "p\n  q" # A\nb: 1\n', Set(("a",), "r"), "a: r # A\nb: 1\n"),
    "a comment never becomes text": ("a: 1\n  # of b\nb: 1\n", Set(("a",), "p\nq\n"), 'a: "p\\nq\\n"\n  # of b\nb: 1\n'),
    "a block never swallows comments": ("a:\n  b:\n    - 1\n      # off\n", Set(("a", "b"), {"c": "p\nq\n"}), 'a:\n  b:\n    c: "p\\nq\\n"\n      # off\n'),
    "a mapping becomes a word": ("a: # A\n  b: 1\n  c: 2\n# end\n", Set(("a",), "x"), "a: x # A\n# end\n"),
    "a word becomes a list": ("l:\n  - 1\na: x # A\n", Set(("a",), [1, {"b": 2}]), "l:\n  - 1\na: # A\n  - 1\n  - b: 2\n"),
    "an item becomes a mapping": ("- x # X\n- w\n", Set((0,), {"a": 1, "b": 2}), "- a: 1 # X\n  b: 2\n- w\n"),
    "an empty item": ("-\n- w\n", Set((0,), "x"), "- x\n- w\n"),
    "line ends": ("a: 1\r\nl:\r\n- x\r\n", Insert(("l",), {"a": 1, "b": "p\nq\n"}), "a: 1\r\nl:\r\n- x\r\n- a: 1\r\n  b: |\r\n    p\r\n    q\r\n"),
    "no last newline": ("a: 1\nb: 2", Set(("c",), 3), "a: 1\nb: 2\nc: 3"),
    "no last newline, last key": ("a: 1\nb: 2", Remove(("b",)), "a: 1"),
    "a byte order mark": ("\ufeffa: 1\n", Set(("a",), 2), "\ufeffa: 2\n"),
    "letters beyond one byte": ("é: 日本 # 🙂\nb: 1\n", Set(("b",), 2), "é: 日本 # 🙂\nb: 2\n"),
    "tabs in comments": ("a: 1\t# \tone\nb: 1\n", Set(("a",), 2), "a: 2\t# \tone\nb: 1\n"),
    "anchors that nobody uses": ("a: &x 1 # A\n", Set(("a",), 2), "a: 2 # A\n"),
    "below an anchor that nobody uses": ("a: &x\n  b: 1\n", Remove(("a", "b")), "a: &x {}\n"),
    "the second document": ("a: 1\n---\n# none\n---\nb: 1\n", Set(("b",), 2, document=1), "a: 1\n---\n# none\n---\nb: 2\n"),
    "an empty file": ("# only this\n", Set(("a", "b"), 1), "# only this\na:\n  b: 1\n"),
    "beside a merge": ("x: &x {a: 1}\nw:\n  <<: *x\n  b: 1\n", Set(("w", "b"), 2), "x: &x {a: 1}\nw:\n  <<: *x\n  b: 2\n"),
    "the end of an alias's life": ("x: &x 1\nw: *x\nz: 1\n", Remove(("w",)), "x: &x 1\nz: 1\n"),
    "a key with a question mark": ("? a\n: 1\nb: 2\n", Set(("a",), 3), "? a\n: 3\nb: 2\n"),
    "one pair in brackets": ("a: [b: 1]\n", Set(("a", 0, "c"), 2), "a: [{b: 1, c: 2}]\n"),
    "a whole document": ("# head\na: 1 # A\n# end\n", Set((), {"b": 2}), "# head\nb: 2\n# end\n"),
    "a negative index": ("- a\n- b\n", Set((-1,), "c"), "- a\n- c\n"),
}  # fmt: skip


@pytest.mark.parametrize("rule", RULES)
def test_rule(rule: str) -> None:
    before, change, after = RULES[rule]
    assert edit(before.encode(), [change]).decode() == after


def test_edits_follow_each_other() -> None:
    changes = [Set(("a", "b"), 1), Insert(("l",), "x"), Insert(("l",), "w", 0), Remove(("l", 1)), Set(("a", "b"), 2)]
    assert edit(b"z: 1\n", changes) == b"z: 1\na:\n  b: 2\nl:\n- w\n"
    assert edit(b"z: 1\n", []) == b"z: 1\n"


REFUSED: dict[str, tuple[str, Any, str, int]] = {
    "an alias": ("x: &x {a: 1}\nw: *x\n", Set(("w", "a"), 2), "`w.a` is the alias `*x`: it stands elsewhere, too", 2),
    "an alias itself": ("x: &x 1\nw: *x\n", Set(("w",), 2), "`w` is the alias `*x`: it stands elsewhere, too", 2),
    "an anchor that is used": ("x: &x\n  a: 1\nw: *x\n", Set(("x", "a"), 2), "`x.a` lies in `&x`, which an alias repeats elsewhere", 1),
    "removing an anchor": ("x: &x 1\nw: *x\n", Remove(("x",)), "`x` holds `&x`, which an alias repeats elsewhere", 1),
    "replacing an anchor": ("x:\n  b: &x 1\nw: *x\n", Set(("x",), 2), "`x` holds `&x`, which an alias repeats elsewhere", 2),
    "a merge": ("x: &x {a: {b: 1}}\nw:\n  <<: *x\n", Set(("w", "a", "b"), 2), "`w.a.b` comes from the merge `<<`, and has no line of its own", 3),
    "nothing there": ("a:\n  b: 1\n", Remove(("a", "c")), "`a.c` does not exist", 1),
    "no such item": ("a:\n- b\n", Set(("a", 3), 1), "`a` has no item 3", 1),
    "no such position": ("a:\n- b\n", Insert(("a",), 1, 5), "`a` has 1 item and so no position 5", 1),
    "no mapping": ("a: 1\n", Set(("a", "b"), 2), "`a` is a number, which has no key `b`", 1),
    "no list": ("a: x\n", Insert(("a",), 2), "`a` is a text, no list", 1),
    "a list by key": ("a: [1]\n", Set(("a", "b"), 2), "`a` is a list, which has no key `b`", 1),
    "a mapping by number": ("a: {}\n", Set(("a", 0), 2), "`a` is a mapping, which has no item 0", 1),
    "the whole": ("a: 1\n", Remove(()), "a whole document is removed by itself", 1),
    "no such document": ("a: 1\n", Set(("a",), 2, document=1), "document number 2 does not exist: the file has 1", 1),
    "a document that would be none": ("a: 1\n", Set((), None), "`the document` is written in a way that cannot be changed in place", 1),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what: str) -> None:
    text, change, message, line = REFUSED[what]
    with pytest.raises(AtmosError) as error:
        edit(text.encode(), [change])
    (found,) = error.value.diagnostics
    assert (found.code, found.message) == (Code.NOT_EDITABLE, message)
    assert found.hint
    assert found.where is not None
    assert (found.where.line, found.where.column > 0) == (line, True)


@pytest.mark.parametrize(
    ("text", "code"),
    [("a: 1\na: 2\n", Code.YAML_DUPLICATE_KEY), ("a:\n\tb: 1\n", Code.YAML_SYNTAX), ("a: [\n", Code.YAML_SYNTAX)],
)
def test_what_cannot_be_read_is_not_edited(text: str, code: Code) -> None:
    for function in (lambda data: edit(data, [Set(("a",), 1)]), lambda data: append_document(data, 1)):
        with pytest.raises(AtmosError) as error:
            function(text.encode())
        assert error.value.diagnostics[0].code is code


APPENDED = {
    "": "b:\n- 1\n",
    "# head\n": "# head\nb:\n- 1\n",
    "a: 1\n": "a: 1\n---\nb:\n- 1\n",
    "a: 1": "a: 1\n---\nb:\n- 1",
    "a: 1\r\n": "a: 1\r\n---\r\nb:\r\n- 1\r\n",
    "a: 1\n---\n": "a: 1\n---\nb:\n- 1\n",
    "---\na:\n  - 1\n# end\n": "---\na:\n  - 1\n# end\n---\nb:\n  - 1\n",
    "a: 1\n...\n": "a: 1\n...\n---\nb:\n- 1\n",
}


@pytest.mark.parametrize("text", APPENDED)
def test_a_document_is_appended(text: str) -> None:
    assert append_document(text.encode(), {"b": [1]}).decode() == APPENDED[text]


@pytest.mark.parametrize(
    ("text", "index", "after"),
    [
        ("a: 1\n", 0, None),
        ("# c\na: 1\n---\n", 0, None),
        ("a: 1\n---\nb: 2\n", 0, "b: 2\n"),
        ("a: 1\n---\nb: 2\n", 1, "a: 1\n"),
        ("a: 1\n---\nb: 2", 1, "a: 1"),
        ("# head\na: 1\n--- # B\nb: 2\n", 0, "# head\n--- # B\nb: 2\n"),
        ("---\n# of a\na: 1\n# end\n---\n# of b\nb: 2\n---\nc: 3\n", 1, "---\n# of a\na: 1\n# end\n---\nc: 3\n"),
        ("---\na: 1\n---\nb: 2\n", 0, "---\nb: 2\n"),
        ("a: 1\r\n---\r\nb: 2\r\n", 0, "b: 2\r\n"),
    ],
)
def test_a_document_is_removed(text: str, index: int, after: str | None) -> None:
    found = remove_document(text.encode(), index)
    assert (None if found is None else found.decode()) == after


def test_a_document_that_is_not_there_is_not_removed() -> None:
    with pytest.raises(AtmosError) as error:
        remove_document(b"a: 1\n", 1)
    assert error.value.diagnostics[0].code is Code.NOT_EDITABLE


@pytest.mark.parametrize("value", [float("nan"), "\ud800", object(), {1: 2}])
def test_what_json_cannot_hold_is_no_value(value: Any) -> None:
    for text in (b"a: 1\n", b"a: {b: 1}\n", b'{"a": 1}', b"a: |\n  p\n"):
        with pytest.raises(ValueError):
            edit(text, [Set(("a",), value)])


def test_ruamel_is_not_loaded_before_it_is_needed() -> None:
    code = "import sys, atmos_cli.yamlio.edit; sys.exit('ruamel.yaml' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def deployment(containers: int) -> str:
    one = "  - name: c{0}  # number {0}\n    image: \"r/c:{0}\"\n    env:\n    - name: A\n      value: 'x'\n    script: |\n      p\n      q\n"
    return "spec:\n  containers:\n" + "".join(map(one.format, range(containers)))


@pytest.mark.slow
def test_a_hundred_edits_of_two_thousand_lines() -> None:
    changes = [Set(("spec", "containers", number, "image"), "r/c:new") for number in range(100)]
    start = time.process_time()
    result = edit(deployment(250).encode(), changes)
    assert time.process_time() - start < 20
    assert result.count(b"new") == 100


@pytest.mark.slow
@pytest.mark.parametrize(
    "text", [deployment(9000), "a: [" + "x, " * 300_000 + "x]\n", "a: |\n" + "  text\n" * 120_000, "a:\n" + "# c\n" * 250_000 + "  b: 1\n"]
)  # fmt: skip
def test_a_million_characters(text: str) -> None:
    start = time.process_time()
    value = load_all(text.encode())[0].value
    first = next(iter(value))
    edit(text.encode(), [Set(("new",), 1, after=first)])
    below = value[first]
    edit(text.encode(), [Insert((first,), 1, 0) if isinstance(below, list) else Set((first,), "x")])
    assert time.process_time() - start < 30


@pytest.mark.parametrize("depth", [50, 190])
def test_deep_values(depth: int) -> None:
    text = "".join(f"{'  ' * level}k:\n" for level in range(depth)) + "  " * depth + "k: 1\n"
    path = ("k",) * (depth + 1)
    assert edit(text.encode(), [Set(path, 2)]) == text.replace("1", "2").encode()
    flow = b"[" * depth + b"1" + b"]" * depth
    assert edit(flow, [Set((0,) * depth, 2)]) == flow.replace(b"1", b"2")
