"""Time zones, as this machine's tables have them, and windows of time in them."""

from __future__ import annotations

import difflib
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from atmos_cli.promotion import DAYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import tzinfo

    from atmos_cli.promotion import Freeze

# Windows that follow on each other without a gap for longer than this are taken for one without an end.
MOST_DAYS = 60


class NoZonesError(Exception):
    """No tables of time zones are on this machine, so it cannot say what time it is elsewhere."""


def zone_problem(name: str) -> str:
    """Return what is wrong with the name of a time zone; empty for a good one, and where there are no tables to ask."""
    try:
        _zone(name)
    except NoZonesError:
        return ""
    except (ZoneInfoNotFoundError, ValueError, OSError):
        known = available_timezones()
        wanted = name.rpartition("/")[2].lower()
        alike = [each for each in sorted(known) if each.rpartition("/")[2].lower() == wanted]
        close = alike or difflib.get_close_matches(name, known, n=1)
        return f"did you mean `{close[0]}`?" if close else "write it as `Europe/Berlin`, or `UTC`"
    return ""


def frozen_until(windows: Sequence[Freeze], now: float) -> float | None:
    """Return when the freeze that `now` (unix seconds) is in ends; None when it is in none.

    Windows that overlap are one; `inf` for one without an end. Raises NoZonesError.
    """
    until = now
    last = now + timedelta(days=MOST_DAYS).total_seconds()
    while until < last:
        ends = [end for window in windows for start, end in _around(window, until) if start <= until < end]
        if not ends:
            return until if until > now else None
        until = max(ends)
    return float("inf")


def local(at: float, zone: str) -> str:
    """Return an instant as a clock in `zone` shows it; in UTC where there are no tables."""
    try:
        where = _zone(zone)
    except (NoZonesError, ZoneInfoNotFoundError, ValueError, OSError):
        where, zone = UTC, "UTC"
    return f"{datetime.fromtimestamp(at, where):%a %Y-%m-%d %H:%M} {zone}"


def _around(window: Freeze, at: float) -> Iterator[tuple[float, float]]:
    """The windows that begin on the day of `at`, as it is in their zone, or on the two before."""
    zone = _zone(window.zone)
    today = datetime.fromtimestamp(at, zone).date()
    for day in (today - timedelta(days=2), today - timedelta(days=1), today):
        if DAYS[day.weekday()] in window.days:
            over = day + timedelta(days=1) if window.end <= window.start else day
            # An hour that there is twice belongs to the window both times.
            yield _at(day, window.start, zone, fold=0), _at(over, window.end, zone, fold=1)


def _at(day: date, clock: str, zone: tzinfo, *, fold: int) -> float:
    return datetime.combine(day, time.fromisoformat(clock), zone).replace(fold=fold).timestamp()


def _zone(name: str) -> tzinfo:
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except ZoneInfoNotFoundError:
        if not _has_tables():
            raise NoZonesError(name) from None
        raise


def _has_tables() -> bool:
    try:
        ZoneInfo("Etc/UTC")
    except ZoneInfoNotFoundError:
        return False
    return True
