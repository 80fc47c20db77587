"""Approvals for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.output.json.written import written_data

if TYPE_CHECKING:
    from atmos_cli.approval.decide import Verdict
    from atmos_cli.approval.model import Approval
    from atmos_cli.commands.approve import RequestPlan
    from atmos_cli.gitops.write import Written


def approval_data(path: str, approval: Approval) -> dict[str, Any]:
    """Return what is asked, of whom, and until when."""
    value: dict[str, Any] = approval.model_dump(by_alias=True, exclude_none=True, mode="json")
    value["signatures"] = [each.key for each in approval.signatures]
    return {"file": path, **value}


def request_data(plan: RequestPlan, written: Written | None) -> dict[str, Any]:
    """Return the approval that is asked for, and who has to sign it."""
    return {**approval_data(plan.path, plan.approval), "needs": list(plan.needs), "written": written_data(written)}


def worth_data(verdict: Verdict) -> dict[str, Any]:
    """Return what an approval is worth."""
    return {"state": verdict.state, "valid": verdict.valid, "approvers": list(verdict.approvers)}
