"""The machine's own clock."""

from __future__ import annotations

import time


class SystemClock:
    """`ports.Clock` as the machine has it."""

    def now(self) -> float:
        return time.time()

    def sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))
