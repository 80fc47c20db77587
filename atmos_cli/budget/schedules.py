"""How close together two runs of a cron schedule can be: what bounds the jobs that may overlap."""

from __future__ import annotations

import re

_NAMED = {"@hourly": 3600, "@daily": 86400, "@midnight": 86400}
_RARE = {"@weekly": 7 * 86400, "@monthly": 28 * 86400, "@yearly": 365 * 86400, "@annually": 365 * 86400}
_EVERY = re.compile(r"@every ((?:[0-9]{1,6}[hms])+)")
_PART = re.compile(r"(\*|\?|(?P<low>[0-9]{1,2})(-(?P<high>[0-9]{1,2}))?)(/(?P<step>[0-9]{1,2}))?")


def shortest_gap(schedule: str) -> int | None:
    """Return the least seconds between two runs, as if every day were one on which it runs; None for no schedule."""
    text = " ".join(schedule.split())
    text = re.sub(r"^(CRON_)?TZ=\S+ ", "", text)
    if text in _NAMED or text in _RARE:
        return {**_NAMED, **_RARE}[text]
    if every := _EVERY.fullmatch(text):
        units = {"h": 3600, "m": 60, "s": 1}
        return max(sum(int(part[:-1]) * units[part[-1]] for part in re.findall(r"[0-9]+[hms]", every[1])), 1)
    fields = text.split(" ")
    if len(fields) != 5:
        return None
    minutes, hours = _values(fields[0], 59), _values(fields[1], 23)
    if not minutes or not hours:
        return None
    times = sorted(hour * 60 + minute for hour in hours for minute in minutes)
    later = [*times[1:], times[0] + 24 * 60]
    return 60 * min(after - before for before, after in zip(times, later, strict=True))


def _values(field: str, most: int) -> set[int]:
    """Return the numbers that a field of a schedule means; empty when it is none."""
    found: set[int] = set()
    for part in field.split(","):
        match = _PART.fullmatch(part)
        if match is None:
            return set()
        low = int(match["low"]) if match["low"] else 0
        high = int(match["high"]) if match["high"] else (low if match["low"] and not match["step"] else most)
        step = int(match["step"]) if match["step"] else 1
        if high > most or low > high or not step:
            return set()
        found |= set(range(low, high + 1, step))
    return found
