"""Hostile files cost little time and never a traceback."""

from __future__ import annotations

import time

import pytest

from atmos_cli.diagnostics import AtmosError
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load
from atmos_cli.yamlio.locate import locate
from atmos_cli.yamlio.nodes import compose
from atmos_cli.yamlio.parse import MAX_DEPTH

BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 10)
)
CHAIN = (
    "a0: &a0 "
    + "[" * 150
    + "]" * 150
    + "\n"
    + "".join(f"a{i}: &a{i} " + "[" * 150 + f"*a{i - 1}" + "]" * 150 + "\n" for i in range(1, 40))
)
HOSTILE = {
    "flow depth": "[" * 100_000,
    "map depth": "{a: " * 20_000,
    "block depth": "- " * 20_000,
    "alias bomb": BOMB,
    "merge bomb": BOMB.replace("[", "{<<: [").replace("]", "]}").replace("x,x,x,x,x,x,x,x,x", "{x: 1}"),
    "deep aliases": CHAIN,
    "many anchors": "".join(f"k{i}: &a{i} v\n" for i in range(20_000)) + "z: *b\n",
    "long key": "k" * 2_000_000 + ": 1\n",
    "template depth": "{{" * 5_000,
    "open quotes": '"' + "a\n" * 100_000,
    "many duplicates": "a: 1\n" * 3_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE.keys())
def test_refused_quickly(text: str) -> None:
    start = time.process_time()
    with pytest.raises(AtmosError):
        load(text.encode())
    assert time.process_time() - start < 3


@pytest.mark.parametrize(
    "text", ["a: " + "9" * 1_000_000, "a: 0x" + "f" * 100_000, "a: 1" + "_" * 100_000, "a: 0." + "1" * 100_000 + "e1"]
)
def test_long_numbers_cost_little(text: str) -> None:
    start = time.process_time()
    load(text.encode())
    assert time.process_time() - start < 1


def test_the_deepest_value_can_be_read_written_and_located() -> None:
    data = b"[" * MAX_DEPTH + b"]" * MAX_DEPTH
    value = load(data)
    assert load(emit(value).encode()) == value
    assert locate(data, 0, [0] * (MAX_DEPTH - 1)) == (1, MAX_DEPTH)
    with pytest.raises(AtmosError):
        load(b"[" + data + b"]")


def test_a_mapping_is_read_once_however_many_of_its_keys_are_asked_for():
    class Read(list):
        times = 0

        def __iter__(self):
            Read.times += 1
            return super().__iter__()

    (root,) = compose(b"a: 1\n<<: {x: 1}\nb: 2\na: 3\n")
    root.entries = Read(root.entries)
    assert [root.positions(key) for key in ("a", "b", "none", None)] == [[0, 3], [2], [], [1]]
    assert Read.times == 1
