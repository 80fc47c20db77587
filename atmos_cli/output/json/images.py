"""Images that move, by `deploy` and `promote`, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.output.json.change import written_data

if TYPE_CHECKING:
    from atmos_cli.commands.deploy import DeployPlan
    from atmos_cli.commands.image_changes import MovedImage
    from atmos_cli.commands.promote import PromotePlan
    from atmos_cli.gitops.write import Written


def deploy_data(plan: DeployPlan, written: Written | None) -> dict[str, Any]:
    """Return which containers get which image; no `images` where all of them run already."""
    return {
        "service": plan.service,
        "team": plan.team,
        "environments": list(plan.environments),
        "images": [_moved(each) for each in plan.moved],
        "effects": list(plan.change.guarded.effects),
        "files": sorted(plan.change.changes.files),
        "written": written_data(written),
    }


def promote_data(plan: PromotePlan, written: Written | None) -> dict[str, Any]:
    """Return what travels, and what differs and does not."""
    return {
        "service": plan.target.service,
        "team": plan.target.team,
        "from": plan.source.environment,
        "to": plan.target.environment,
        "version": plan.version,
        "images": [_moved(each) for each in plan.moved],
        "replicas": [{"name": name, "from": before, "to": after} for name, before, after in plan.replicas],
        "differs": list(plan.differs),
        "effects": list(plan.change.guarded.effects),
        "files": sorted(plan.change.changes.files),
        "written": written_data(written),
    }


def _moved(each: MovedImage) -> dict[str, Any]:
    return {
        "environment": each.environment,
        "containers": list(each.containers),
        "from": each.before,
        "to": each.after,
    }
