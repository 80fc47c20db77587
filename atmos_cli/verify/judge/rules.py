"""The rules of what counts as worse, made of the `verify:` block of a spec."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.verify.judge.sequence import JudgeTier, Rule

if TYPE_CHECKING:
    from atmos_cli.verify.model import Limits

FAIL_ALPHA, WARN_ALPHA = 0.01, 0.05
FAST_BURN = 14.4
"""This burn rate spends 2 % of a 30 day error budget in an hour."""
FIRST_DEPLOY_SHARE = 0.05
"""Without anything to compare with, more errors than this are a failure whatever the SLO says."""
ENOUGH = 50
"""Fewer requests than this decide nothing but a disaster."""


def availability(limits: Limits) -> Rule:
    more, least = limits.errors_increase, limits.errors_absolute
    return Rule(
        "availability",
        fail=JudgeTier(FAIL_ALPHA, 1 + more / 2, 1 + more, least, bad=5, total=ENOUGH, looks=2, recent=True),
        warn=JudgeTier(WARN_ALPHA, 1.0, 1 + more / 2, least, bad=3, total=30, recent=True),
        fast=True,
        clean=least,
    )


def latency(limits: Limits, *, near: bool) -> Rule:
    """Make a rule for requests slower than a bound that about 5 % (`near`) or 0.5 % exceed at quantile 0.95."""
    more = limits.latency_increase
    return Rule(
        "latency-near" if near else "latency-far",
        fail=JudgeTier(FAIL_ALPHA, 1 + more / 2, 1 + 2 * more, 0.002, bad=10, total=ENOUGH, looks=2, recent=True),
        warn=JudgeTier(WARN_ALPHA, 1.0, 1 + more, 0.002, bad=10, total=30, recent=True),
        fast=False,
        clean=2 * nominal(limits, near=near),
    )


def nominal(limits: Limits, *, near: bool) -> float:
    """Return the share of slow requests that a bound is chosen for."""
    return (1 - limits.latency_quantile) / (1 if near else 10)
