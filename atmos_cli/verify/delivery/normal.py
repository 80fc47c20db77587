"""Equal values in different spellings: the API server may store a value otherwise than it was sent."""

from __future__ import annotations

import re
from typing import Any

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.quantity import parse

_QUANTITIES = frozenset({
    "limits", "requests", "resources", "hard", "capacity", "allocatable", "overhead", "storage", "size", "max", "min",
    "default", "defaultRequest", "maxLimitRequestRatio", "sizeLimit", "divisor", "averageValue", "minAllowed",
    "maxAllowed", "walStorage", "shared_buffers",
})  # fmt: skip
_VERBATIM = frozenset({"metadata", "data", "binaryData", "env", "args", "command", "image", "matchLabels"})
_DURATION = re.compile(r"(?:[0-9]+(?:\.[0-9]+)?(?:ns|us|µs|ms|s|m|h))+")
_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h)")
_UNITS = {"ns": 1, "us": 1_000, "µs": 1_000, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_LONGEST = 40


def same_scalar(wanted: Any, live: Any, names: tuple[str, ...]) -> bool:
    """Check whether both are one value; `names` are the fields on the way to it, which say if it may be a quantity."""
    if isinstance(wanted, bool) or isinstance(live, bool):
        return wanted is live
    if wanted == live:
        return True
    if not isinstance(wanted, str | int | float) or not isinstance(live, str | int | float):
        return False
    if _VERBATIM.intersection(names):
        return False
    if _is_plain(wanted) and _is_plain(live) and str(wanted) == str(live):
        return True  # int-or-string
    if _QUANTITIES.intersection(names):
        return _same_quantity(wanted, live)
    return isinstance(wanted, str) and isinstance(live, str) and _nanoseconds(wanted) == _nanoseconds(live) is not None


def _is_plain(value: Any) -> bool:
    return isinstance(value, str) or (isinstance(value, int) and abs(value) < 2**63)


def _same_quantity(wanted: str | float, live: str | float) -> bool:
    try:
        return parse(wanted).to_milli() == parse(live).to_milli()
    except AtmosError:
        return False


def _nanoseconds(words: str) -> float | None:
    """Return the nanoseconds of a duration such as `1h0m0s`; None when it is not written as Go writes one."""
    if len(words) > _LONGEST or not _DURATION.fullmatch(words):
        return None
    return sum(float(amount) * _UNITS[unit] for amount, unit in _PART.findall(words))
