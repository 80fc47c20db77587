"""One deadline for a whole answer, retries and pauses included: a timeout of httpx alone begins anew with each read."""

from __future__ import annotations

import time

CONNECT_SECONDS = 10.0


class Deadline(float):
    """So many seconds from when it was made. httpx carries it as a timeout; `carrier` asks it what is left."""

    __slots__ = ("_end",)

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds that are left, never less than none."""
        return max(0.0, self._end - time.monotonic())

    def extend(self, seconds: float) -> None:
        """Begin anew, with `seconds` from now: for what is meant to last, once its headers are here."""
        self._end = time.monotonic() + seconds

    def within(self, seconds: float) -> Deadline:
        """Make a deadline for a part: `seconds` from now, but no later than this one."""
        return Deadline(min(seconds, self.left()))

    def timeouts(self) -> dict[str, float]:
        """Return what httpx and httpcore take as the extension `timeout` of a request."""
        return {"connect": self.within(CONNECT_SECONDS), "read": self, "write": self, "pool": self}


def left_of(timeout: float | None) -> float | None:
    """Return the seconds that a socket may still wait: what is left of a Deadline, and all of any other timeout."""
    return timeout.left() if isinstance(timeout, Deadline) else timeout
