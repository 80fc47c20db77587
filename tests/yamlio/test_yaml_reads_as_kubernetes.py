"""The facts of sigs.k8s.io/yaml, each once; `test_yaml_against_go` asks Go itself."""

from __future__ import annotations

from typing import Any

import pytest

from atmos_cli.yamlio.load import load, load_all

SCALARS: list[tuple[str, Any]] = [
    ("y", True), ("n", False), ("Yes", True), ("OFF", False), ("yEs", "yEs"), ("~", None), ("", None), ("nULL", "nULL"),
    ("0777", 511), ("0o17", 15), ("0888", 888), ("08", 8), ("-0777", -511), ("0x1F", 31), ("0XfF", 255), ("0b11", 3), ("1_000", 1000),
    ("1e3", 1000), ("1.5e-2", 0.015), (".5", 0.5), ("5.", 5), ("+1", 1), ("1e400", "1e400"), ("12e4567", "12e4567"), ("._5", "._5"),
    ("12:30:45", "12:30:45"), ("190:20:30.15", "190:20:30.15"), ("2024-01-02", "2024-01-02"), ("=", "="), ("<<", "<<"), ("1.2.3", "1.2.3"),
    ("18446744073709551615", 2**64 - 1), ("18446744073709551616", 2.0**64), ("-9223372036854775809", -(2.0**63)), ("100m", "100m"),
    ("!!str 1", "1"), ("!!int '3'", 3), ("!!float 1", 1), ("!!bool yes", True), ("!!binary aGVsbG8=", "hello"), ("!!binary /w==", "\ufffd"),
    ("!Ref foo", "foo"), ("! 1", "1"), ("!!timestamp 2024-01-02", "2024-01-02"), ("!!set {a: 1}", {"a": 1}), ("'1'", "1"), ('"on"', "on"),
    ("|-\n  1", "1"), ("9" * 400, "9" * 400), ("9" * 100, float("9" * 100)),
]  # fmt: skip


@pytest.mark.parametrize(("text", "value"), SCALARS)
def test_scalars(text: str, value: Any) -> None:
    found = load(f"k: {text}\n".encode())["k"]
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("on", "true"), ("n", "false"), ("0o17", "15"), ("1.50", "1.5"), ("1e6", "1e+06"), ("0.1", "0.1"), ("123456.7", "123456.7"),
        ("1e40", ".inf"), ("123456789.5", "1.2345679e+08"), ("1e-5", "1e-05"), (".inf", ".inf"), ("'on'", "on"), ("!!str 1", "1"), ("1.", "1"),
        ("2024-01-02", "2024-01-02"),
    ],
)  # fmt: skip
def test_keys_become_text(text: str, key: str) -> None:
    assert load(f"{text}: 1\n".encode()) == {key: 1}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("x: &x {a: 1, b: 2}\nm:\n  <<: *x\n  b: 3", {"a": 1, "b": 3}),
        ("x: &x {a: 1, b: 2}\nm:\n  b: 3\n  <<: *x", {"a": 1, "b": 2}),
        ("x: &x {a: 1}\nz: &z {a: 2, c: 3}\nm:\n  <<: [*x, *z]\n  d: 4", {"a": 1, "c": 3, "d": 4}),
        ("x: &x {a: 1}\nz: &z {c: 3}\nm:\n  <<: *x\n  <<: *z", {"a": 1, "c": 3}),
        ("m:\n  <<: {a: 1}\n  '<<': 2", {"a": 1, "<<": 2}),
        ("x: &x on\nm: {*x : 1}", {"true": 1}),
        ("x: &x 1\ny: &x 2\nm: *x", 2),
    ],
)
def test_anchors_and_merges(text: str, value: Any) -> None:
    assert load(text.encode())["m"] == value


def test_an_alias_is_a_copy() -> None:
    value = load(b"a: &a {x: [1]}\nb: *a\nc: *a\nd:\n  <<: *a\n")
    value["b"]["x"].append(2)
    assert value["a"] == value["c"] == value["d"] == {"x": [1]}


@pytest.mark.parametrize(
    ("data", "values", "lines"),
    [
        (b"", [], []),
        (b"# only words\n", [], []),
        (b"---\n---\n# x\n---\na: 1\n", [{"a": 1}], [5]),
        (b"a: 1\n--- # note\nb: 2\n---\n", [{"a": 1}, {"b": 2}], [1, 3]),
        (b"a: 1\r\n---\r\nb: 2\r\n", [{"a": 1}, {"b": 2}], [1, 3]),
        (b"a: 1\n...\n---\nb: 2\n...\n", [{"a": 1}, {"b": 2}], [1, 4]),
        (b"null\n---\n\n# c\nb: 2\n", [{"b": 2}], [5]),
        ("\ufeffa: é\n---\n[]\n".encode(), [{"a": "é"}, []], [1, 3]),
        (b"a: |\n  x", [{"a": "x\n"}], [1]),
        ("a: 1\n---\n\ufeffb: 2\n".encode(), [{"a": 1}, {"b": 2}], [1, 3]),
        (b"a: |\n  x\n---\nb: >\n  y\n  z\n", [{"a": "x\n"}, {"b": "y z\n"}], [1, 4]),
    ],
)
def test_documents(data: bytes, values: list[Any], lines: list[int]) -> None:
    documents = load_all(data)
    assert [document.value for document in documents] == values
    assert [document.line for document in documents] == lines
    assert [document.index for document in documents] == list(range(len(values)))


def test_load_takes_one_document() -> None:
    assert load(b"") is None
    assert load(b"---\n---\na: 1\n") == {"a": 1}
