"""What is live, for programs."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from atmos_cli.output.json.envelope import answer
from atmos_cli.verify.deployment_status import drifted

if TYPE_CHECKING:
    from atmos_cli.commands.status import Overview, StatusRow
    from atmos_cli.commands.tree import Grown
    from atmos_cli.verify.deployment_status import DeploymentStatus
    from atmos_cli.verify.tree import TreeNode

MOST_DRIFT = 20


def answer_status(found: Overview) -> None:
    """Print the envelope of `atmos status`."""
    data = {"at": round(found.at, 3), "services": [status_data(row) for row in found.rows]}
    answer("status", data=data, diagnostics=found.problems, exit_code=found.exit_code)


class Changes:
    """Prints one envelope on a line of its own whenever something changed."""

    def __init__(self) -> None:
        self._last = ""

    def show(self, found: Overview) -> None:
        rows = repr([status_data(row) for row in found.rows])
        if rows != self._last:
            answer_status(found)
            sys.stdout.flush()
        self._last = rows


def status_data(row: StatusRow) -> dict[str, Any]:
    """Return one deployment; every key is always there, and what is not known is null.

    Times are unix seconds, commits 40 digits.
    """
    target, verdict = row.target, row.verdict
    return {
        "team": target.team,
        "service": target.service,
        "environment": target.environment,
        "cluster": target.cluster,
        "namespace": target.namespace,
        "engine": target.engine,
        "good": row.good,
        "wanted": {"commit": row.wanted, "at": row.committed},
        "live": row.live or None,
        "behind": row.behind,
        **_status(row.status),
        "verdict": verdict and {"outcome": verdict.outcome.value, "commit": verdict.commit, "at": verdict.at},
        "problem": row.problem and {"code": row.problem.code.value, "message": row.problem.message},
    }


def _status(found: DeploymentStatus | None) -> dict[str, Any]:
    if found is None:
        return {"delivery": None, "health": None, "drift": None, "paused": None}
    delivery, health, pause = found.delivery, found.health, found.pause
    return {
        "delivery": {"arrival": delivery.arrival.value, "code": delivery.code, "message": delivery.message},
        "health": {
            "status": health.status.value,
            "code": health.code,
            "message": health.message,
            "object": found.worst and str(found.worst),
        },
        "drift": {"count": len(found.drift), "fields": [drifted(each) for each in found.drift[:MOST_DRIFT]]},
        "paused": pause and {"message": pause.message, "since": pause.since or None},
    }


def tree_data(grown: Grown) -> dict[str, Any]:
    """Return a tree: `root` is null for a cluster that could not be asked; nodes have the same keys at every depth."""
    target = grown.target
    return {
        "team": target.team,
        "service": target.service,
        "environment": target.environment,
        "cluster": target.cluster,
        "engine": target.engine,
        "commit": grown.commit,
        "at": round(grown.at, 3),
        "root": _node(grown.root) if grown.root else None,
        "problem": grown.problem and {"code": grown.problem.code.value, "message": grown.problem.message},
    }


def _node(node: TreeNode) -> dict[str, Any]:
    return {
        "kind": node.kind,
        "name": node.name,
        "namespace": node.namespace,
        "status": node.health.status.value,
        "code": node.health.code,
        "message": node.health.message,
        "note": node.note,
        "children": [_node(each) for each in node.children],
    }
