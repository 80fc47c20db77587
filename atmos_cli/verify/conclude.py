"""The verdict made of everything that was seen: outcome, headline, causes, and the next command."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from atmos_cli.verify.diagnosis import diagnose
from atmos_cli.verify.masking import mask
from atmos_cli.verify.model import Verdict
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.seen import Arrival

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.verify.model import Cause, Evidence

SHORT = 7
SURE = 0.8
CLEAN = 10  # errors before: of fewer, a percentage says nothing
MANY = 10.0


def conclude(evidence: Evidence, *, commit: str, outcome: Outcome, reasons: Sequence[Reason], began: float) -> Verdict:
    """Return the verdict on `commit`. It does not fail for what users feel when the commit is surely not the cause."""
    causes = diagnose(evidence) if outcome in (Outcome.FAIL, Outcome.WARN, Outcome.INCONCLUSIVE) else ()
    masked = tuple(replace(each, message=mask(each.message), hint=mask(each.hint)) for each in reasons)
    settled, why = _fair(outcome, masked, causes, measured=evidence.assessment is not None)
    verdict = Verdict(
        target=evidence.target,
        commit=commit,
        outcome=settled,
        headline="",
        reasons=why,
        causes=causes,
        changes=evidence.changes,
        delivery=evidence.delivery,
        rollout=evidence.rollout,
        assessment=evidence.assessment,
        started=began,
        ended=evidence.snapshot.at,
    )
    return replace(verdict, headline=mask(headline(verdict)), next=_next(verdict))


def _fair(
    outcome: Outcome, reasons: tuple[Reason, ...], causes: Sequence[Cause], *, measured: bool
) -> tuple[Outcome, tuple[Reason, ...]]:
    first = causes[0] if causes else None
    if outcome is not Outcome.FAIL or not measured or first is None:
        return outcome, reasons
    if first.blames is not False or first.confidence < SURE:
        return outcome, reasons
    message = f"users are worse off, but not through this commit: {first.title}"
    return Outcome.INCONCLUSIVE, (Reason(Outcome.INCONCLUSIVE, "not-this-deploy", message, first.hint), *reasons)


def headline(verdict: Verdict) -> str:
    """Write one or two sentences for people: what happened, and what to check."""
    said = f"{_arrived(verdict)}{_but(verdict)}."
    return f"{said} {verdict.causes[0].hint}" if verdict.causes and verdict.causes[0].hint else said


def _arrived(verdict: Verdict) -> str:
    commit = verdict.commit[:SHORT]
    delivery, rollout = verdict.delivery, verdict.rollout
    if verdict.outcome is Outcome.SUPERSEDED:
        return f"Your deployment ({commit}) was replaced before it could be judged"
    if delivery is None or delivery.arrival is not Arrival.ARRIVED:
        return f"Your deployment ({commit}) did not arrive"
    if rollout is None or not rollout.wanted:
        return f"Your deployment synced successfully ({commit})"
    return f"Your deployment synced successfully ({commit}, {rollout.ready}/{rollout.wanted} pods ready)"


def _but(verdict: Verdict) -> str:
    why = verdict.reasons[0].message if verdict.reasons else ""
    match verdict.outcome:
        case Outcome.PASS:
            return f" and users are not worse off{_measured(verdict, ': ')}"
        case Outcome.FAIL if verdict.delivery is None or verdict.delivery.arrival is not Arrival.ARRIVED:
            return f": {why}"
        case Outcome.WARN | Outcome.FAIL:
            said = _increase(verdict) or why or _measured(verdict, "")
            return f", but {said}{_still_served(verdict, said)}"
        case Outcome.SUPERSEDED:
            return f": {why}" if why else ""
    return f"; the verdict is open: {why}"


def _increase(verdict: Verdict) -> str:
    """Say how many more errors users see than before; "" when too few came before: the reasons then say more."""
    measures = verdict.assessment.measures if verdict.assessment else ()
    for each in measures:
        if each.name == "availability" and each.outcome is verdict.outcome and each.ratio and each.before.bad >= CLEAN:
            ratio = each.ratio
            more = f"{ratio:.0f} times as many" if ratio >= MANY else f"a {(ratio - 1) * 100:.0f}% increase in"
            shares = f"{each.before.share:.2%} → {each.after.share:.2%}"
            verb = "caused" if verdict.outcome is Outcome.FAIL else "came with"
            return f"{verb} {more} 5xx ({shares}, {each.after.bad:,.0f} of {each.after.total:,.0f} requests)"
    return ""


def _measured(verdict: Verdict, before: str) -> str:
    measures = verdict.assessment.measures if verdict.assessment else ()
    return f"{before}{measures[0].says}" if measures else ""


def _still_served(verdict: Verdict, said: str) -> str:
    rollout = verdict.rollout
    if rollout is None or rollout.ready or not rollout.old_ready:
        return ""
    pods = "1 old pod still serves" if rollout.old_ready == 1 else f"{rollout.old_ready} old pods still serve"
    return f"{'' if said.endswith(pods) else f'; {pods}'}, so users feel nothing yet"


def _next(verdict: Verdict) -> str:
    target = verdict.target
    if verdict.causes and verdict.causes[0].next:
        return verdict.causes[0].next
    if verdict.outcome is Outcome.FAIL:
        return f"atmos rollback {target.service} --env {target.environment} --team {target.team}"
    if verdict.outcome is Outcome.INCONCLUSIVE:
        return next((reason.hint for reason in verdict.reasons if reason.hint), "") or _way_on(verdict)
    return ""


def _way_on(verdict: Verdict) -> str:
    """Return what to turn on so that a verdict that is open for want of it can be reached; "" otherwise."""
    code, delivery = verdict.reasons[0].code if verdict.reasons else "", verdict.delivery
    if code == "no-metrics":
        return f"add `prometheus: {{url: URL}}` below `clusters.{verdict.target.cluster}` in atmos-cli.yaml"
    return delivery.next if delivery and delivery.code == code else ""
