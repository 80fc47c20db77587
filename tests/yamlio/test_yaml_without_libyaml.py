"""A PyYAML built without its C extension is slower, and reads and refuses the same."""

from __future__ import annotations

import pytest
from hypothesis import given, settings

from atmos_cli.diagnostics import AtmosError
from atmos_cli.yamlio import parse
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load, load_all
from atmos_cli.yamlio.locate import locate
from tests.yamlio.nasty import same, values


@pytest.fixture(autouse=True, scope="module")
def without_libyaml():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parse, "_parser", lambda: parse._PureParser)
        yield


@settings(max_examples=settings().max_examples // 2)
@given(values)
def test_what_we_write_reads_back(value: object) -> None:
    assert same(load(emit(value).encode()), value)


@pytest.mark.parametrize(
    ("data", "place"),
    [
        (b"a:\n\tb: 1\n", "2:1"), (b"a: @x\n", "1:4"), (b"a: b: c\n", "1:5"), (b'a: "x\n', "1:4"), (b"a: \xff\n", "1:4"), (b"a: \x01\n", "1:4"),
        (b'a: "\\UFFFFFFFF"\n', ""), (b"a: 1\na: 2\n", "2:1"), (b"~: 1\n", "1:1"), (b"a: [", "2:1"), (b"- " * 3000, "1:401"),
    ],
)  # fmt: skip
def test_what_it_refuses(data: bytes, place: str) -> None:
    with pytest.raises(AtmosError) as caught:
        load_all(data, path="x")
    (found,) = caught.value.diagnostics
    assert str(found.where) == ":".join(filter(None, ["x", place]))
    assert "\n" not in found.message


def test_places_and_documents() -> None:
    data = "a: é\n---\n- b: &x {on: 1}\n  c: *x\n".encode()
    assert [document.value for document in load_all(data)] == [{"a": "é"}, [{"b": {"true": 1}, "c": {"true": 1}}]]
    assert locate(data, 1, [0, "b", "true"]) == (3, 10)
