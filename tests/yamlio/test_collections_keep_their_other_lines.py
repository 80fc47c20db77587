"""A collection over several lines, in brackets, too: another value changes only the lines of the entries that differ."""

import random

import pytest

from atmos_cli.yamlio.edit import SetValue, edit
from atmos_cli.yamlio.load import load

ARGS = """\
spec:
  args: [
    "--a=1",   # first
    "--b=2",
    # about c
    "--c=3"
  ]
  after: 1  # stays
"""
TOLERATIONS = """\
tolerations: [
  { key: a, effect: NoSchedule },  # a

  {
    key: b,     # why b
    effect: NoExecute
  },
]
"""
JSON = '{\n  "a": [\n    "x",\n    "y"\n  ],\n  "b": 1\n}\n'


@pytest.mark.parametrize("eol", ["\n", "\r\n"])
@pytest.mark.parametrize(
    ("text", "path", "value", "old", "new"),
    [
        (ARGS, ("spec", "args"), ["--a=1", "--b=9", "--c=3"], '"--b=2"', '"--b=9"'),
        (ARGS, ("spec", "args"), ["--a=1", "--c=3"], '    "--b=2",\n', ""),
        (ARGS, ("spec", "args"), ["--a=1", "--b=2", "--new", "--c=3"], '"--b=2",\n', '"--b=2",\n    "--new",\n'),
        (ARGS, ("spec", "args"), ["--a=1", "--b=2", "--c=3", "--d"], '"--c=3"\n', '"--c=3",\n    "--d"\n'),
        (
            TOLERATIONS,
            ("tolerations",),
            [{"key": "a", "effect": "NoSchedule"}, {"key": "b", "effect": "NoSchedule"}],
            "effect: NoExecute",
            "effect: NoSchedule",
        ),
        (
            TOLERATIONS,
            ("tolerations",),
            [{"key": "b", "effect": "NoExecute"}],
            "  { key: a, effect: NoSchedule },  # a\n",
            "",
        ),
        ("a:\n- x  # keep\n\n- y\nb: 1\n", ("a",), ["x", "z"], "- y", "- z"),
        (JSON, ("a",), ["x", "z", "y"], '"x",\n', '"x",\n    "z",\n'),
        (JSON, (), {"a": ["x", "y"], "b": 2}, '"b": 1', '"b": 2'),
    ],
)
def test_other_lines_stay(eol, text, path, value, old, new):
    assert text.count(old) == 1
    data, wanted = (each.replace("\n", eol).encode() for each in (text, text.replace(old, new)))
    assert edit(data, [SetValue(path, value)]) == wanted


@pytest.mark.parametrize("seed", range(60))
def test_whatever_the_value_it_is_there_and_each_kept_comment_too(seed):
    rng = random.Random(seed)
    old = [f"v{rng.randrange(6)}" for _ in range(rng.randint(1, 6))]
    new = [f"v{rng.randrange(6)}" for _ in range(rng.randint(1, 6))]
    lines = "".join(f"  {each},  # {number}\n" for number, each in enumerate(old))
    result = edit(f"a: [\n{lines}]\nb: 1\n".encode(), [SetValue(("a",), new)])
    assert load(result) == {"a": new, "b": 1}
    if new[: len(old)] == old:
        assert lines.encode() in result


def test_keys_that_change_their_order_are_written_anew():
    data = b"a: {\n  x: 1,\n  y: 2\n}\n"
    result = edit(data, [SetValue(("a",), {"y": 2, "x": 1})])
    assert list(load(result)["a"]) == ["y", "x"]
