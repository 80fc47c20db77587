"""A document that is not what a model wants gives one located sentence for each thing that is wrong, and never a traceback."""

from __future__ import annotations

from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.documents import Strict, read_model
from atmos_cli.yamlio.emit import emit


class Inner(Strict):
    size: int = 1
    some_name: str = ""


class Outer(Strict):
    version: Literal[1] = 1
    inner: Inner = Inner()
    either: Literal["s", "m"] | Inner = "s"
    listed: tuple[Inner, ...] = ()
    by_name: dict[str, Inner] = Field(default={})
    needed: str


def problems(text):
    with pytest.raises(AtmosError) as raised:
        read_model(Outer, text.encode(), path="f.yaml", code=Code.CONFIG_INVALID)
    assert all(
        d.code in (Code.CONFIG_INVALID, Code.YAML_SYNTAX, Code.YAML_UNSUPPORTED, Code.YAML_DUPLICATE_KEY)
        for d in raised.value.diagnostics
    )
    return raised.value.diagnostics


def test_good():
    found = read_model(
        Outer, b"needed: a\ninner: {someName: b}\nbyName: {STR: {size: 2}}", path="f.yaml", code=Code.CONFIG_INVALID
    )
    assert (found.inner.some_name, found.by_name["STR"].size) == ("b", 2)


@pytest.mark.parametrize(
    ("text", "line", "column", "field"),
    [
        ("needed: a\nversion: 2", 2, 1, "version"),
        ("needed: a\ninner: {size: x}", 2, 9, "inner.size"),
        ("needed: a\ninner: 5", 2, 1, "inner"),
        ("needed: a\nlisted:\n  - size: 1\n  - size: x", 4, 5, "listed[1].size"),
        ("needed: a\nlisted: 5", 2, 1, "listed"),
        ("needed: a\nbyName:\n  str: {size: x}", 3, 9, "byName.str.size"),
        ("needed: a\nbyName:\n  Inner: {size: x}", 3, 11, "byName.Inner.size"),
        ("needed: a\nbyName:\n  'a[0]': {size: x}", 3, 12, "byName[a[0]].size"),
        ("needed: a\neither: {size: x}", 2, 10, "either.size"),
        ("needed: 5", 1, 1, "needed"),
        ("version: 1", 1, 1, "needed"),
        ("needed: a\ninner: {sizee: 1}", 2, 9, "inner.sizee"),
        ("needed: a\nlisted: [{some_name: x}]", 2, 11, "listed[0].some_name"),
    ],
)
def test_each_problem_has_its_place(text, line, column, field):
    found = [d for d in problems(text) if d.where.field == field]
    assert found, problems(text)
    assert (found[0].where.path, found[0].where.line, found[0].where.column) == ("f.yaml", line, column)
    assert found[0].message[0] != found[0].message[0].upper() or found[0].message[0] == "`"
    assert not found[0].message.endswith(".")


def test_a_misspelt_field_says_what_is_near():
    (found,) = [d for d in problems("needed: a\nlisted: [{sise: 1}]") if "unknown" in d.message]
    assert (found.message, found.hint) == ("unknown field `listed[0].sise` in `f.yaml`", "did you mean `size`?")
    (found,) = [d for d in problems("needed: a\nbyName: {x: {somename: 1}}") if "unknown" in d.message]
    assert found.hint == "did you mean `someName`?"


def test_all_problems_at_once():
    fields = [d.where.field for d in problems("version: 2\ninner: {size: x, more: 1}\nother: 1")]
    assert sorted(fields) == ["inner.more", "inner.size", "needed", "other", "version"]


@pytest.mark.parametrize(
    ("text", "is_"), [("", "nothing"), ("[1]", "a list"), ("a", "text"), ("5", "a number"), ("true", "a boolean")]
)
def test_no_mapping(text, is_):
    (found,) = problems(text)
    assert found.message == f"`f.yaml` must hold one mapping, not {is_}"


def test_words_of_python_are_not_those_of_yaml():
    said = " ".join(d.message for d in problems("needed: 5\ninner: 5\nlisted: 5\neither: 5\nbyName: 5"))
    assert not [word for word in ("instance", "tuple", "dictionary", "Inner", "Input") if word in said], said


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["needed", "inner", "size", "listed", "byName", "either", "someName", "str", "X"]),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=2 * settings().max_examples)
@given(VALUES)
def test_any_document_gives_a_model_or_located_problems(value):
    try:
        text = emit(value)
    except ValueError:
        return
    places = []
    try:
        read_model(Outer, text.encode(), path="f.yaml", code=Code.CONFIG_INVALID)
    except AtmosError as error:
        places = [d.where for d in error.diagnostics]
    assert all(where is not None and where.line >= 1 for where in places)
