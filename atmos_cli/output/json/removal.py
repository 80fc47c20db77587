"""Plans of `atmos remove service` and `atmos rename` for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.output.json.budget import row_data
from atmos_cli.output.json.change import written_data

if TYPE_CHECKING:
    from atmos_cli.commands.remove_service import RemovalPlan
    from atmos_cli.commands.rename import RenamePlan
    from atmos_cli.gitops.write import Written


def removal_data(plan: RemovalPlan, written: Written | None) -> dict[str, Any]:
    """Return what goes, and what stays in the clusters with the command that removes it."""
    changes = plan.change.changes
    return {
        "service": plan.name.service,
        "team": plan.name.team,
        "environments": [each.environment for each in plan.gone],
        "files": {
            "modified": list(changes.modified),
            "removed": sorted(path for path, data in changes.files.items() if data is None),
        },
        "alsoRemoved": list(plan.added),
        "approvals": list(plan.approvals),
        "stays": [
            {"environment": each.environment, "what": each.what, "why": each.why, "command": each.command}
            for each in plan.left.stays
        ],
        "lost": [{"environment": environment, "what": what} for environment, what in plan.left.lost],
        "effects": list(plan.change.guarded.effects),
        "budget": [row_data(row) for row in plan.change.guarded.rows],
        "written": written_data(written),
    }


def rename_data(plan: RenamePlan, written: Written | None) -> dict[str, Any]:
    """Return the new service that stands beside the old one, and what does not come along."""
    changes = plan.change.changes
    return {
        "service": plan.old.service,
        "team": plan.old.team,
        "new": plan.new.service,
        "environments": list(plan.environments),
        "notes": list(plan.notes),
        "left": list(plan.lost),
        "files": {"added": list(changes.added), "modified": list(changes.modified)},
        "effects": list(plan.change.guarded.effects),
        "budget": [row_data(row) for row in plan.change.guarded.rows],
        "next": list(plan.next_steps()),
        "written": written_data(written),
    }
