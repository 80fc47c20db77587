"""Plans of `atmos change` for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.output.json.change import placeholders_data, written_data
from atmos_cli.output.json.update import update_data

if TYPE_CHECKING:
    from atmos_cli.commands.change import ChangePlan
    from atmos_cli.gitops.write import Written


def change_data(plan: ChangePlan, written: Written | None) -> dict[str, Any]:
    """Return each value with its source, and what an update with it changes; null when all is so already."""
    change = plan.spec_change
    return {
        "service": plan.name.service,
        "team": plan.name.team,
        "values": [
            {
                "field": each.field,
                "before": each.before,
                "after": each.after,
                "source": each.source,
                "note": each.note or None,
            }
            for each in change.values
        ],
        "already": [
            {"field": each.field, "value": each.value, "source": each.source, "note": each.note or None}
            for each in change.already
        ],
        "stays": list(change.stays),
        "bringsAlong": plan.brings_along,
        "placeholders": placeholders_data(plan.placeholders),
        "update": _update(plan),
        "written": written_data(written),
    }


def _update(plan: ChangePlan) -> dict[str, Any] | None:
    if plan.update is None:
        return None
    found = update_data(plan.update, ())
    del found["written"]
    return found
