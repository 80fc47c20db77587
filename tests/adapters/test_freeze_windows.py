"""A freeze begins and ends when a clock in its zone says so, also over midnight and where clocks are changed."""

from datetime import UTC, datetime

import pytest

from atmos_cli.adapters.zones import frozen_until
from atmos_cli.promotion import Freeze


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def window(**fields):
    return Freeze.model_validate(
        {"days": ["fri", "sat"], "from": "16:00", "to": "08:00", "zone": "Europe/Berlin", **fields}
    )


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-03-06T14:59", None),  # Friday, 15:59 in Berlin
        ("2026-03-06T15:00", "2026-03-07T07:00"),
        ("2026-03-07T06:59", "2026-03-07T07:00"),
        ("2026-03-07T07:00", None),  # Saturday, 08:00: between the two windows
        ("2026-03-07T23:30", "2026-03-08T07:00"),
        ("2026-03-08T15:00", None),  # Sunday begins none
        ("2026-07-03T14:00", "2026-07-04T06:00"),  # summer time
        ("2026-03-28T20:00", "2026-03-29T06:00"),  # clocks go forward in that night
        ("2026-10-24T20:00", "2026-10-25T07:00"),  # and back
    ],
)
def test_over_midnight(now, until):
    assert frozen_until([window()], at(now)) == (until and at(until))


def test_windows_that_meet_are_one():
    both = [window(), window(days=["sat"], **{"from": "08:00", "to": "16:00"})]
    assert frozen_until(both, at("2026-03-06T15:00")) == at("2026-03-08T07:00")


def test_whole_days_and_no_end():
    weekend = window(days=["sat", "sun"], zone="UTC", **{"from": "00:00", "to": "00:00"})
    assert frozen_until([weekend], at("2026-03-07T12:00")) == at("2026-03-09T00:00")
    assert frozen_until([Freeze()], at("2026-03-07T12:00")) == float("inf")
    assert frozen_until([], 0.0) is None


def test_an_hour_that_there_is_twice_is_frozen_both_times():
    night = window(days=["sat", "sun"], **{"from": "02:10", "to": "02:50"})
    for now in ("2026-10-25T00:30", "2026-10-25T01:30"):
        assert frozen_until([night], at(now)) == at("2026-10-25T01:50")
