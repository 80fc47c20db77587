"""What atmos writes, every reader takes for the same value; writing it again gives the same bytes."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from atmos_cli.yamlio.emit import emit, emit_all
from atmos_cli.yamlio.load import load, load_all
from tests.yamlio.nasty import TEXTS, WORDS, nasty, same, values

calm = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def read_back(value: Any) -> None:
    text = emit(value)
    data = text.encode()
    assert same(load(data), value)
    assert same(yaml.load(data, yaml.CSafeLoader), value)
    assert emit(load(data)) == text


# 350 lists of 60 and more: over 20,000 strings, each as a value and as a key.
@settings(max_examples=3 * settings().max_examples, **calm)
@given(st.lists(nasty, min_size=60, max_size=70))
@example([*WORDS, *TEXTS])
def test_any_text_as_value_and_as_key(texts: list[str]) -> None:
    read_back({"items": texts, **{text: text for text in texts}})


@settings(max_examples=3 * settings().max_examples, **calm)
@given(values)
def test_any_structure(value: Any) -> None:
    read_back(value)


@settings(**calm)
@given(st.lists(values.filter(lambda value: value is not None), max_size=4))
def test_several_documents(several: list[Any]) -> None:
    text = emit_all(several)
    documents = load_all(text.encode())
    assert same([document.value for document in documents], several)
    assert [document.index for document in documents] == list(range(len(several)))


@pytest.mark.parametrize("text", [*WORDS, *TEXTS])
def test_a_lone_text_is_a_document(text: str) -> None:
    read_back(text)


@pytest.mark.parametrize("key", ["k" * 1001, "k" * 5000, "é" * 1200, "a b " * 400 + "c"])
@pytest.mark.parametrize("value", ["v", 1, {"a": 1}, ["a"], {}, [], "a\nb\n", [["a"]]])
def test_keys_too_long_for_one_line(key: str, value: Any) -> None:
    read_back({"a": {key: value, "z": 1}, "l": [{key: value}]})


@pytest.mark.parametrize(
    "value",
    [
        float("nan"),
        float("inf"),
        2**64,
        -(2**63) - 1,
        {1: "a"},
        {None: 1},
        ("a",),
        {"a": object()},
        "\ud800",
        b"x",
        {"a": {1, 2}},
    ],
)
def test_what_json_cannot_hold_is_refused(value: Any) -> None:
    with pytest.raises(ValueError):
        emit(value)
