"""Approvals on a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.foreign import shell
from atmos_cli.output.say import say
from atmos_cli.output.text.diagnostics import print_diagnostics

if TYPE_CHECKING:
    from atmos_cli.approval.decide import ApprovalDecision
    from atmos_cli.approval.model import Approval
    from atmos_cli.commands.approve import Checked, RequestPlan
    from atmos_cli.gitops.write import Written


def show_request(plan: RequestPlan) -> None:
    """Print what is asked for, and who would have to sign it."""
    show_approval(f"Request {plan.path}", plan.approval)
    for need in plan.needs:
        say(f"  needs      {need}")


def show_requested(plan: RequestPlan, written: Written) -> None:
    """Print where the request was written, and what comes next."""
    _show_written(written)
    say(f"Next: someone who may signs it: atmos approve sign {shell(plan.path)} --key ~/.ssh/id_ed25519")


def show_signed(path: str, signed: Approval, who: str) -> None:
    """Print whose signature was added, and what comes next."""
    say(f"Signed by {who}")
    message = shell(f"Approve {signed.service}")
    say(f"Next: commit it, and nothing else with it: git commit -m {message} -- {shell(path)}")


def show_worth(path: str, approval: Approval, verdict: ApprovalDecision) -> None:
    """Print what an approval asks for, who has signed it and what it is worth."""
    show_approval(path, approval)
    say(f"  signed by  {', '.join(verdict.approvers) or 'nobody whose signature counts'}")
    say(f"  worth      {_worth(verdict)}")
    print_diagnostics(verdict.problems)


def show_checked(checked: Checked) -> None:
    """Print what every approval is worth, and why not more."""
    for each in checked.verdicts:
        say(f"{each.path}: {_worth(each)}")
    print_diagnostics(checked.problems)
    if not checked.verdicts and not checked.unreadable:
        say("there are no approvals here")


def show_approval(path: str, approval: Approval) -> None:
    """Print what an approval asks for, below `path`."""
    say(path)
    grants = (f"{name} {amount}" for name, amount in approval.grants.items())
    rows: list[tuple[str, str]] = [
        ("service", f"{approval.team}/{approval.service} in '{approval.environment}'"),
        ("may use", ", ".join(grants)),
        *(("exceeds", f"{each.scope}: {each.dimension} {each.after} of {each.limit}") for each in approval.exceeds),
        ("asked by", approval.requested_by),
        *([("reason", approval.reason)] if approval.reason else []),
        ("valid", f"{approval.created_at} until {approval.expires_at}, once"),
        ("claim", approval.claim_digest),
    ]
    for name, value in rows:
        say(f"  {name:<10} {value}")


def _show_written(written: Written) -> None:
    print_diagnostics(written.notes)
    if written.mode == "files":
        say("Wrote it; nothing is committed")
        return
    pushed = " and pushed it" if written.pushed else ""
    say(f"{'Committed' if written.mode == 'commit' else 'Made the branch'} {written.branch}{pushed}")
    if written.link:
        say(f"Open a pull request: {written.link}")


def _worth(verdict: ApprovalDecision) -> str:
    if verdict.valid:
        return f"valid until {verdict.approval.expires_at}, approved by {' and '.join(verdict.approvers)}"
    if verdict.state == "in use":
        return "in use: the base branch runs what it allowed"
    if verdict.state == "used":
        return "used up"
    return "nothing"
