"""Plans of changes, and what was done, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.output.json.budget import row_data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.approval.decide import ApprovalDecision
    from atmos_cli.approval.model import Approval
    from atmos_cli.commands.approve import RequestPlan
    from atmos_cli.commands.budget_init import BudgetPlan
    from atmos_cli.commands.init import InitPlan
    from atmos_cli.commands.new import NewPlan
    from atmos_cli.commands.rightsize import Rightsizing
    from atmos_cli.commands.rollback import RolledBack
    from atmos_cli.commands.rollback_plan import RollbackPlan
    from atmos_cli.gitops.placeholders import Placeholder
    from atmos_cli.gitops.plan_rows import PlanRow
    from atmos_cli.gitops.write import Written


def written_data(written: Written | None) -> dict[str, Any] | None:
    """Return where to look at what was written; null when nothing was."""
    if written is None:
        return None
    return {
        "mode": written.mode,
        "paths": list(written.paths),
        "commit": written.commit or None,
        "branch": written.branch or None,
        "pushed": written.pushed,
        "link": written.link or None,
        "next": _steps(written.next),
    }


def init_data(plan: InitPlan, written: Written | None) -> dict[str, Any]:
    """Return what `init` would write, or has written."""
    return {
        "root": str(plan.root),
        "environments": list(plan.config.environments),
        "teams": list(plan.teams),
        "files": {"added": list(plan.changes.added), "modified": list(plan.changes.modified)},
        "kept": list(plan.kept),
        "foreign": sorted(plan.foreign),
        "takesAlong": sorted(plan.changes.inputs),
        "placeholders": placeholders_data(plan.placeholders),
        "seen": [
            {
                "cluster": each.cluster,
                "context": each.context,
                "found": list(each.found.found),
                "unseen": list(each.unseen),
            }
            for each in plan.seen
        ],
        "written": written_data(written),
        "next": list(plan.next_steps()),
    }


def new_data(plan: NewPlan, written: Written | None, steps: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """Return the plan of a new service with the source of every value, and what is left to do, as (topic, step)."""
    return {
        "service": plan.spec.name,
        "team": plan.team,
        "environments": list(plan.environments),
        "plan": rows_data(plan.rows),
        "effects": list(plan.change.guarded.effects),
        "budget": [row_data(row) for row in plan.change.guarded.rows],
        "files": {"added": list(plan.change.changes.added), "modified": list(plan.change.changes.modified)},
        "placeholders": placeholders_data(plan.placeholders),
        "next": _steps(steps),
        "written": written_data(written),
    }


def placeholders_data(found: Iterable[Placeholder]) -> list[dict[str, str]]:
    """Return what people have to fill in, and where."""
    return [{"what": each.what, "path": each.path, "value": each.value} for each in found]


def rows_data(rows: Iterable[PlanRow]) -> list[dict[str, Any]]:
    """Return the values of a plan, each with its source."""
    return [{"field": row.field, "value": row.value, "source": row.source, "note": row.note or None} for row in rows]


def rollback_data(plan: RollbackPlan, done: RolledBack | None) -> dict[str, Any]:
    """Return what a rollback restores and changes; `written` and `next` are of what was done."""
    team, service, environment = plan.start.deployment
    changes = plan.change.changes
    return {
        "service": service,
        "team": team,
        "environment": environment,
        "takesBack": plan.choice.commit,
        "restores": plan.choice.restores,
        "chosen": plan.choice.chosen,
        "verifiedAt": plan.choice.record.at if plan.choice.record else None,
        "exact": plan.plan.exact,
        "alsoChanges": list(plan.plan.environments),
        "files": {
            "added": list(changes.added),
            "modified": list(changes.modified),
            "removed": sorted(path for path, data in changes.files.items() if data is None),
        },
        "objects": {
            "changed": [str(key) for key in plan.plan.changed],
            "removed": [str(key) for key in plan.plan.removed],
        },
        "effects": list(plan.change.guarded.effects),
        "quarantines": list(plan.plan.images),
        "reasons": [{"code": each.code, "message": each.message} for each in plan.plan.reasons],
        "written": written_data(done.written if done else None),
        "next": _steps(done.next) if done else [],
    }


def _steps(steps: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"topic": topic, "step": step} for topic, step in steps]


def limits_data(plan: BudgetPlan, written: Written | None) -> dict[str, Any]:
    """Return the limits that `budget init` suggests, or has written."""
    return {
        "limits": {
            name: {key: limit.limit for key, limit in budget.limits.items()} for name, budget in plan.budgets.items()
        },
        "kept": list(plan.kept),
        "written": written_data(written),
    }


def rightsizing_data(found: Rightsizing, written: Written | None) -> dict[str, Any]:
    """Return what `budget rightsize` suggests; without CPU and memory where it has a problem."""
    given = not found.suggestion.problem
    return {
        "service": found.name.service,
        "cpu": str(found.suggestion.cpu) if given else None,
        "memory": str(found.suggestion.memory) if given else None,
        "reason": found.suggestion.reason or None,
        "problem": found.suggestion.problem or None,
        "notes": list(found.notes),
        "saves": [{"environment": e, "dimension": d, "amount": str(a)} for e, d, a in found.saves],
        "written": list(written.paths) if written else [],
        "writtenAs": written_data(written),
    }


def approval_data(path: str, approval: Approval) -> dict[str, Any]:
    """Return what is asked, of whom, and until when."""
    value: dict[str, Any] = approval.model_dump(by_alias=True, exclude_none=True, mode="json")
    value["signatures"] = [each.key for each in approval.signatures]
    return {"file": path, **value}


def request_data(plan: RequestPlan, written: Written | None) -> dict[str, Any]:
    """Return the approval that is asked for, and who has to sign it."""
    return {**approval_data(plan.path, plan.approval), "needs": list(plan.needs), "written": written_data(written)}


def worth_data(verdict: ApprovalDecision) -> dict[str, Any]:
    """Return what an approval is worth."""
    return {"state": verdict.state, "valid": verdict.valid, "approvers": list(verdict.approvers)}
