"""What is behind in a repo, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atmos_cli.commands.outdated import Freshness, Outdated


def outdated_data(found: Freshness) -> dict[str, Any]:
    """Return what is behind on the day, and what `atmos update` brings of it and beside it."""
    return {
        "on": found.on,
        "asOf": found.as_of,
        "behind": [_outdated_data(each) for each in found.found],
        "updates": [
            {"service": str(each.name) if each.name else None, "newer": list(each.reasons)} for each in found.updates
        ],
        "atmos": list(found.own),
        "byVersion": list(found.by_version),
    }


def _outdated_data(each: Outdated) -> dict[str, Any]:
    stale = each.stale
    return {
        "title": stale.title,
        "found": stale.found or None,
        "wanted": stale.wanted or None,
        "fault": stale.fault,
        "why": stale.why,
        "source": stale.source,
        "places": list(each.places),
        "carriedByUpdate": each.carried,
    }
