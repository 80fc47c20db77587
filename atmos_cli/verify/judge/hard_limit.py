"""The limit `latency.hardMax`: slower than this fails, however it was before."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from atmos_cli.verify.judge.beta import p_above
from atmos_cli.verify.judge.phrase import number, percent, seconds
from atmos_cli.verify.judge.rules import ENOUGH
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.traffic.tally import buckets

if TYPE_CHECKING:
    from collections.abc import Mapping

    from atmos_cli.verify.judge.material import Material

# Spent at every look: of a service that just keeps the limit, less than 2 % would be called too slow in an hour.
ALPHA = 0.0002


def hard_limit(material: Material) -> tuple[Reason, ...]:
    """Return FAIL when surely more requests than the quantile leaves are slower than the limit; () without a limit.

    INCONCLUSIVE where the histogram cannot tell: there is none, or its last bound is below the limit and exceeded.
    """
    most, windows = material.limits.latency_most, material.windows
    if most is None or not material.look:
        return ()
    if not material.slow:
        message = f"nothing measures how long requests take, so the limit of {seconds(most)} cannot be checked"
        hint = "choose a `verify.source` with a latency histogram, or remove `latency.hardMax` from the spec"
        return (Reason(Outcome.INCONCLUSIVE, "no-latency", message, hint),)
    span = (windows.zero, windows.at(material.look))
    (counted,) = buckets(material.slow, material.source, (span,), scrape=windows.scrape)
    return _judged(counted, most, unit=material.source.unit, left=1 - material.limits.latency_quantile)


def _judged(counted: Mapping[float, float], most: float, *, unit: float, left: float) -> tuple[Reason, ...]:
    total = counted.get(math.inf, 0.0)
    finite = sorted(le for le in counted if math.isfinite(le))
    if total < ENOUGH or not finite:
        return ()
    # What exceeds a bound at or above the limit is slower than the limit.
    bound = next((le for le in finite if le * unit >= most), None)
    beyond = total - counted[finite[-1] if bound is None else bound]
    if p_above(beyond, total, share=left) > ALPHA:
        return ()
    if bound is None:
        message = (
            f"the slowest that is told apart is {seconds(finite[-1] * unit)}, so {seconds(most)} cannot be checked"
        )
        return (Reason(Outcome.INCONCLUSIVE, "latency-unknown", message, "give the histogram a bound at the limit"),)
    share = f"{number(beyond)} of {number(total)} requests ({percent(beyond / total)})"
    message = (
        f"{share} take longer than {seconds(bound * unit)}, and no more than {percent(left)} may pass {seconds(most)}"
    )
    return (Reason(Outcome.FAIL, "too-slow", message),)
