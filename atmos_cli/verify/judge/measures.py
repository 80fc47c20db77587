"""The judgement of one measure: what the looks found becomes an outcome, a code and a sentence."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.verify.judge.beta import p_above, ratio_interval, share_above
from atmos_cli.verify.judge.phrase import change, number, percent, signed, span, traffic_only
from atmos_cli.verify.judge.rules import ENOUGH, FAIL_ALPHA, FAST_BURN, FIRST_DEPLOY_SHARE, WARN_ALPHA
from atmos_cli.verify.judge.sequence import RECENT, overdispersion, raw, spend
from atmos_cli.verify.measured import BROKEN_BASELINE, Measure
from atmos_cli.verify.outcome import Outcome

if TYPE_CHECKING:
    from atmos_cli.verify.judge.concurrent import Contest
    from atmos_cli.verify.judge.sequence import Rule, StreamResult, Windows
    from atmos_cli.verify.model import Limits
    from atmos_cli.verify.traffic.tally import Tally

SURELY_WORSE = 2.0  # lower end of the ratio's interval at which a bad baseline is no excuse
EARLY, EARLY_PART, EARLY_TOTAL = 300.0, 0.7, 500.0
"""An early PASS needs so many seconds, this part of the time to observe, and so many requests."""


def measure(finding: StreamResult, windows: Windows) -> Measure:
    """Judge: FAIL or WARN when a look reached it; else PASS where a relevant increase is excluded; else `low-power`."""
    before, after, rule = raw(finding), finding.after, finding.stream.rule
    low, high = ratio_interval(before.bad, before.total, after.bad, after.total, phi=finding.phi)
    most = _at_most(finding, windows)
    done = finding.look >= windows.looks
    said = change(finding)
    if finding.stream.drift >= 1.25 and before.bad:
        said += f"; yesterday it rose {signed(finding.stream.drift)} at this hour"
    if finding.failed:
        outcome, code = Outcome.FAIL, "worse"
    elif finding.warned:
        outcome, code = Outcome.WARN, "seen-before" if finding.refused else "somewhat-worse"
        said = f"{said}; the last day had as bad a time without a deploy" if finding.refused else said
    elif _early(finding, windows, most):
        outcome, code = Outcome.PASS, "no-worse"
    elif not done or after.total < ENOUGH:
        outcome, code = Outcome.INCONCLUSIVE, "observing"
    elif most < rule.fail.ratio * 4 / 3 or after.share <= rule.clean or _few_slow(finding):
        outcome, code = Outcome.PASS, "no-worse"
    else:
        outcome, code = Outcome.INCONCLUSIVE, "low-power"
        said = f"{said}; {_needed(finding)}"
    said = "; ".join(part for part in (said, traffic_only(finding)) if part)
    ratio = after.share / before.share if before.bad and after.total else None
    return Measure(
        name=rule.name,
        outcome=outcome,
        code=code,
        says=said,
        before=before,
        after=after,
        ratio=ratio,
        low=low if after.total and before.total else None,
        high=high if math.isfinite(high) else None,
        phi=finding.phi,
        p_fail=finding.p_fail,
        p_warn=finding.p_warn,
    )


def _at_most(finding: StreamResult, windows: Windows) -> float:
    """Return the ratio that the whole baseline excludes, or its last third when an incident was over by then."""
    after, last = finding.after, windows.end - (windows.end - windows.start) / 3
    tally, drift = finding.stream.tally, max(1.0, finding.stream.drift)
    recent = tally.count(last, windows.end)
    phi = overdispersion(tally, last, windows.end, scrape=windows.scrape)
    _, whole = ratio_interval(finding.before.bad, finding.before.total, after.bad, after.total, phi=finding.phi)
    _, late = ratio_interval(recent.bad * drift, recent.total, after.bad, after.total, phi=phi)
    return min(whole, late) if recent.bad else whole


def _early(finding: StreamResult, windows: Windows, high: float) -> bool:
    """Check for an early PASS. Not while the last minutes are worse than the whole: a slow rise would be missed."""
    after, rule = finding.after, finding.stream.rule
    least = max(EARLY, EARLY_PART * windows.looks * windows.step)
    if after.end - after.start < min(least, windows.looks * windows.step) or after.total < EARLY_TOTAL:
        return False
    now = finding.stream.tally.count(after.end - RECENT, after.end)
    if now.share >= max(rule.fail.ratio * finding.before.share, rule.clean):
        return False
    return high < rule.fail.ratio or share_above(after.bad / finding.phi, after.total / finding.phi) < rule.clean


def _few_slow(finding: StreamResult) -> bool:
    """Check for too few slow requests to be called worse, whatever came before; errors are never excused like this."""
    return finding.stream.bound is not None and finding.after.bad < finding.stream.rule.fail.bad


def _needed(finding: StreamResult) -> str:
    """Say how many requests would exclude twice as many errors, if nothing has changed."""
    before, after, rule = raw(finding), finding.after, finding.stream.rule
    most = rule.fail.ratio * 4 / 3
    if before.bad:
        inverse = (math.log(most) / 1.96) ** 2 / finding.phi - 1 / before.bad
        if inverse <= 0:
            return f"could not exclude a {most:.2g}x increase, which this baseline is too short or too restless for"
        total = 1 / inverse / before.share
    else:
        total = 3.7 / rule.clean
    more = max(ENOUGH, total - after.total)
    return f"could not exclude a {most:.2g}x increase; needs about {number(more)} more requests"


def at_least_as_bad(measured: Measure, limits: Limits, *, troubled: bool) -> Measure:
    """Lower a FAIL against a baseline that was broken itself to a WARN, unless it surely is twice as bad.

    Either way the code says so: only a person should go back to such a state.
    """
    burning = measured.before.bad >= 10 and measured.before.share > FAST_BURN * (1 - limits.slo)
    if measured.name != "availability" or not (burning or troubled) or measured.outcome is not Outcome.FAIL:
        return measured
    surely = measured.low is not None and measured.low >= SURELY_WORSE
    already = percent(measured.before.share)
    why = "so going back does not mend it" if surely else "which may be the repair"
    said = f"{measured.says}; errors were already {already} before this deploy, {why}"
    return replace(measured, outcome=Outcome.FAIL if surely else Outcome.WARN, code=BROKEN_BASELINE, says=said)


def first(tally: Tally, rule: Rule, limits: Limits, windows: Windows, look: int) -> Measure:
    """Judge without requests before: only an error share that is bad by itself counts."""
    most = max(FIRST_DEPLOY_SHARE, 1 - limits.slo)
    failed = warned = False
    p_fail = p_warn = 1.0
    after = tally.count(windows.zero, windows.at(look))
    for k in range(1, look + 1):
        now = tally.count(windows.zero, windows.at(k))
        p_fail, p_warn = p_above(now.bad, now.total, share=most), p_above(now.bad, now.total, share=1 - limits.slo)
        failed |= now.total >= 20 and p_fail <= spend(FAIL_ALPHA, k, windows)
        warned |= now.total >= 20 and now.bad >= 3 and p_warn <= spend(WARN_ALPHA, k, windows)
    said = f"{number(after.bad)} of {number(after.total)} requests failed in {span(after.end - after.start)}"
    if failed:
        outcome, said = Outcome.FAIL, f"{said}, more than {percent(most)}"
    elif warned:
        outcome, said = Outcome.WARN, f"{said}, more than the objective allows ({percent(1 - limits.slo)})"
    elif look >= windows.looks and after.total >= ENOUGH and after.share <= max(1 - limits.slo, rule.clean):
        outcome = Outcome.PASS
    else:
        outcome = Outcome.INCONCLUSIVE
    before = tally.count(windows.start, windows.end)
    said = f"{said}; no requests before to compare with"
    return Measure(
        name=rule.name,
        outcome=outcome,
        code="first-deploy",
        says=said,
        before=before,
        after=after,
        p_fail=p_fail,
        p_warn=p_warn,
    )


def side_by_side(contest: Contest, rule: Rule) -> Measure:
    """Judge new against old pods while both served."""
    old, new = contest.old, contest.new
    p_fail, p_warn = (min(1.0, 1 / max(1e-300, contest.evidence[tier.margin])) for tier in (rule.fail, rule.warn))
    low, high = ratio_interval(old.bad, old.total, new.bad, new.total, phi=1.0)
    outcome, code = Outcome.INCONCLUSIVE, "observing"
    for tier, reached, p in ((rule.warn, Outcome.WARN, p_warn), (rule.fail, Outcome.FAIL, p_fail)):
        big = new.share >= tier.ratio * old.share and new.share - old.share >= tier.difference
        if p <= tier.alpha and big and new.bad >= tier.bad:
            outcome, code = reached, "worse-than-old-pods"
    said = (
        f"while both served, {number(new.bad)} of {number(new.total)} requests to new pods failed "
        f"({percent(new.share)}), and {number(old.bad)} of {number(old.total)} to old pods ({percent(old.share)})"
    )
    return Measure(
        name="concurrent",
        outcome=outcome,
        code=code,
        says=said,
        before=old,
        after=new,
        ratio=new.share / old.share if old.bad else None,
        low=low,
        high=high if math.isfinite(high) else None,
        p_fail=p_fail,
        p_warn=p_warn,
    )
