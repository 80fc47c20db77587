"""Every refusal has a code, a place and a next step; duplicates are all told at once."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic
from atmos_cli.yamlio.load import MAX_BYTES, load, load_all


def refused(data: bytes) -> tuple[Diagnostic, ...]:
    with pytest.raises(AtmosError) as caught:
        load_all(data, path="app.yaml")
    return caught.value.diagnostics


SYNTAX = [
    (b"a:\n\tb: 1\n", "2:1", "tab", "indent with spaces"),
    (b"a: foo\n\tb: c\n", "2:1", "tab", "indent with spaces"),
    (b"a: |\n\tx\n", "2:1", "tab", "indent with spaces"),
    (b"image: @app # x\n", "1:8", "cannot start with `@`", '"@app"'),
    (b"a: `x`\n", "1:4", "cannot start with", '"`x`"'),
    (b"host: *.example.com\n", "1:8", "cannot start with `*`", '"*.example.com"'),
    (b"a: & b\n", "1:5", "cannot start with `&`", '"& b"'),
    (b"a: ]\n", "1:4", "cannot start with `]`", "quote it"),
    (b"a: [", "2:1", "missing", "bracket"),
    (b"msg: error: none\n", "1:11", "`: `", "quote a value that contains `: `"),
    (b"a:\n  - b\n c: d\n", "3:2", "does not fit the mapping", "indent"),
    (b"- a\nb: c\n", "2:1", "does not fit the list", "- "),
    (b"  a: 1\nb: 2\n", "2:1", "belongs to no document", "line the keys"),
    (b"a: 1\n...\nb: 2\n", "3:1", "belongs to no document", "---"),
    (b'a: "x\nb: 2\n', "1:4", "ends inside the text", "close its quote"),
    (b'a: "b\n---\nc"\n', "2:1", "`---` stands inside", "indent it"),
    (b"a: [1, 2\nb: 3\n", "2:2", "not closed", "close it"),
    (b"a: [b:]\n", "1:6", "needs a space", "quote"),
    (b'a: "C:\\q"\n', "1:7", "backslash", "single quotes"),
    (b'a: "\\ud83d"\n', "1:7", "escape", "write the character itself"),
    (b"a: !x!y z\n", "1:4", "tag is not defined", "remove the tag"),
    (b"a: |x\n b\n", "1:5", "behind `|`", "next line"),
    (b"a\nb\n  c: 1\n", "3:4", "`: `", "indentation"),
    (b"a: \xff\n", "1:4", "not UTF-8", "UTF-8"),
    ("é: 1\nb: ü".encode() + b"\xe9\n", "2:5", "not UTF-8", "UTF-8"),
    (b"a: 1\nb: \x01\n", "2:4", "control character", '"\\x01"'),
    ("a: é\n".encode("utf-16"), "1:1", "UTF-16", "UTF-8"),
    (b"spec:\n{{ toYaml .x }}\n", "2:1", "template", "quote"),
    (b"a: 1\n{{ end }}\nb: 2\n", "2:1", "template", "render it first"),
    (b"a: {{ x }}: y\n", "1:5", "template", "quote"),
]


@pytest.mark.parametrize(("data", "place", "words", "hint"), SYNTAX)
def test_syntax(data: bytes, place: str, words: str, hint: str) -> None:
    (found,) = refused(data)
    assert str(found.where) == f"app.yaml:{place}"
    assert words in found.message
    assert hint in found.hint
    assert found.code in (Code.YAML_SYNTAX, Code.YAML_UNSUPPORTED)


@pytest.mark.parametrize(
    ("data", "place", "words"),
    [
        (b"a: .inf\n", "1:4", "`.inf`"), (b"- 1\n- -.INF\n", "2:3", "`-.INF`"), (b"a: .nan\n", "1:4", "`.nan`"),
        (b"~: 1\n", "1:1", "null"), (b"a:\n  ? \n  : 1\n", "2:4", "null"), (b"[a]: 1\n", "1:1", "list"), (b"? {a: 1}\n: 1\n", "1:3", "mapping"),
        (b"%YAML 1.2\n---\na: 1\n", "1:1", "directive"), (b"a: 1\n--- b: 2\n", "2:4", "`---`"), (b"--- {a: 1}\n", "1:4", "`---`"),
        (b"a: *x\n", "1:4", "`*x`"), (b"a: &x [*x]\n", "1:8", "itself"), (b"<<: 3\n", "1:5", "`<<`"), (b"<<: [1]\n", "1:5", "`<<`"),
        (b"a: &x [{}]\nb:\n  <<: *x\n", "3:7", "`<<`"), (b"a: !!int x\n", "1:4", "!!int"), (b"a: !!binary '*'\n", "1:4", "base64"),
        (b"- [http://x/?a=b]\n", "1:4", "`?`"), (b"a: {b?: 1}\n", "1:5", "`?`"),
        (b"18446744073709551615: 1\n", "1:1", "too large"), (b"a: &x\nb: {*x : 1}\n", "2:5", "null"),
    ],
)  # fmt: skip
def test_what_kubernetes_cannot_take(data: bytes, place: str, words: str) -> None:
    (found,) = refused(data)
    assert found.code is Code.YAML_UNSUPPORTED
    assert str(found.where) == f"app.yaml:{place}"
    assert words in found.message
    assert found.hint


def test_every_duplicate_at_once_and_where_the_first_is() -> None:
    found = refused(b"a: 1\non: 2\na: 3\nb: {c: 1, c: 2}\n---\nx: [{z: 1, 'z': 2}]\n---\ntrue: 1\non: 2\na: 1\n")
    assert [(d.code, str(d.where)) for d in found] == [
        (Code.YAML_DUPLICATE_KEY, place) for place in ("app.yaml:3:1", "app.yaml:4:11", "app.yaml:6:12", "app.yaml:9:1")
    ]
    assert [d.message.rpartition("line ")[2] for d in found] == ["1", "4", "6", "8"]


def test_a_merged_key_may_be_overridden_once() -> None:
    assert load(b"<<: {a: 1}\na: 2\n") == {"a": 2}
    (found,) = refused(b"a: 1\n<<: {a: 2}\na: 3\n")
    assert str(found.where) == "app.yaml:3:1"
    (found,) = refused(b"<<: {a: 2}\na: 1\na: 3\n")
    assert str(found.where) == "app.yaml:3:1"
    assert load(b"<<: {a: 1}\n<<: {a: 2}\n") == {"a": 2}


def test_duplicates_of_whole_documents_are_told_beside_a_syntax_error() -> None:
    found = refused(b"a: 1\na: 2\n---\nb: @\n")
    assert [d.code for d in found] == [Code.YAML_DUPLICATE_KEY, Code.YAML_SYNTAX]


def test_every_bad_separator_at_once() -> None:
    found = refused(b"--- a\n--- # fine\n---x\n---\t \n--- |\n")
    assert [str(d.where) for d in found] == ["app.yaml:1:4", "app.yaml:3:4", "app.yaml:5:4"]


def test_several_documents_where_one_is_expected() -> None:
    with pytest.raises(AtmosError) as caught:
        load(b"a: 1\n---\nb: 2\n", path="x.yaml")
    (found,) = caught.value.diagnostics
    assert found.code is Code.YAML_UNSUPPORTED
    assert str(found.where) == "x.yaml:3:1"


def test_too_large_is_said_before_it_is_read() -> None:
    (found,) = refused(b"#" * (MAX_BYTES + 1))
    assert found.code is Code.FILE_TOO_LARGE


@settings(max_examples=5 * settings().max_examples)
@given(st.one_of(st.binary(max_size=60), st.text("ab:-?[]{},&*!|>'\"%@#~ \n\t\r<.1\\", max_size=40).map(str.encode)))
def test_any_bytes_give_documents_or_a_located_error(data: bytes) -> None:
    for found in refusals(data):
        assert found.where is not None
        assert found.where.path == "x"
        assert found.where.line >= 1
        assert found.message
        assert found.hint
        assert "\n" not in found.message + found.hint


def refusals(data: bytes) -> tuple[Diagnostic, ...]:
    try:
        load_all(data, path="x")
    except AtmosError as error:
        return error.diagnostics
    return ()
