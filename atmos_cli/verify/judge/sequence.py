"""Sequential tests, valid however often one looks at growing counts: alpha spending, overdispersion, gates."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.verify.judge.beta import p_worse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from atmos_cli.verify.measured import Count
    from atmos_cli.verify.traffic.tally import Tally

RECENT = 150.0
"""The trailing window that must still be bad, in seconds."""


@dataclass(frozen=True, slots=True)
class Windows:
    """The baseline (start, end] and the looks: the k-th counts (zero, zero + k·step]. Unix seconds and seconds.

    `looks` is how many belong to the plan; up to `most` are made when there is too little traffic.
    """

    start: float
    end: float
    zero: float
    step: float
    looks: int
    most: int
    scrape: float = 30.0

    def at(self, look: int) -> float:
        return self.zero + look * self.step

    def number(self, at: float) -> int:
        """Return which look `at` is in, 0 before the first."""
        return max(0, min(self.most, int((at - self.zero + 1e-6) // self.step)))


@dataclass(frozen=True, slots=True)
class JudgeTier:
    """What FAIL or WARN takes. `margin`: the ratio to exceed beyond doubt; the rest is the least estimated size."""

    alpha: float
    margin: float
    ratio: float
    difference: float
    bad: float
    total: float
    looks: int = 1
    recent: bool = False


@dataclass(frozen=True, slots=True)
class Rule:
    """How one measure is judged. `fast`: a disaster needs one look only. `clean`: a share that is good anyway."""

    name: str
    fail: JudgeTier
    warn: JudgeTier
    fast: bool
    clean: float


@dataclass(frozen=True, slots=True)
class Stream:
    """What one measure is judged from; `drift` multiplies the baseline by what yesterday did at this time.

    `bound`: for latency, requests slower than so many seconds are the bad ones.
    """

    rule: Rule
    tally: Tally
    drift: float = 1.0
    bound: float | None = None


@dataclass(frozen=True, slots=True)
class StreamResult:
    """One stream after look `look`. `failed`, `warned`: the first look at which that tier was reached, 0 for none.

    `refused`: a FAIL was proven, but history without deploys holds as bad a time.
    """

    stream: Stream
    before: Count
    after: Count
    look: int
    phi: float
    p_fail: float
    p_warn: float
    failed: int = 0
    warned: int = 0
    refused: bool = False


def spend(alpha: float, look: int, windows: Windows) -> float:
    """Return the part of `alpha` for one look, by a logarithmic spending function over the planned looks.

    Looks beyond the plan share another `alpha`; the sum of all is thus at most twice `alpha`, and only for runs in
    which the planned looks had next to no requests.
    """
    if look > windows.looks:
        return alpha / max(1, windows.most - windows.looks)
    one, other = ((math.e - 1) * k / windows.looks for k in (look, look - 1))
    return alpha * (math.log1p(one) - math.log1p(other))


def overdispersion(tally: Tally, start: float, end: float, *, scrape: float) -> float:
    """Return how much more baseline blocks vary than independent requests would: the most over several widths, ≥ 1."""
    whole = tally.count(start, end)
    if whole.bad < 10 or whole.bad >= whole.total:
        return 1.0
    worst, share = 1.0, whole.share
    for width in (max(30.0, scrape), 120.0, 300.0):
        blocks = [block for block in tally.blocks(start, end, width) if block.total > 0]
        if width >= scrape and len(blocks) >= 3:
            chi = sum((b.bad - b.total * share) ** 2 / (b.total * share * (1 - share)) for b in blocks)
            worst = max(worst, chi / (len(blocks) - 1))
    return worst


def _restless(streams: Sequence[Stream], windows: Windows) -> dict[str, float]:
    """Return the overdispersion of each stream; what disturbs the nearer latency bound disturbs the further too.

    Its few counts alone would not show it: overdispersion beyond 1 grows with the number counted.
    """
    out: dict[str, float] = {}
    near: Count | None = None
    for stream in streams:
        before = stream.tally.count(windows.start, windows.end)
        phi = overdispersion(stream.tally, windows.start, windows.end, scrape=windows.scrape)
        if stream.bound is not None and near is not None and near.bad and before.bad >= 10:
            phi = max(phi, 1 + (out["latency-near"] - 1) * before.bad / near.bad)
        if stream.rule.name == "latency-near":
            near = before
        out[stream.rule.name] = phi
    return out


def _busier(phi: float, before: Count, after: Count) -> float:
    """Raise `phi` where requests come faster than in the baseline: what is beyond 1 grows with the number counted."""
    spans = before.end - before.start, after.end - after.start
    if min(spans) <= 0 or not before.total:
        return phi
    return 1 + (phi - 1) * max(1.0, (after.total / spans[1]) / (before.total / spans[0]))


def rejected(values: Mapping[str, float], alpha: float) -> frozenset[str]:
    """Return which of several p-values are small, when together they may be wrong `alpha` of the time, by Holm."""
    out: set[str] = set()
    for index, (name, value) in enumerate(sorted(values.items(), key=lambda item: (item[1], item[0]))):
        if value > alpha / (len(values) - index):
            break
        out.add(name)
    return frozenset(out)


def follow(
    streams: Sequence[Stream],
    windows: Windows,
    look: int,
    *,
    unusual: Callable[[Stream, Count, Count, int], bool] = lambda *_: True,
) -> tuple[StreamResult, ...]:
    """Make every look up to `look` in order, as a run that never stopped would have made them.

    `unusual(stream, before, after, look)` may refuse a FAIL: it says whether history has nothing like it.
    """
    befores = {s.rule.name: _baseline(s, windows) for s in streams}
    phis = _restless(streams, windows)
    found = {s.rule.name: _finding(s, befores[s.rule.name], windows, 0, phis[s.rule.name]) for s in streams}
    row = dict.fromkeys(found, 0)
    for k in range(1, look + 1):
        now = {n: _finding(f.stream, befores[n], windows, k, phis[n]) for n, f in found.items()}
        fails = rejected({n: f.p_fail for n, f in now.items()}, spend(_alpha(streams, "fail"), k, windows))
        warns = rejected({n: f.p_warn for n, f in now.items()}, spend(_alpha(streams, "warn"), k, windows))
        for name, finding in now.items():
            rule, past = finding.stream.rule, found[name]
            row[name] = row[name] + 1 if name in fails and _big(finding, rule.fail, windows) else 0
            proven = row[name] >= rule.fail.looks or (rule.fast and _disaster(finding))
            odd = proven and not past.failed and unusual(finding.stream, raw(finding), finding.after, k)
            worse = proven or (name in warns and _big(finding, rule.warn, windows))
            found[name] = replace(
                finding,
                failed=past.failed or (k if odd else 0),
                warned=past.warned or (k if worse else 0),
                refused=past.refused or (proven and not odd),
            )
    return tuple(found.values())


def raw(finding: StreamResult) -> Count:
    """Return the baseline as it was counted, without what yesterday says."""
    return finding.stream.tally.count(finding.before.start, finding.before.end)


def _alpha(streams: Sequence[Stream], tier: str) -> float:
    return min((s.rule.fail.alpha if tier == "fail" else s.rule.warn.alpha for s in streams), default=0.0)


def _baseline(stream: Stream, windows: Windows) -> Count:
    """Return the baseline as expected today: what yesterday added at this time is no fault of the deploy."""
    before = stream.tally.count(windows.start, windows.end)
    return replace(before, bad=min(before.total, before.bad * max(1.0, stream.drift)))


def _finding(stream: Stream, before: Count, windows: Windows, look: int, phi: float) -> StreamResult:
    after = stream.tally.count(windows.zero, windows.at(look))
    phi = _busier(phi, before, after)
    p_fail, p_warn = (
        p_worse(before.bad, before.total, after.bad, after.total, phi=phi, margin=tier.margin)
        for tier in (stream.rule.fail, stream.rule.warn)
    )
    return StreamResult(stream=stream, before=before, after=after, look=look, phi=phi, p_fail=p_fail, p_warn=p_warn)


def _big(finding: StreamResult, tier: JudgeTier, windows: Windows) -> bool:
    before, after = finding.before, finding.after
    if after.bad < tier.bad or after.total < tier.total:
        return False
    if after.share < tier.ratio * before.share or after.share - before.share < tier.difference:
        return False
    if not tier.recent:
        return True
    now = windows.at(finding.look)
    return finding.stream.tally.count(max(windows.zero, now - RECENT), now).share >= tier.ratio * before.share


def _disaster(finding: StreamResult) -> bool:
    return finding.p_fail <= 1e-5 and finding.after.share >= 0.10 and finding.after.bad >= 10
