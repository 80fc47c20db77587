"""`atmos rollback`: a forward commit that brings one service in one environment back to its last good state."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import repo as repos
from atmos_cli.adapters.git import rollbacks
from atmos_cli.adapters.git.catch_up import catch_up
from atmos_cli.adapters.git.ref_lock import held, lock_ref
from atmos_cli.adapters.git.status import require_clean
from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Severity, errors
from atmos_cli.engines.registry import ENGINES
from atmos_cli.gitops.write import OvertakenError, Written, wait_to_try_again, write
from atmos_cli.history.rollback_plan import RollbackPlan, RollbackRequest, plan_rollback
from atmos_cli.history.verified import quarantine
from atmos_cli.verify.rollback import Allowed, History, automatic

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.config import WriteMode
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.verify.model import Evidence, Limits, Verdict
    from atmos_cli.verify.outcome import Reason

MOST_TRIES = 5


@dataclass(frozen=True, slots=True)
class RolledBack:
    """What was done. `notes` are warnings, such as a record that could not be pushed; `next`: how to go on."""

    written: Written
    plan: RollbackPlan
    notes: tuple[Diagnostic, ...] = ()

    @property
    def next(self) -> tuple[tuple[str, str], ...]:
        return tuple(_next(self))


def execute_rollback(planned: RollbackPlan) -> RolledBack:
    """Write it, all or nothing, by the plan as it is once the lock is held.

    Raises AtmosError (exit status 1) with every reason when the answer is no, ATM821 when another one is at it. When
    others push first, everything is asked again on top of theirs, a few times; a newer commit of the service ends it.
    """
    _require(planned)
    team, service, environment = planned.start.deployment
    repo = planned.start.repo
    ref = lock_ref(environment, team, service)
    remote = "origin" if planned.pushes and repos.remote_url(repo) else ""
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
    for attempt in range(MOST_TRIES):
        began = time.monotonic()
        planned = planned.again()
        _require(planned)
        if planned.mode == "files":
            require_clean(planned.start.repo, planned.changes.files)
        try:
            return _once(planned), planned
        except OvertakenError:
            if attempt == MOST_TRIES - 1:
                raise
        wait_to_try_again(planned.repository.root, attempt, began)
    raise AssertionError


def _once(planned: RollbackPlan) -> Written:
    """Write once; a commit that the server refuses is taken back, so that the next attempt does not start from it."""
    repo = planned.start.repo
    before = repos.head(repo)
    try:
        return write(
            planned.repository.root,
            planned.changes,
            planned.message,
            mode=planned.mode,
            base=planned.base,
            branch=planned.branch,
            config=planned.start.config,
            pushes=planned.pushes,
        )
    except OvertakenError:
        raise
    except AtmosError as error:
        made = repos.head(repo)
        if planned.mode != "commit" or made == before or not made.branch or not made.commit:
            raise
        if not catch_up(repo, made.branch, made.commit):
            raise
        hint = "run it again with `--write branch`; the commit was taken back here"
        hinted = tuple(replace(each, hint=hint) for each in error.diagnostics)
        raise AtmosError(*hinted, exit_code=error.exit_code) from error


def _require(planned: RollbackPlan) -> None:
    found = errors(planned.diagnostics)
    if found:
        raise AtmosError(*found, exit_code=1)


def _holder(planned: RollbackPlan) -> str:
    return f"run {planned.ask.run}" if planned.ask.run else repos.identity(planned.start.repo)[0]


def _warning(message: str) -> Diagnostic:
    return Diagnostic(Code.PUSH_REFUSED, message, severity=Severity.WARNING)


def _next(done: RolledBack) -> Iterator[tuple[str, str]]:
    team, service, environment = done.plan.start.deployment
    if done.written.mode == "commit" and not done.written.pushed:
        yield "push", f"git push origin {done.written.branch}"
    if done.written.mode == "files":
        yield "commit", "git add -A && git commit, and push it"
    engine = ENGINES[done.plan.start.config.engine(environment)]
    yield "if it hangs", engine.unblock(team=team, service=service, environment=environment)
    if done.written.mode == "commit":
        yield "check", f"atmos verify {team}/{service} --env {environment} --commit {done.written.commit[:10]}"
