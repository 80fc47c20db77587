"""The regularised incomplete beta function, its inverse, and the tests and intervals for counts built on it."""

from __future__ import annotations

import math
from functools import lru_cache

_TINY = 1e-300


@lru_cache(maxsize=4096)  # every look computes all looks before it again
def betainc(a: float, b: float, x: float) -> float:
    """Compute I_x(a, b) for a, b > 0, by Lentz's continued fraction; agrees with scipy to about 1e-11."""
    if x <= 0:
        return 0.0
    if x >= 1:
        return 1.0
    if x > (a + 1) / (a + b + 2):
        return 1.0 - betainc(b, a, 1 - x)
    scale = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return min(1.0, math.exp(scale) * _fraction(a, b, x) / a)


def _fraction(a: float, b: float, x: float) -> float:
    c = 1.0
    d = 1 / _not_zero(1 - (a + b) * x / (a + 1))
    h = d
    for m in range(1, 20_000):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        for numerator in (even, odd):
            d = 1 / _not_zero(1 + numerator * d)
            c = _not_zero(1 + numerator / c)
            h *= c * d
        if abs(c * d - 1) < 1e-14:
            break
    return h


def _not_zero(value: float) -> float:
    return value if abs(value) > _TINY else _TINY


def beta_quantile(q: float, a: float, b: float) -> float:
    """Find the x with I_x(a, b) = q, by bisection."""
    low, high = 0.0, 1.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if betainc(a, b, middle) < q else (low, middle)
    return (low + high) / 2


def p_worse(bad_before: float, before: float, bad: float, total: float, *, phi: float, margin: float) -> float:
    """Return how likely at least `bad` of `total` is when the share is at most `margin` times the share before.

    The conditional binomial test of a ratio of two rates, on counts divided by the overdispersion `phi`; exact for
    phi = 1, and no special case without errors before.
    """
    if bad <= 0 or total <= 0 or before <= 0:
        return 1.0
    return betainc(bad / phi, bad_before / phi + 1, margin * total / (margin * total + before))


def p_above(bad: float, total: float, *, share: float) -> float:
    """Return how likely at least `bad` of `total` is when each is bad with probability `share`."""
    if bad <= 0:
        return 1.0
    return betainc(bad, total - bad + 1, share)


def ratio_interval(bad_before: float, before: float, bad: float, total: float, *, phi: float) -> tuple[float, float]:
    """Return the two-sided 95 % interval of the ratio of the shares, (0, infinity) when nothing is known."""
    if before <= 0 or total <= 0:
        return 0.0, math.inf
    if min(bad, bad_before) >= 10:
        ratio = (bad / total) / (bad_before / before)
        width = math.exp(1.96 * math.sqrt(phi * (1 / bad + 1 / bad_before)))
        return ratio / width, ratio * width
    after_scaled, before_scaled = bad / phi, bad_before / phi
    low = beta_quantile(0.025, after_scaled, before_scaled + 1) if bad else 0.0
    high = beta_quantile(0.975, after_scaled + 1, before_scaled) if bad_before else 1.0
    return _odds(low) * before / total, _odds(high) * before / total


def _odds(share: float) -> float:
    return share / (1 - share) if share < 1 - 1e-15 else math.inf


def share_above(bad: float, total: float) -> float:
    """Return the 97.5 % upper bound of a share."""
    return beta_quantile(0.975, bad + 1, total - bad) if total > bad else 1.0
