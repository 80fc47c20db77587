"""Findings in words: counts first, no infinite percentage, always the window and both denominators."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from atmos_cli.verify.judge.beta import ratio_interval
from atmos_cli.verify.judge.sequence import raw

if TYPE_CHECKING:
    from atmos_cli.verify.judge.sequence import StreamResult


def number(count: float) -> str:
    """Format a count: `30,072`; increases that the server estimated are rounded."""
    return f"{round(count):,}"


def percent(share: float) -> str:
    """Format a share: `0.80%`, with as many digits as a person can use."""
    value = share * 100
    digits = 1 if value >= 1 else 2 if value >= 0.1 or value == 0 else 3
    return f"{value:.{digits}f}%"


def span(seconds: float) -> str:
    """Format a length of time: `5 min`, `90 s`, `2 h`."""
    if seconds >= 7200:
        return f"{seconds / 3600:.0f} h"
    return f"{seconds / 60:.0f} min" if seconds >= 120 else f"{seconds:.0f} s"


def what(finding: StreamResult) -> str:
    """Name what is counted: `error rate`, or the share of slow requests."""
    bound = finding.stream.bound
    return "error rate" if bound is None else f"share of requests slower than {seconds(bound)}"


def seconds(value: float) -> str:
    return f"{value * 1000:.3g} ms" if value < 1 else f"{value:.3g} s"


def change(finding: StreamResult) -> str:
    """Say how the share of bad requests changed, as one sentence without a full stop."""
    before, after = raw(finding), finding.after
    times = f"{number(after.bad)} of {number(after.total)} requests in {span(after.end - after.start)}"
    earlier = f"{number(before.bad)} of {number(before.total)} in the {span(before.end - before.start)} before"
    name = what(finding)
    if not before.bad:
        none = f"none in {number(before.total)} requests in the {span(before.end - before.start)} before"
        return f"{name}: from {none} to {times} ({percent(after.share)})"
    if before.bad < 10:
        return f"{name}: from {earlier} to {times} ({percent(before.share)} → {percent(after.share)})"
    ratio = after.share / before.share
    shares = f"{percent(before.share)} → {percent(after.share)}"
    if ratio >= 10:
        size = f"up {ratio:.0f}x"
    elif abs(ratio - 1) < 0.005:
        size = "unchanged"
    else:
        size = f"{'up' if ratio > 1 else 'down'} {abs(ratio - 1) * 100:.0f}%"
    low, high = ratio_interval(before.bad, before.total, after.bad, after.total, phi=finding.phi)
    return f"{name} {size} ({shares}; 95% CI {signed(low)} to {signed(high)}; {times}, {earlier})"


def signed(ratio: float) -> str:
    if math.isinf(ratio):
        return "no limit"
    return f"{ratio:.0f}x" if ratio >= 10 else f"{(ratio - 1) * 100:+.0f}%"


def traffic_only(finding: StreamResult) -> str:
    """Say so when there are more errors only because there are more requests; "" otherwise."""
    before, after = raw(finding), finding.after
    length, since = before.end - before.start, after.end - after.start
    if before.bad < 10 or length <= 0 or since <= 0:
        return ""
    errors, requests = (after.bad / since) / (before.bad / length), (after.total / since) / (before.total / length)
    if errors < 1.25 or requests < 1.25 or after.share > 1.1 * before.share:
        return ""
    return f"errors per second {signed(errors)}, because traffic is {signed(requests)}: not a regression"
