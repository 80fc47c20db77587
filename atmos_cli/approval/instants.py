"""Points in time as whole seconds since 1970 in UTC; nothing here reads a clock."""

from __future__ import annotations

import calendar
import re

_INSTANT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}):([0-9]{2}):([0-9]{2})Z")


def seconds(text: str) -> int:
    """Return `2026-12-01T00:00:00Z` as seconds since 1970. Raises ValueError with a sentence for anything else."""
    match = _INSTANT.fullmatch(text)
    if match is None:
        raise ValueError(f"`{text[:40]}` is not a time in UTC such as 2026-12-01T00:00:00Z")
    year, month, day, hour, minute, second = (int(part) for part in match.groups())
    real = year >= 1970 and 1 <= month <= 12 and 1 <= day <= calendar.monthrange(year, month)[1]
    if not real or hour > 23 or minute > 59 or second > 59:
        raise ValueError(f"`{text}` is no time that the calendar has")
    return calendar.timegm((year, month, day, hour, minute, second))
