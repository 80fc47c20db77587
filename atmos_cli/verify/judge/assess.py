"""The judgement of all that was counted: data quality, measures, vetoes, and the lattice that combines them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.verify.judge import quality
from atmos_cli.verify.judge.concurrent import contest
from atmos_cli.verify.judge.describe import described
from atmos_cli.verify.judge.hard_limit import hard_limit
from atmos_cli.verify.judge.latency import streams as latency_streams
from atmos_cli.verify.judge.measures import at_least_as_bad, first, measure, side_by_side
from atmos_cli.verify.judge.rules import availability
from atmos_cli.verify.judge.sequence import Stream, follow
from atmos_cli.verify.judge.vetoes import drift, placebo, score
from atmos_cli.verify.measured import Assessment
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.traffic.counts import bin_width
from atmos_cli.verify.traffic.tally import errors, slower

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.verify.judge.material import Material
    from atmos_cli.verify.measured import Count, Measure
    from atmos_cli.verify.traffic.tally import Tally

GRACE = 180.0
"""How long to wait for the end of a pause of the metrics at the very end, in seconds."""
LAG = 15.0
"""How late samples may come, in seconds."""
_WEIGHT = {Outcome.FAIL: 3, Outcome.WARN: 2, Outcome.INCONCLUSIVE: 1, Outcome.PASS: 0, Outcome.SUPERSEDED: 0}


def assess(material: Material) -> Assessment:
    """Judge the look that `material.now` falls in; the same material always has the same result."""
    windows = material.windows
    tally = errors(material.flows, material.source, scrape=windows.scrape, routes=material.limits.routes)
    history = _history(material)
    measures = _measures(material, tally, history) if material.look else []
    measures = [at_least_as_bad(m, material.limits, troubled=material.troubled) for m in measures]
    beside = _concurrent(material)
    reasons = [_vetoed(_reason(m), m, material) for m in measures]
    if quality.always_low(tally, windows, material.look):
        reasons = [replace(r, outcome=Outcome.INCONCLUSIVE) if r.outcome is not Outcome.PASS else r for r in reasons]
    reasons += [_reason(m) for m in beside if m.outcome in (Outcome.FAIL, Outcome.WARN)]
    reasons = [*_gate(material, tally, history), *reasons, *hard_limit(material)]
    if material.warnings:
        reasons = _partly(reasons, material.warnings)
    outcome = combined(reasons)
    final, extend = _finished(material, outcome, reasons)
    ordered = tuple(sorted(reasons, key=lambda reason: -_WEIGHT[reason.outcome]))
    done = Assessment(outcome, ordered, material.now, source=material.source.name, final=final, extend=extend)
    return described(replace(done, measures=(*measures, *beside)), material, tally)


def combined(reasons: Sequence[Reason]) -> Outcome:
    """Return the worst: FAIL before WARN before INCONCLUSIVE before PASS; INCONCLUSIVE without reasons.

    A lattice and no mean: one dead endpoint is never averaged away.
    """
    return max((r.outcome for r in reasons), key=_WEIGHT.__getitem__, default=Outcome.INCONCLUSIVE)


def _history(material: Material) -> Tally | None:
    if material.history is None:
        return None
    return errors(
        material.history, material.source, scrape=bin_width(material.windows.scrape), routes=material.limits.routes
    )


def _measures(material: Material, tally: Tally, history: Tally | None) -> list[Measure]:
    windows, limits, look = material.windows, material.limits, material.look
    rule = availability(limits)
    if not tally.count(windows.start, windows.end).total:
        return [first(tally, rule, limits, windows, look)]
    streams = [Stream(rule, tally)]
    streams += latency_streams(
        material.slow,
        material.source,
        limits,
        before=(windows.start, windows.end),
        after=(windows.zero, windows.at(look)),
        scrape=windows.scrape,
    )
    past = {s.rule.name: p for s in streams if (p := _past(material, s, history)) is not None}
    streams = [replace(s, drift=drift(past[s.rule.name], windows)) if s.rule.name in past else s for s in streams]

    def unusual(stream: Stream, before: Count, after: Count, k: int) -> bool:
        if stream.rule.name not in past:
            return True
        span = windows.at(k) - windows.zero
        highest = placebo(past[stream.rule.name], windows, span=span, previous=material.previous)
        return score(after.bad, after.total, before.share) > highest

    return [measure(finding, windows) for finding in follow(streams, windows, look, unusual=unusual)]


def _past(material: Material, stream: Stream, history: Tally | None) -> Tally | None:
    if stream.bound is None:
        return history
    if material.slow_history is None:
        return None
    width = bin_width(material.windows.scrape)
    return slower(material.slow_history, material.source, stream.bound / material.source.unit, scrape=width)


def _concurrent(material: Material) -> list[Measure]:
    rule, windows = availability(material.limits), material.windows
    found = contest(
        material.flows,
        material.source,
        material.new,
        material.old,
        start=material.started,
        end=windows.at(material.look) if material.look else material.now,
        scrape=windows.scrape,
        margins=(rule.fail.margin, rule.warn.margin),
    )
    return [side_by_side(found, rule)] if found else []


def _gate(material: Material, tally: Tally, history: Tally | None) -> list[Reason]:
    """Return what keeps the numbers from being believed, or decides without them."""
    windows, look = material.windows, material.look
    if not look:
        message = "the rollout has just finished; its first minute is not judged"
        return [Reason(Outcome.INCONCLUSIVE, "settling", message)]
    before, after = tally.count(windows.start, windows.end), tally.count(windows.zero, windows.at(look))
    gone = quality.blind(before, material.newest, now=material.now, scrape=windows.scrape)
    if gone:
        return [gone]
    fresh = material.now - material.newest <= 2.5 * windows.scrape + LAG
    siblings, edge = material.siblings, material.source.edge
    lost = quality.lost(before, after, windows, history=history, siblings=siblings, edge=edge)
    if lost and fresh:
        return [lost]
    low = quality.low(after, more=look < windows.most)
    return [low] if low else []


def _reason(measured: Measure) -> Reason:
    hint = ""
    if measured.outcome is Outcome.WARN:
        hint = "watch it; if users complain, take the change back with `atmos rollback`"
    if measured.code in ("worse", "somewhat-worse"):
        code = "errors-up" if measured.name == "availability" else "latency-up"
        return Reason(measured.outcome, code, measured.says, hint)
    return Reason(measured.outcome, measured.code, measured.says, hint)


def _vetoed(reason: Reason, measured: Measure, material: Material) -> Reason:
    """Return INCONCLUSIVE instead where everyone else behind the same edge became worse too."""
    bad = reason.outcome in (Outcome.FAIL, Outcome.WARN) and measured.name == "availability"
    if not bad or material.siblings is None or not material.siblings.worse_too(measured.before, measured.after):
        return reason
    message = f"{reason.message}; the other services behind the same edge became worse as well"
    hint = "look at what they share first: database, network, nodes"
    return Reason(Outcome.INCONCLUSIVE, "cluster-wide", message, hint)


def _partly(reasons: Sequence[Reason], warnings: tuple[str, ...]) -> list[Reason]:
    demoted = any(reason.outcome is Outcome.FAIL for reason in reasons)
    kept = [replace(r, outcome=Outcome.WARN) if r.outcome is Outcome.FAIL else r for r in reasons]
    return [*kept, quality.partial(warnings, demoted=demoted)]


def _finished(material: Material, outcome: Outcome, reasons: Sequence[Reason]) -> tuple[bool, bool]:
    """Return (no further look is needed, more time could decide it)."""
    windows, look = material.windows, material.look
    if outcome in (Outcome.FAIL, Outcome.PASS):
        return True, False
    if look < windows.looks:
        return False, True
    codes = {reason.code for reason in reasons}
    undecided = outcome is Outcome.INCONCLUSIVE
    waiting = "low-traffic" in codes and look < windows.most
    pausing = "metrics-blind" in codes and material.now < windows.at(windows.looks) + GRACE
    extend = undecided and (waiting or pausing)
    return not extend, extend
