"""Which random numbers a run uses: fresh ones, or those of a run that is to be repeated."""

from __future__ import annotations

import functools
import os
import random
import secrets

VARIABLE = "ATMOS_HOSTILE_SEED"


@functools.cache
def seed() -> str:
    """That of the environment, else one for the whole run: each worker of pytest-xdist takes the same."""
    return os.environ.get(VARIABLE) or os.environ.get("PYTEST_XDIST_TESTRUNUID", "")[:12] or secrets.token_hex(6)


def random_of(kind: str, number: int) -> random.Random:
    """The numbers of one case: the same for the same seed, whichever other cases run."""
    return random.Random(f"{seed()}/{kind}/{number}")
