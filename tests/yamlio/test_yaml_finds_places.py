"""From a path in a value to the line and column of the file."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings

from atmos_cli.diagnostics import Location
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load, load_all
from atmos_cli.yamlio.locate import block_line, locate, located
from tests.yamlio.nasty import values

DATA = b"""\
# first
---
kind: A
base: &base
  cpu: 1
  memory: 2
spec:
  list:
  - name: x
    on: 1
  -   name: y
  use: *base
  merged:
    <<: [*base, {extra: 3}]
    memory: 5
---
# nothing
---
patch: |-

  - op: replace
    path: /x
quoted: "a
  b"
"""


@pytest.mark.parametrize(
    ("index", "path", "place"),
    [
        (0, [], (3, 1)), (0, ["kind"], (3, 1)), (0, ["spec", "list"], (8, 3)), (0, ["spec", "list", 0], (9, 5)),
        (0, ["spec", "list", 0, "true"], (10, 5)), (0, ["spec", "list", 1, "name"], (11, 7)), (0, ["spec", "list", -1], (11, 7)),
        (0, ["spec", "use"], (12, 3)), (0, ["spec", "use", "cpu"], (5, 3)), (0, ["spec", "merged", "cpu"], (5, 3)),
        (0, ["spec", "merged", "extra"], (14, 18)), (0, ["spec", "merged", "memory"], (15, 5)),
        (0, ["spec", "merged", "none", "deeper"], (13, 3)), (0, ["spec", "list", 7], (8, 3)), (0, ["none"], (3, 1)), (0, ["kind", 0], (3, 1)),
        (1, ["patch"], (19, 1)), (1, [], (19, 1)), (5, ["a"], (1, 1)),
    ],
)  # fmt: skip
def test_keys_and_items(index: int, path: list[str | int], place: tuple[int, int]) -> None:
    assert locate(DATA, index, path) == place


def test_blocks() -> None:
    assert block_line(DATA, 1, ["patch"]) == 20
    assert block_line(DATA, 1, ["quoted"]) == 23
    assert located(DATA, 0, ["spec", "list", 0, "a.b/c"], file="x.yaml") == Location(
        "x.yaml", 9, 5, "spec.list[0][a.b/c]"
    )


def test_the_last_of_two_merges_wins() -> None:
    data = b"a: 1\n<<: {a: 2}\nb: &b {c: 1}\nd:\n  <<: *b\n  <<: [{c: 2}, {c: 3}]\n"
    assert load(data)["d"] == {"c": 2}
    assert locate(data, 0, ["d", "c"]) == (6, 9)
    assert locate(data, 0, ["a"]) == (2, 6)


def test_columns_count_characters() -> None:
    assert locate('{"é": 1, "🙂": {"b": 2}}'.encode(), 0, ["🙂", "b"]) == (1, 16)


@pytest.mark.parametrize("data", [b"a: [", b"", b"\xff", b"a: *x\n"])
def test_unreadable_files_have_a_place_too(data: bytes) -> None:
    assert locate(data, 0, ["a"]) == (1, 1)


@settings(max_examples=2 * settings().max_examples)
@given(values)
def test_every_path_of_any_value_is_found(value: Any) -> None:
    data = emit(value).encode()
    if value is None:
        return
    seen = set()
    for path in paths(value):
        assert locate(data, 0, path) not in seen - {locate(data, 0, path[:-1])}
        line, column = locate(data, 0, path)
        seen.add((line, column))
        rest = data.decode().split("\n")[line - 1][column - 1 :]
        if path and isinstance(path[-1], str):
            key = next(iter(load_all(f"{emit({path[-1]: 1})}".encode())[0].value))
            assert key == path[-1]
            assert rest.removeprefix("? ").startswith(emit({path[-1]: 1}).removeprefix("? ")[:-4][:20])


def paths(value: Any, above: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [above, *(path for key, item in items for path in paths(item, (*above, key)))]
