"""A blueprint's YAML is rendered by structure: values keep their type, directives their meaning, errors their place."""

from __future__ import annotations

import time

import pytest

from atmos_cli.blueprint.tree import MAX_STEPS, Template, holds, items_of, render, undeclared
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load

NASTY = [
    "on", "no", "0123", "1e3", "1.10", "a: b", "- a", "# x", "null", "~", "", " lead", "trail ", "{{ .x }}",
    "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "tab\there", "ü€😀", "2024-01-01", "0x1F", "${x}",
]  # fmt: skip


def template(text: str) -> Template:
    return Template(load(text.encode()), "web/resources/x.yaml", text.encode())


def rendered(text: str, **scope):
    return render(template(text), scope)


def error(text: str, **scope):
    with pytest.raises(AtmosError) as raised:
        rendered(text, **scope)
    (found,) = raised.value.diagnostics
    assert found.code is Code.BLUEPRINT_EXPRESSION
    return found


@pytest.mark.parametrize("value", [*NASTY, 0, -1, 2**40, 1.5, True, False, None, [], {}, ["on"], {"a": {"on": "off"}}])
def test_a_value_arrives_as_it_is(value):
    result = rendered("a: ${{ x }}", x=value)
    assert result == {"a": value}
    assert type(result["a"]) is type(value)
    assert load(emit(result).encode()) == {"a": value}


@pytest.mark.parametrize("value", NASTY)
def test_inside_a_text_it_stays_text(value):
    result = rendered("a: <${{ x }}>", x=value)
    assert result == {"a": f"<{value}>"}
    assert load(emit(result).encode()) == result


@pytest.mark.parametrize("value", NASTY)
def test_a_value_is_never_rendered_again(value):
    assert rendered("a: ${{ x }}", x="${{ y }}") == {"a": "${{ y }}"}
    assert rendered("a: ${{ x }}!", x=value + "${{ y }}") == {"a": value + "${{ y }}!"}


def test_tokens_of_other_languages_stay():
    assert rendered('a: "{{ .password }}"\nb: "${{ x }}:{{ .password }}"\nc: $(VAR) ${VAR}', x="u") == {
        "a": "{{ .password }}",
        "b": "u:{{ .password }}",
        "c": "$(VAR) ${VAR}",
    }
    assert rendered("a: \"${{ '${{' }} x }}\"") == {"a": "${{ x }}"}


def test_if():
    assert rendered("a: {$if: x, b: 1}\nc: 2", x=False) == {"c": 2}
    assert rendered("a: {$if: x, b: 1}\nc: 2", x=True) == {"a": {"b": 1}, "c": 2}
    assert rendered("a: {$if: x, $then: [1], $else: {b: 2}}", x=True) == {"a": [1]}
    assert rendered("a: {$if: x, $then: [1], $else: {b: 2}}", x=False) == {"a": {"b": 2}}
    assert rendered("a: {$if: x, b: 1, $else: 2}", x=False) == {"a": 2}
    assert rendered("a: [{$if: x, $then: 1}, 2]", x=False) == {"a": [2]}
    assert rendered("a: {$if: false, b: 1}") == {}
    assert rendered("$if: x\na: 1", x=False) is None


def test_for():
    assert rendered("a: [{$for: v in x, b: '${{ v }}'}, last]", x=[1, "on"]) == {"a": [{"b": 1}, {"b": "on"}, "last"]}
    assert rendered("a: [{$for: v in x, $yield: '${{ v }}'}]", x=["a", 1]) == {"a": ["a", 1]}
    assert rendered("a: [{$for: v in x, $if: v > 1, $yield: '${{ v }}'}]", x=[1, 2]) == {"a": [2]}
    assert rendered("a: [{$for: v in x, $yield: [{$for: w in v, $yield: '${{ w }}'}]}]", x=[[1], [2, 3]]) == {
        "a": [[1], [2, 3]]
    }
    assert rendered("a: [{$for: v in x, b: 1}]", x=[]) == {"a": []}


def test_keys():
    assert rendered("${{ x }}: 1\na-${{ x }}: 2", x="k") == {"k": 1, "a-k": 2}


def test_conditions_and_loops_alone():
    assert holds(Template("x > 1", "f", b""), {"x": 2}) is True
    assert holds(Template(True, "f", b""), {}) is True
    assert holds(Template("x", "f", b""), {"x": []}) is False
    assert items_of(Template("v in x", "f", b""), {"x": [1, 2]}) == [1, 2]


WRONG = {
    "a:\n  b: ${{ nope }}": (2, 3, "a.b", "'nope' is undefined"),
    "a:\n  - 1\n  - b: x ${{ [] }}": (3, 5, "a[1].b", "`[]` gives a list, which has no place inside a text"),
    "a: x${{ true }}": (1, 1, "a", "gives a bool"),
    "a: x${{ none }}": (1, 1, "a", "gives nothing"),
    "a: ${{ 1": (1, 1, "a", "no matching `}}`"),
    "a: {$if: nope, b: 1}": (1, 5, "a.$if", "'nope' is undefined"),
    "a: {$iff: true, b: 1}": (1, 5, "a.$iff", "`$iff` is not a directive"),
    "a: {$for: 'x in [1]', b: 1}": (1, 5, "a.$for", "belongs into an item of a list"),
    "a: [{$for: 'x of [1]', b: 1}]": (1, 6, "a[0].$for", "must read `name in expression`"),
    "a: [{$for: x in 5, b: 1}]": (1, 6, "a[0].$for", "`5` is not a list"),
    "a: [{$for: \"x in {'a': 1}\", b: 1}]": (1, 6, "a[0].$for", "is not a list"),
    "a: {$then: 1}": (1, 5, "a.$then", "needs an `$if`"),
    "a: {$else: 1}": (1, 5, "a.$else", "needs an `$if`"),
    "a: [{$yield: 1}]": (1, 6, "a[0].$yield", "needs a `$for`"),
    "a: {$if: true, $then: 1, b: 2}": (1, 26, "a.b", "stands beside `$then`"),
    "a: {b: 1, \"${{ 'b' }}\": 2}": (1, 11, "a.${{ 'b' }}", "is there already"),
    'a: {"${{ 1 }}": 2}': (1, 5, "a.${{ 1 }}", "is not text"),
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_what_is_wrong_is_said_with_its_place(text):
    line, column, field, message = WRONG[text]
    found = error(text)
    assert (found.where.path, found.where.line, found.where.column) == ("web/resources/x.yaml", line, column)
    assert found.where.field == field
    assert message in found.message


def test_loops_in_loops_end():
    many = "[" + ",".join("0" * 300) + "]"
    text = (
        f"a: [{{$for: 'x in {many}', $yield: [{{$for: 'y in {many}', $yield: [{{$for: 'z in {many}', $yield: 1}}]}}]}}]"
    )
    start = time.process_time()
    assert f"more than {MAX_STEPS} values" in error(text).message
    assert time.process_time() - start < 5


def test_large_values_in_loops_end():
    assert "more than" in error("a: [{$for: v in x, $yield: '${{ x }}'}]", x=list(range(5000))).message


def test_a_render_changes_nothing():
    shared = {"a": ["b"]}
    wanted = template("one: ${{ x }}\ntwo: ${{ x }}\nthree: [1]")
    result = render(wanted, {"x": shared})
    result["one"]["a"].append("c")
    result["three"].append(2)
    assert shared == {"a": ["b"]}
    assert result["two"] == {"a": ["b"]}
    assert render(wanted, {"x": shared}) == {"one": {"a": ["b"]}, "two": {"a": ["b"]}, "three": [1]}


def test_undeclared_names_are_found_without_rendering():
    text = """\
a: ${{ svc.name ~ nope }}
b: [{$for: v in svc.list, $if: v and other, x: '${{ v }} ${{ w }}'}]
'${{ key }}': 1
c: ${{ 1 + }}
d: {$iff: x}
e: ${{ v }}
"""
    found = [d.diagnostics[0] for d in undeclared(template(text), frozenset({"svc"}))]
    assert [(d.where.line, d.message) for d in found] == [
        (1, "`svc.name ~ nope` reads `nope`, which is not defined"),
        (2, "`v and other` reads `other`, which is not defined"),
        (2, "`w` reads `w`, which is not defined"),
        (3, "`key` reads `key`, which is not defined"),
        (4, "`1 +`: unexpected 'end of template'"),
        (5, "`$iff` is not a directive; there are $else, $for, $if, $then, $yield"),
        (6, "`v` reads `v`, which is not defined"),
    ]
