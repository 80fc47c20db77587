"""Plans of changes, and what was done, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.output.json.budget import row_data
from atmos_cli.output.json.written import written_data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.commands.init import InitPlan
    from atmos_cli.commands.new import NewPlan
    from atmos_cli.commands.rollback import RolledBack
    from atmos_cli.gitops.write import Written
    from atmos_cli.history.rollback_plan import RollbackPlan


def init_data(plan: InitPlan, written: Written | None) -> dict[str, Any]:
    """Return what `init` would write, or has written."""
    return {
        "root": str(plan.root),
        "environments": list(plan.config.environments),
        "teams": list(plan.teams),
        "files": {"added": list(plan.changes.added), "modified": list(plan.changes.modified)},
        "kept": list(plan.kept),
        "written": written_data(written),
        "next": list(plan.next_steps()),
    }


def new_data(plan: NewPlan, written: Written | None) -> dict[str, Any]:
    """Return the plan of a new service with the source of every value."""
    return {
        "service": plan.spec.name,
        "team": plan.team,
        "environments": list(plan.environments),
        "plan": [
            {"field": row.field, "value": row.value, "source": row.source, "note": row.note or None}
            for row in plan.rows
        ],
        "budget": [row_data(row) for row in plan.guarded.rows],
        "files": {"added": list(plan.changes.added), "modified": list(plan.changes.modified)},
        "next": _steps(plan.next_steps()),
        "written": written_data(written),
    }


def rollback_data(plan: RollbackPlan, done: RolledBack | None) -> dict[str, Any]:
    """Return what a rollback restores and changes; `written` and `next` are of what was done."""
    team, service, environment = plan.ground.deployment
    changes = plan.changes
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
        "quarantines": list(plan.plan.images),
        "reasons": [{"code": each.code, "message": each.message} for each in plan.plan.reasons],
        "written": written_data(done.written if done else None),
        "next": _steps(done.next) if done else [],
    }


def _steps(steps: Iterable[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"topic": topic, "step": step} for topic, step in steps]
