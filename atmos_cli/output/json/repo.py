"""What is in a repo and how it differs, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.output.json.budget import row_data

if TYPE_CHECKING:
    from atmos_cli.blueprint.manifest import Manifest
    from atmos_cli.commands.render import Diff, ObjectDiff
    from atmos_cli.commands.validate import Validation


def validation_data(found: Validation) -> dict[str, Any]:
    """Return how much was looked at, and the budgets; findings are the diagnostics of the envelope."""
    rows = [row_data(row) for row in found.judged.rows]
    return {"files": found.files, "deployments": found.deployments, "budget": rows}


def diff_data(found: Diff) -> dict[str, Any]:
    """Return what differs in each environment, and what landing it does."""
    return {"changes": [_object_data(each) for each in found.objects], "effects": list(found.effects)}


def _object_data(each: ObjectDiff) -> dict[str, Any]:
    """Return one object that differs; `diff` holds the lines of a unified diff of its YAML."""
    return {
        "environment": each.deployment.environment,
        "team": each.deployment.team,
        "service": each.deployment.service,
        "resource": each.resource._asdict(),
        "change": each.change,
        "diff": list(each.lines),
    }


def blueprint_data(manifest: Manifest) -> dict[str, Any]:
    """Return what a blueprint is and asks for."""
    return {
        "name": manifest.name,
        "kind": manifest.kind,
        "version": manifest.version,
        "summary": manifest.summary,
        "inputs": {
            name: {"type": each.type, "default": each.default, "summary": each.summary}
            for name, each in manifest.inputs.items()
        },
    }
