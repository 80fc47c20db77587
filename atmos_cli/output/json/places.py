"""Services by environment, and plans for environments, teams and clusters, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.output.json.change import rows_data, written_data
from atmos_cli.output.json.update import update_data

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.commands.list_services import ListedService
    from atmos_cli.commands.places import PlacePlan
    from atmos_cli.gitops.write import Written


def place_data(plan: PlacePlan, written: Written | None) -> dict[str, Any]:
    """Return what comes or goes, what is updated with it, and what is left for a person."""
    update = update_data(plan.update, [written] if written else [])
    return {
        plan.noun: plan.name,
        "plan": rows_data(plan.rows),
        "alsoRemoved": list(plan.removed),
        **{key: update[key] for key in ("services", "effects", "takesAlong", "budget", "files")},
        "next": list(plan.steps),
        "written": written_data(written),
    }


def list_data(found: Iterable[ListedService]) -> dict[str, Any]:
    """Return every service with what it runs where.

    `update` is `current`, `pending`, `offered`, `noSpec`, `noLock` or `unreadable`; `note` says what cannot be read.
    """
    return {"services": [_listed(each) for each in found]}


def _listed(service: ListedService) -> dict[str, Any]:
    return {
        "service": service.name.service,
        "team": service.name.team,
        "blueprints": list(service.blueprints),
        "update": service.update,
        "note": service.note or None,
        "notIn": list(service.absent),
        "environments": [
            {
                "environment": name,
                "images": list(each.images),
                "minReplicas": each.least,
                "maxReplicas": each.most,
                "problem": each.problem or None,
            }
            for name, each in service.environments.items()
        ],
    }
