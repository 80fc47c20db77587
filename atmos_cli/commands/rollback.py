"""`atmos rollback`: a forward commit that brings one service in one environment back to its last good state."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git import rollbacks
from atmos_cli.adapters.git.ref_lock import held, lock_ref
from atmos_cli.adapters.git.status import require_clean
from atmos_cli.commands.changes import Change, write_change
from atmos_cli.commands.rollback_plan import RollbackPlan, RollbackRequest, plan_rollback
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity, errors
from atmos_cli.engines.registry import ENGINES
from atmos_cli.history.verified import quarantine
from atmos_cli.verify.rollback import Allowed, History, automatic

if TYPE_CHECKING:
    from atmos_cli.config import WriteMode
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.gitops.write import Written
    from atmos_cli.verify.model import Evidence, Limits, Verdict
    from atmos_cli.verify.outcome import Reason


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What was done. `notes` are warnings, such as a record that could not be pushed; `next`: how to go on."""

    written: Written
    plan: RollbackPlan
    notes: tuple[Diagnostic, ...] = ()

    @property
    def next(self) -> tuple[tuple[str, str], ...]:
        team, service, environment = self.plan.start.deployment
        engine = ENGINES[self.plan.start.config.engine(environment)]
        hangs = engine.unblock(team=team, service=service, environment=environment)
        return (*self.written.next, ("if it hangs", hangs))


def execute_rollback(planned: RollbackPlan) -> RolledBack:
    """Write it, all or nothing, by the plan as it is once the lock is held.

    Raises AtmosError (exit status 1) with every reason when the answer is no, ATM821 when another one is at it. When
    others push first, everything is asked again on top of theirs; a newer commit of the service ends it.
    """
    _require(planned)
    team, service, environment = planned.start.deployment
    repo = planned.start.repo
    ref = lock_ref(environment, team, service)
    remote = "origin" if _pushes(planned) and repos.remote_url(repo) else ""
    with held(repo, ref, holder=_holder(planned), remote=remote) as problems:
        written, done = _write(planned)
    notes = [_warning(each) for each in problems]
    if written.mode != "files":
        notes += quarantine(
            repo,
            commit=done.choice.commit,
            team=team,
            service=service,
            environment=environment,
            images=done.plan.images,
            at=time.time(),
            run=done.ask.run,
            remote=remote,
        )
    return RolledBack(written, done, tuple(notes))


def roll_back(
    repository: Repository,
    *,
    team: str,
    service: str,
    environment: str,
    commit: str | None = None,
    to: str | None = None,
    run_id: str = "",
    reason: str = "",
    mode: WriteMode | None = None,
    pushes: bool | None = None,
) -> RolledBack:
    """Plan and execute at once, for a person who confirmed it elsewhere. Raises as `execute_rollback` does."""
    ask = RollbackRequest(
        service=service,
        environment=environment,
        team=team,
        commit=commit,
        to=to,
        reason=reason,
        run=run_id,
        mode=mode,
        pushes=pushes,
    )
    return execute_rollback(plan_rollback(repository, ask))


def roll_back_failed(
    repository: Repository,
    verdict: Verdict,
    *,
    limits: Limits,
    run_id: str,
    mode: WriteMode | None = None,
    pushes: bool | None = None,
    evidence: Evidence | None = None,
) -> RolledBack | Reason:
    """Take the deployment of `verdict` back without a person; or return the first precondition that does not hold.

    Raises what `plan_rollback` and `execute_rollback` raise: nothing to restore, the lock, a refused push.
    """
    target = verdict.target
    reason = "; ".join(f"{each.code}: {each.message}" for each in verdict.reasons) or verdict.headline
    allowed = Allowed(migrations=limits.migrations == "compatible")
    ask = RollbackRequest(
        target.service, target.environment, target.team, verdict.commit, reason=reason, run=run_id, mode=mode
    )
    planned = plan_rollback(repository, replace(ask, pushes=pushes, allowed=allowed, evidence=evidence))
    label = rollbacks.label(target.environment, target.team, target.service)
    past = rollbacks.earlier_rollbacks(planned.start.repo, label, planned.start.tip)
    history = History(verdict.ended, past)
    against = automatic(verdict, planned.plan, history, limits)
    return against if against is not None else execute_rollback(planned)


def _write(planned: RollbackPlan) -> tuple[Written, RollbackPlan]:
    """Write under the lock: what was agreed to may have been overtaken while the question was open."""
    latest = planned

    def again() -> Change:
        nonlocal latest
        latest = latest.again()
        _require(latest)
        return replace(latest.change, again=again)

    change = again()
    if change.start.mode == "files":
        require_clean(planned.start.repo, change.changes.files)
    return write_change(change, pushes=planned.ask.pushes), latest


def _pushes(planned: RollbackPlan) -> bool:
    start, wanted = planned.change.start, planned.ask.pushes
    return start.pushes if wanted is None else wanted


def _require(planned: RollbackPlan) -> None:
    found = errors(planned.diagnostics)
    if found:
        raise AtmosError(*found, exit_code=1)


def _holder(planned: RollbackPlan) -> str:
    return f"run {planned.ask.run}" if planned.ask.run else repos.identity(planned.start.repo)[0]


def _warning(message: str) -> Diagnostic:
    return Diagnostic(Code.PUSH_REFUSED, message, severity=Severity.WARNING)
