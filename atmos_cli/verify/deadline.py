"""The deadline of a rollout, after which it counts as failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.kube.resource import Resource

# The deadline that krane sets for kinds that have none of their own.
UNSAID = 600.0
MARGIN = 30.0
MOST = 3600.0


def deadline_of(wanted: Iterable[Resource]) -> float:
    """Return the longest `progressDeadlineSeconds` and a margin, in seconds; 10 minutes for workloads without one."""
    found = []
    for resource in wanted:
        spec = resource.get("spec")
        own_deadline = spec.get("progressDeadlineSeconds") if isinstance(spec, dict) else None
        if resource.get("kind") == "Deployment":
            found.append(float(own_deadline) if isinstance(own_deadline, int) else UNSAID)
        elif resource.get("kind") in ("StatefulSet", "DaemonSet", "Job"):
            found.append(UNSAID)
    return min(max(found, default=UNSAID) + MARGIN, MOST)
