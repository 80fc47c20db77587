"""Verdicts for programs: the shape of `atmos verify --output json`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from atmos_cli.verify.changes import says

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.commands.verify_act import Action
    from atmos_cli.live.observe_plan import Backtest
    from atmos_cli.verify.measured import Assessment, Count
    from atmos_cli.verify.model import Cause, Target, Verdict
    from atmos_cli.verify.outcome import Reason
    from atmos_cli.verify.seen import Rollout


def verdicts_data(verdicts: Sequence[Verdict], actions: Sequence[Action]) -> dict[str, Any]:
    """Return verdicts with what followed each; a replay has no actions."""
    data = [verdict_data(each) for each in verdicts]
    for each, action in zip(data, actions, strict=False):
        each["action"] = action_data(action)
    return {"verdicts": data}


def verdict_data(verdict: Verdict) -> dict[str, Any]:
    """Return a verdict; times are unix seconds, shares 0 to 1.

    Values of Secrets and unmasked log lines are in none of it.
    """
    target, delivery = verdict.target, verdict.delivery
    return {
        "service": target.service,
        "team": target.team,
        "environment": target.environment,
        "cluster": target.cluster,
        "namespace": target.namespace,
        "engine": target.engine,
        "commit": verdict.commit,
        "outcome": verdict.outcome.value,
        "headline": verdict.headline,
        "reasons": [_reason(each) for each in verdict.reasons],
        "causes": [_cause(each) for each in verdict.causes],
        "changes": [says(each) for each in verdict.changes],
        "delivery": None
        if delivery is None
        else {
            "arrival": delivery.arrival.value,
            "code": delivery.code,
            "message": delivery.message,
            "revision": delivery.revision,
        },
        "rollout": _rollout(verdict.rollout),
        "assessment": _assessment(verdict.assessment),
        "started": verdict.started,
        "ended": verdict.ended,
        "next": verdict.next,
    }


def _reason(reason: Reason) -> dict[str, str]:
    return {
        "outcome": reason.outcome.value,
        "code": reason.code,
        "message": reason.message,
        "hint": reason.hint,
    }


def _cause(cause: Cause) -> dict[str, Any]:
    return {
        "rule": cause.rule,
        "title": cause.title,
        "hint": cause.hint,
        "confidence": cause.confidence,
        "evidence": list(cause.evidence),
        "changed": [says(each) for each in cause.changed],
        "next": cause.next,
        "blames": cause.blames,
    }


def _rollout(rollout: Rollout | None) -> dict[str, Any] | None:
    if rollout is None:
        return None
    return {
        "status": rollout.status.value,
        "message": rollout.message,
        "wanted": rollout.wanted,
        "ready": rollout.ready,
        "old_ready": rollout.old_ready,
        "restarts": rollout.restarts,
        "started": rollout.started,
        "finished": rollout.finished,
        "dooms": [
            {"object": str(each.object), "code": each.code, "message": each.message, "container": each.container}
            for each in rollout.failures
        ],
        "health": {str(name): {"status": h.status.value, "message": h.message} for name, h in rollout.health.items()},
    }


def _assessment(found: Assessment | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {
        "outcome": found.outcome.value,
        "source": found.source,
        "at": found.at,
        "reasons": [_reason(each) for each in found.reasons],
        "measures": [
            {
                "name": each.name,
                "outcome": each.outcome.value,
                "code": each.code,
                "says": each.says,
                "before": _count(each.before),
                "after": _count(each.after),
                "ratio": each.ratio,
                "interval": [each.low, each.high],
                "overdispersion": each.phi,
                "p_fail": each.p_fail,
                "p_warn": each.p_warn,
            }
            for each in found.measures
        ],
        "saturation": [
            {"name": each.name, "before": each.before, "after": each.after, "says": each.says, "warn": each.warn}
            for each in found.saturation
        ],
        "burn": found.burn,
        "quantiles": {name: list(pair) for name, pair in found.quantiles.items()},
    }


def _count(count: Count) -> dict[str, float]:
    return {"bad": count.bad, "total": count.total, "start": count.start, "end": count.end}


def action_data(action: Action) -> dict[str, Any]:
    """Return what followed a verdict; `recovery` is the verdict on the rollback."""
    return {
        "kind": action.kind,
        "says": action.says,
        "commit": action.commit,
        "branch": action.branch,
        "recovered": action.recovered,
        "recovery": verdict_data(action.recovery) if action.recovery else None,
    }


def backtest_data(target: Target, done: Backtest) -> dict[str, Any]:
    """Return how often a service would have alarmed without a deploy."""
    return {
        "service": target.service,
        "team": target.team,
        "environment": target.environment,
        "source": done.source,
        "hours": done.hours,
        "tried": done.tried,
        "skipped": done.skipped,
        "fails": done.count("fail"),
        "warns": done.count("warn"),
        "alarms": [asdict(alarm) for alarm in done.alarms],
        "note": done.note,
    }
