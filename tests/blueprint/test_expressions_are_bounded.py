"""An expression of a blueprint can compute a value and nothing else: no code, no attributes, no huge value, no hang."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from atmos_cli.blueprint.expr import MAX_EXPRESSION, ExpressionError, evaluate, names_in, tokens
from atmos_cli.blueprint.filters import FILTERS

SCOPE = {
    "svc": {"name": "cart-api", "items": [1, 2], "keys": "mine", "port": 80, "none": None, "list": ["a", "b"]},
    "long": "y" * 60_000,
    "many": [0] * 9_000,
    "big": 2**62,
    "deep": [[[[1]]]],
}

GOOD = {
    "svc.name": "cart-api",
    "svc['name']": "cart-api",
    "svc.items": [1, 2],  # a key, although Python's dict has a method of that name
    "svc.keys": "mine",
    "svc.items[0]": 1,
    "svc.name[0:4]": "cart",
    "svc.port + 1": 81,
    "svc.port // 3": 26,
    "-svc.port": -80,
    "svc.port < 1024 and not svc.none": True,
    "svc.name ~ '-db'": "cart-api-db",
    "'a' if svc.port == 80 else 'b'": "a",
    "svc.port is defined and nope is not defined": True,
    "'cart' in svc.name": True,
    "{'a': {'b': 1}}.a": {"b": 1},
    "('a', 'b')": ["a", "b"],
    "svc.name | variable": "CART_API",
    "'My Shop!' | slug": "my-shop",
    "{'b': 1, 'a': 2} | rows": [{"name": "a", "value": 2}, {"name": "b", "value": 1}],
    "'128Mi' | bytes": 134217728,
    "svc.port | string": "80",
    "'80' | int": 80,
    "svc.list | length": 2,
    "svc.name | upper | lower": "cart-api",
    "svc.list | join('-')": "a-b",
    "svc.list | first": "a",
    "svc.none | default(5)": 5,
    "svc.port | min(5)": 5,
    "{'a': 1} | merge({'a': 2, 'b': 3})": {"b": 3, "a": 1},
    "svc.port | max(5)": 80,
    "none": None,
}


@pytest.mark.parametrize("expression", GOOD)
def test_computes(expression):
    value = evaluate(expression, SCOPE)
    assert (value, type(value)) == (GOOD[expression], type(GOOD[expression]))


def test_every_filter_is_shown_to_work():
    assert not [name for name in FILTERS if not any(f"| {name}" in expression for expression in GOOD)]


ESCAPES = [
    "''.__class__",
    "''['__class__']",
    "svc.__class__.__mro__",
    "svc['__init__']",
    "svc.items.append",
    "svc.name.upper",
    "svc.name.upper()",
    "svc.name.format",
    "'{0.__class__}'.format(svc)",
    "'%s' % svc",
    "svc.get('name')",
    "svc.update({})",
    "svc | attr('__class__')",
    "svc | map('name')",
    "range(10)",
    "lipsum()",
    "dict(a=1)",
    "cycler(1)",
    "namespace(a=1)",
    "joiner()",
    "self",
    "self._TemplateReference__context",
    "self.__init__.__globals__",
    "loop",
    "caller()",
    "super()",
    "url_for.__globals__",
    "().__class__.__bases__[0].__subclasses__()",
    "none.__class__",
    "(1).__class__",
    "1; 2",
    "1 }} {{ 2",
    "1 %} {% for x in y",
    "svc.name {# hidden #}",
    "{% set x = 1 %}",
    "import os",
    "x = 1",
    "[x for x in svc]",
    "lambda: 1",
    "svc is callable",
    "svc | tojson",
    "'a' | e",
]


@pytest.mark.parametrize("expression", ESCAPES)
def test_cannot_escape(expression):
    with pytest.raises(ExpressionError):
        evaluate(expression, SCOPE)


BOMBS = [
    "10 ** 10 ** 10",
    "2 ** 3",
    "big * big",
    "big + big",
    "-big - big - big",
    "9" * 999,
    "1e308 * 10",
    "1e308 * 10 - 1e308 * 10",
    "'a' * 1000000000",
    "1000000000 * 'a'",
    "[0] * 1000000000",
    "many + many",
    "'%1000000000d' % 1",
    "long ~ long",
    " ~ ".join(["long"] * 150),
    "[many, many]",
    "{'a': many, 'b': many}",
    "long | join(long)",
    "many | join(long)",
    "[long, long]",
    "(long ~ long) | length",
    "many | string",
    "long | int",
    "'" + "9" * 900 + "' | int",
    "'1e99999' | bytes",
    "(" * 300 + "1" + ")" * 300,
    "[" * 300 + "]" * 300,
    "not " * 240 + "1 +",
    "-" * 900 + "1",
    "1" + " + 1" * 249,
    "svc" + ".a" * 400,
    "svc" + "[0]" * 300,
    "x" * (MAX_EXPRESSION + 1),
    "1 if 1 else " * 80,
    "[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]",
]


ENDLESS = [
    "1e400",
    "-1e400",
    "+1e400",
    "1E400",
    "-(1e400)",
    "1e400 - 1e400",
    "0 * 1e400",
    "1_0e400",
    "1e400 == 1e400",
    "1 < 1e400",
    "not 1e400",
    "1e400 ~ 'a'",
    "1e400 | string",
    "1e400 | int",
    "[1e400]",
    "{'a': 1e400}",
    "svc.list[1e400]",
    "svc.list[1e400:]",
    "1 if 1e400 else 2",
    "2 if false else -1e400",
    "1e400 in [1]",
    "1 | min(1e400)",
    "none | default(1e400)",
    "1e308 + 1e308",
    "1e200 * 1e200",
    "-1e308 * 10",
    "endless",
    "-endless",
    "endless - endless",
    "[endless]",
    "none | default(endless)",
]


@pytest.mark.parametrize("expression", ENDLESS)
def test_a_number_without_end_is_an_error_wherever_it_stands(expression):
    """Jinja's compiler writes constants into Python, where 1e400 would be the name `inf`."""
    with pytest.raises(ExpressionError, match="the number is infinite"):
        evaluate(expression, {**SCOPE, "endless": float("inf")})


def test_what_is_not_a_number_is_an_error_too():
    with pytest.raises(ExpressionError, match="the number is infinite"):
        evaluate("number", {"number": float("nan")})


@pytest.mark.parametrize("expression", BOMBS, ids=range(len(BOMBS)))
def test_stays_small_and_fast(expression):
    start = time.process_time()
    with pytest.raises(ExpressionError) as error:
        evaluate(expression, SCOPE)
    assert len(str(error.value)) < 400
    assert time.process_time() - start < 3


def test_a_chain_of_values_cannot_double_for_ever():
    scope = {"x": "y" * 1000}
    for _ in range(6):
        scope["x"] = evaluate("x ~ x", scope)
    with pytest.raises(ExpressionError, match="more than 10000 items or 100000 characters"):
        evaluate("x ~ x", scope)


def test_shared_parts_count_each_time():
    """Lists that hold the same list many times are small in memory, and huge when written."""
    scope = {"x": ["a"]}
    for _ in range(4):
        scope["x"] = evaluate("[x, x, x, x, x, x, x, x]", scope)
    with pytest.raises(ExpressionError, match="more than"):
        evaluate("[x, x, x, x, x, x, x, x]", scope)


def test_a_value_is_a_copy():
    scope = {"x": {"a": [1]}}
    value = evaluate("x", scope)
    value["a"].append(2)
    assert scope == {"x": {"a": [1]}}


STRICT = [
    "nope",
    "nope.a",
    "svc.nope",
    "svc.none.x",
    "[nope]",
    "{'a': nope}",
    "svc.items[9]",
    "nope ~ 'a'",
    "nope == 1",
    "nope | upper",
]


@pytest.mark.parametrize("expression", STRICT)
def test_undefined_is_an_error(expression):
    with pytest.raises(ExpressionError, match=r"no attribute|undefined|no element"):
        evaluate(expression, SCOPE)


@pytest.mark.parametrize(
    "expression",
    [
        "'a' < 1",
        "svc.name + 'x'",
        "1 / 0",
        "1 // 0",
        "{1: 2}",
        "svc | first",
        "[] | first",
        "",
        "  ",
        "1 if",
        "'a' | bytes",
        "svc | string",
        "'x' | int",
    ],
)
def test_what_has_no_value_is_said(expression):
    with pytest.raises(ExpressionError) as error:
        evaluate(expression, SCOPE)
    assert str(error.value).startswith(f"`{expression}`: ")


def test_names():
    assert names_in("a.b ~ c[d] | default(e) if f else [g]") == {"a", "b", "c", "d", "e", "f", "g"} - {"b"}
    with pytest.raises(ExpressionError):
        names_in("a }} {{ b")


def test_tokens_end_where_the_expression_ends():
    found = [expression for *_, expression in tokens("a ${{ '}}' }} b ${{ {'a': {}} }}${{x}} }} {{ .y }}")]
    assert found == ["'}}'", "{'a': {}}", "x"]
    with pytest.raises(ExpressionError, match="no matching"):
        tokens("${{ 'a }}")


def test_many_openings_take_no_time():
    start = time.process_time()
    with pytest.raises(ExpressionError):
        tokens("${{" * 300_000)
    assert time.process_time() - start < 2


@settings(max_examples=3 * settings().max_examples)
@given(st.text(max_size=60) | st.text(alphabet="svc.name[]()'\"{}|~+-*/%<>=! 09,:_if else not and in is", max_size=60))
def test_any_text_gives_data_or_an_expression_error(expression):
    try:
        value = evaluate(expression, SCOPE)
    except ExpressionError:
        return
    assert isinstance(value, str | bool | int | float | list | dict | None)
    names_in(expression)
