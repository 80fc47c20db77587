"""Comments that stand on one side of a merge only."""

import pytest

from atmos_cli.merge.comments import with_comments_of

OURS = "a: 1\nb:\n- x\n- y # why\n"


@pytest.mark.parametrize(
    ("theirs", "both"),
    [
        ("# top\na: 1\nb:\n- x\n- y\n", "# top\na: 1\nb:\n- x\n- y # why\n"),
        ("a: 1 # one\nb:\n# two\n- x\n- y\n# end\n", "a: 1 # one\nb:\n# two\n- x\n- y # why\n# end\n"),
        ("a: 1\nb:\n- x\n- y # why\n", OURS),
    ],
)
def test_they_stand_where_the_line_is_that_they_are_about(theirs, both):
    assert with_comments_of(OURS, theirs) == (both, ())


def test_what_has_no_place_of_its_own_is_said():
    assert with_comments_of("- x\n- x\n", "- x\n# which\n- x\n") == ("- x\n- x\n", ("# which",))


def test_line_ends_stay():
    assert with_comments_of("a: 1\r\nb: 2\r\n", "a: 1\n# b\nb: 2\n") == ("a: 1\r\n# b\r\nb: 2\r\n", ())


def test_what_has_no_place_is_said_once():
    assert with_comments_of("a: 1\n", "# b\nb: 2\n# b\nb: 2\n") == ("a: 1\n", ("# b",))


def test_many_cost_no_more_than_their_number():
    """Each one compared with every line takes minutes here."""
    theirs = "".join(f"# {number}\n" for number in range(50_000)) + "a: 1\n"
    assert with_comments_of("a: 1\n", theirs) == (theirs, ())
