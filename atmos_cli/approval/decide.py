"""What an approval is worth: one pure decision over base branch, tree under test, history and clock."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from atmos_cli.approval.conflict import Contributor, conflict
from atmos_cli.approval.quorum import quorum_problems, shortest_ttl
from atmos_cli.diagnostics import Code, Diagnostic, Location
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from atmos_cli.approval.model import Approval
    from atmos_cli.approval.proof import Proof
    from atmos_cli.approval.quorum import Excess
    from atmos_cli.approval.roster import Roster
    from atmos_cli.budget.model import Tier

State = Literal["pending", "in use", "used"]
CLOCK_SKEW = 300
# A base commit made after "now" means that the clock here is behind, which would bring expired approvals back to life.
BASE_SKEW = 86400


@dataclass(frozen=True, slots=True)
class ApprovalFacts:
    """What is so at one moment; `claim_digest` and `grants` are computed from the tree under test, never read.

    `excesses` are the limits that the service passes now, `limits` those of the base branch by (scope, dimension).
    `state` is what the first-parent history of the base branch says, `since` the commit that consumed the approval.
    """

    now: int
    base_time: int
    claim_digest: str
    grants: Mapping[str, str]
    budget_digest: str
    limits: Mapping[tuple[str, str], str]
    excesses: tuple[Excess, ...]
    contributors: tuple[Contributor, ...]
    proofs: tuple[Proof, ...]
    state: State = "pending"
    since: str = ""


@dataclass(frozen=True, slots=True)
class ApprovalDecision:
    """`problems` is every reason why the approval is worth nothing; `approvers` are the people whose yes counts."""

    path: str
    approval: Approval
    state: State
    problems: tuple[Diagnostic, ...]
    approvers: tuple[str, ...]

    @property
    def valid(self) -> bool:
        return self.state == "pending" and not self.problems


def decide(
    approval: Approval, *, path: str, facts: ApprovalFacts, roster: Roster, tiers: Sequence[Tier]
) -> ApprovalDecision:
    """Decide whether `approval` lets its claim pass; return every reason against it at once."""
    reasons = _Reasons(path, approval)
    excesses = facts.excesses or recorded(approval)
    _single_use(reasons, facts)
    _bound(reasons, facts)
    _in_time(reasons, facts, shortest_ttl(tiers, excesses))
    contributors = (Contributor(approval.requested_by, "requested", path), *facts.contributors)
    approvers = _people(reasons, facts, contributors, roster)
    _limits(reasons, facts)
    for problem in quorum_problems(excesses, tiers=tiers, approvers=approvers, roster=roster, team=approval.team):
        reasons.no(Code.APPROVAL_QUORUM, problem, hint=_ask_more(path))
    return ApprovalDecision(path, approval, facts.state, problems=tuple(reasons.problems), approvers=approvers)


def recorded(approval: Approval) -> tuple[Excess, ...]:
    """Return the excesses that the request itself names, for when the limits are not passed any more."""
    from atmos_cli.approval.quorum import Excess
    from atmos_cli.kube.quantity import parse

    return tuple(Excess(e.scope, e.dimension, parse(e.limit), parse(e.after), ceiling=None) for e in approval.exceeds)


class _Reasons:
    """Collects reasons, each naming the approval and its file."""

    def __init__(self, path: str, approval: Approval) -> None:
        self.path = path
        self.approval = approval
        self.problems: list[Diagnostic] = []

    def no(self, code: Code, message: str, *, hint: str) -> None:
        text = f"the approval for {self.approval.subject} does not count: {message}"
        where = Location(self.path, 1, 1)
        self.problems.append(Diagnostic(code, text, where=where, hint=hint, environment=self.approval.environment))


def _single_use(reasons: _Reasons, facts: ApprovalFacts) -> None:
    if facts.state == "used":
        message = f"it was used by commit {facts.since[:12]}, and the service has changed since; each counts once"
        reasons.no(Code.APPROVAL_USED, message, hint=_ask_again(reasons.approval))
    elif facts.state == "in use":
        message = f"it was used by commit {facts.since[:12]}; each counts once"
        reasons.no(Code.APPROVAL_USED, message, hint=_ask_again(reasons.approval))


def _bound(reasons: _Reasons, facts: ApprovalFacts) -> None:
    approval = reasons.approval
    if not facts.claim_digest:
        message = "there is no such service there, so there is no claim to compare it with"
        reasons.no(Code.APPROVAL_MISMATCH, message, hint=f"remove the file: `git rm {shell(reasons.path)}`")
    elif facts.claim_digest != approval.claim_digest:
        given, here = approval.claim_digest[:19], facts.claim_digest[:19]
        message = f"it was given for {given}…, and the service now asks for {here}…"
        reasons.no(Code.APPROVAL_MISMATCH, message, hint=_ask_again(approval))
    elif dict(facts.grants) != approval.grants:
        message = "`grants` is not what the service asks for, so whoever signed it was shown something else"
        reasons.no(Code.APPROVAL_MISMATCH, message, hint=_ask_again(approval))
    if facts.budget_digest != approval.budget_digest:
        message = f"the budget of '{approval.environment}' on the base branch has changed since it was asked for"
        reasons.no(Code.APPROVAL_MISMATCH, message, hint=_ask_again(approval))


def _in_time(reasons: _Reasons, facts: ApprovalFacts, longest: int | None) -> None:
    approval = reasons.approval
    if facts.base_time > facts.now + BASE_SKEW:
        message = "this machine's clock is behind the last commit of the base branch by more than a day"
        reasons.no(Code.APPROVAL_EXPIRED, message, hint="set the clock, then run the command again")
    if approval.created > facts.now + CLOCK_SKEW:
        message = f"it is dated {approval.created_at}, which has not come yet"
        reasons.no(Code.APPROVAL_EXPIRED, message, hint="set the clock of the machine that is wrong, then ask again")
    if facts.now >= approval.expires:
        reasons.no(Code.APPROVAL_EXPIRED, f"it expired on {approval.expires_at}", hint=_ask_again(approval))
    if longest is not None and approval.expires > approval.created + longest:
        message = (
            f"it would live for {_days(approval.expires - approval.created)}, and the budget allows {_days(longest)}"
        )
        reasons.no(Code.APPROVAL_EXPIRED, message, hint=f"{_ask_again(approval)} --expires {_span(longest)}")


def _people(
    reasons: _Reasons, facts: ApprovalFacts, contributors: Sequence[Contributor], roster: Roster
) -> tuple[str, ...]:
    """Return the ids of those whose signature counts, each once; everyone else's is a reason of its own."""
    involved = conflict(contributors, roster)
    for contributor in involved.unknown:
        did = f"{contributor.part} {contributor.where}"
        message = f"nobody in platform/approvers.yaml has the address {contributor.email}, which {did}"
        hint = "add the address to its person there, in a change of its own: atmos cannot tell who it is"
        reasons.no(Code.APPROVER_UNKNOWN, message, hint=hint)
    found: dict[str, None] = {}
    for proof in facts.proofs:
        owner = None if proof.problem else roster.by_key(proof.key)
        if proof.problem:
            reasons.no(Code.APPROVAL_SIGNATURE, proof.problem, hint=_ask_more(reasons.path))
        elif owner is None:
            message = f"the key {proof.key} is nobody's in platform/approvers.yaml on the base branch"
            reasons.no(Code.APPROVER_UNKNOWN, message, hint="sign with a key that is listed there")
        elif owner[1].expired(facts.now):
            message = f"the key {proof.key} of {owner[0]} ended on {owner[1].not_after}"
            reasons.no(Code.APPROVER_UNKNOWN, message, hint="sign with a key that is still good")
        elif owner[0] in involved.people:
            message = f"{owner[0]} cannot approve this: {owner[0]} {involved.people[owner[0]]}"
            reasons.no(Code.APPROVAL_SELF, message, hint="ask someone who had no hand in the change")
        else:
            found[owner[0]] = None
    return tuple(found)


def _limits(reasons: _Reasons, facts: ApprovalFacts) -> None:
    asked = {(limit.scope, limit.dimension): limit for limit in reasons.approval.exceeds}
    for key, each in asked.items():
        if key in facts.limits and facts.limits[key] != each.limit:
            message = f"`exceeds` names {each.limit} as the limit of {' '.join(key)}, and it is {facts.limits[key]}"
            reasons.no(Code.APPROVAL_MISMATCH, message, hint=_ask_again(reasons.approval))
    for excess in facts.excesses:
        if (excess.scope, excess.dimension) not in asked:
            message = f"{excess} is over as well now, which it was not asked for; others may have landed since"
            reasons.no(Code.APPROVAL_MISMATCH, message, hint=_ask_again(reasons.approval))
        if excess.ceiling is not None and excess.after > excess.ceiling:
            message = f"{excess} is above the ceiling of {excess.ceiling}, and nobody can approve that"
            reasons.no(Code.APPROVAL_CEILING, message, hint="reduce replicas or size")


def _ask_again(approval: Approval) -> str:
    place = f"--env {approval.environment} --service {approval.team}/{approval.service}"
    return f"ask again: atmos approve request {place}"


def _ask_more(path: str) -> str:
    return f"let the right people sign: atmos approve sign {path} --key KEY"


def _days(seconds: int) -> str:
    return f"{seconds // 86400} days" if seconds % 86400 == 0 else f"{seconds // 3600} hours"


def _span(seconds: int) -> str:
    return f"{seconds // 86400}d" if seconds % 86400 == 0 else f"{seconds // 3600}h"
