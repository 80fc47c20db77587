"""Plans of `atmos update` for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.merge.model import MISSING
from atmos_cli.output.json.budget import row_data
from atmos_cli.output.json.change import written_data

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.commands.update import UpdatePlan
    from atmos_cli.gitops.service_update import ServiceUpdate
    from atmos_cli.gitops.write import Written


def update_data(plan: UpdatePlan, written: Sequence[Written]) -> dict[str, Any]:
    """Return what an update changes, field by field; `written` has one entry for each commit or branch."""
    changes = plan.change.changes
    return {
        "services": [_service_data(each) for each in plan.pending],
        "versions": [
            {
                "title": bump.title,
                "before": bump.before,
                "after": bump.after,
                "mends": list(bump.mends),
                "services": [str(each.name) for each in updates if each.name],
            }
            for bump, updates in plan.bumps.items()
        ],
        "effects": list(plan.effects),
        "takesAlong": list(plan.takes_along),
        "budget": [row_data(row) for row in plan.change.guarded.rows],
        "files": {
            "added": list(changes.added),
            "modified": list(changes.modified),
            "removed": sorted(path for path, data in changes.files.items() if data is None),
        },
        "written": [written_data(each) for each in written],
    }


def _service_data(update: ServiceUpdate) -> dict[str, Any]:
    merged = update.merged
    return {
        "service": str(update.name) if update.name else None,
        "newer": list(update.reasons),
        "blueprints": list(update.blueprints),
        "environments": list(update.environments),
        "fields": [
            {"file": each.file, "field": each.field, "before": _plain(each.before), "after": _plain(each.after)}
            for each in merged.changed
        ],
        "conflicts": [
            {
                "file": each.file,
                "field": each.field,
                "generatedBefore": _plain(each.base),
                "yours": _plain(each.ours),
                "generatedNow": _plain(each.theirs),
            }
            for each in merged.conflicts
        ],
        "firstImages": [
            {"environment": each.environment, "from": each.source, "images": list(each.images)}
            for each in update.first_images
        ],
        "kept": [{"file": each.file, "field": each.field, "why": each.note or each.what} for each in merged.kept],
    }


def _plain(value: Any) -> Any:
    return None if value is MISSING else value
