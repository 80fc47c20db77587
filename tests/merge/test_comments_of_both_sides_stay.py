"""Of a generated file that Git left in conflict, the comments of both sides stay, each where it belongs."""

import pytest

from atmos_cli.merge.comments import with_comments_of


@pytest.mark.parametrize(
    ("text", "other", "wanted", "left"),
    [
        ("a: 1\nb: 2\n", "# about b\nb: 2\n", "a: 1\n# about b\nb: 2\n", ()),
        ("a: 1\nb: 2\n", "# one\n# two\n  b: 2\n", "a: 1\n# one\n# two\nb: 2\n", ()),
        ("a: 1\n", "a: 1  # why\n", "a: 1  # why\n", ()),
        ("# here\na: 1\n", "# here\na: 1\n", "# here\na: 1\n", ()),
        ("a: 1\n", "a: 1\n# at the end\n", "a: 1\n# at the end\n", ()),
        ("a: 1\n", "# about b\nb: 2\n", "a: 1\n", ("# about b",)),
        ("a: 1\na: 1\n", "# which?\na: 1\n", "a: 1\na: 1\n", ("# which?",)),
        ("a: 1\r\nb: '#'\r\n", "# x\nb: '#'\n", "a: 1\r\n# x\r\nb: '#'\r\n", ()),
    ],
)
def test_a_comment_goes_where_its_line_is(text, other, wanted, left):
    assert with_comments_of(text, other) == (wanted, left)


def test_many_comments_cost_no_more_than_their_number():
    """Each one compared with every line takes minutes here."""
    other = "".join(f"# {number}\n" for number in range(50_000)) + "a: 1\n"
    assert with_comments_of("a: 1\n", other) == (other, ())
