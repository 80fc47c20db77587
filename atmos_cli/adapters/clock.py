"""The machine's own clock."""

from __future__ import annotations

import time


def today() -> str:
    """Return the day as ISO 8601 writes it, in UTC."""
    return time.strftime("%Y-%m-%d", time.gmtime(time.time()))


class SystemClock:
    """`ports.Clock` as the machine has it."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))
