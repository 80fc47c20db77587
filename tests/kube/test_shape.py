"""Whatever somebody wrote into an object, it reads as a value of the type that was asked for, and never raises."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from atmos_cli.kube import shape

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=20,
)
PATHS = st.lists(st.sampled_from(["a", "b", "c", 0, 1, -1, -9]), max_size=4)
OBJECT = {"a": [{"b": "x"}, 1, "y", None], "n": 2**63, "t": True, "s": {"k": "v", "w": 1}}


@given(ANYTHING, PATHS)
def test_nothing_raises_and_every_type_is_as_promised(node, path):
    assert isinstance(shape.text(node, *path), str)
    assert isinstance(shape.mapping(node, *path), dict)
    assert all(isinstance(item, dict) for item in shape.mappings(node, *path))
    assert all(isinstance(item, str) for item in shape.texts(node, *path))
    assert all(isinstance(value, str) for value in shape.strings(node, *path).values())
    assert -(2**63) <= shape.number(node, *path) < 2**63
    assert not isinstance(shape.number(node, *path), bool)
    whole = shape.whole(node, *path)
    assert whole is None or abs(whole) < 10**12
    assert shape.instant(node, *path) >= 0
    assert isinstance(shape.who(node).name, str)


@pytest.mark.parametrize(
    ("path", "value"), [(("a", 0, "b"), "x"), (("a", -4, "b"), "x"), (("a", -5), None), (("a", 4), None), ((), OBJECT)]
)
def test_a_path_leads_to_its_value_or_to_none(path, value):
    assert shape.at(OBJECT, *path) == value


def test_items_keep_the_index_they_have_in_the_list():
    assert list(shape.items(OBJECT, "a")) == [(0, {"b": "x"})]
    assert list(shape.text_items(OBJECT, "a")) == [(2, "y")]


def test_a_number_is_no_boolean_and_fits_64_bits():
    assert shape.number(OBJECT, "n", default=7) == shape.number(OBJECT, "t", default=7) == 7
    assert shape.strings(OBJECT, "s") == {"k": "v"}
