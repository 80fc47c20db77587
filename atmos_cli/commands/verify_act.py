"""What follows a verdict: it is recorded, and a failed deployment is rolled back as far as its owner allows."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from atmos_cli.adapters.git import repo as repos
from atmos_cli.commands.rollback import RolledBack, roll_back, roll_back_failed
from atmos_cli.diagnostics import AtmosError, Diagnostic
from atmos_cli.gitops.write import git_repo
from atmos_cli.history.revisions import limits_of, manifests
from atmos_cli.history.verified import record_verdict
from atmos_cli.kube.resource import identity
from atmos_cli.verify.outcome import Outcome, Reason
from atmos_cli.verify.rollback import images, recovered

if TYPE_CHECKING:
    from collections.abc import Callable

    from atmos_cli.gitops.repository import Repository
    from atmos_cli.live.session import Session
    from atmos_cli.verify.model import Limits, Verdict

OnFail = Literal["alert", "suggest", "branch", "rollback"]
BY_MODE: dict[str, OnFail] = {"off": "alert", "suggest": "suggest", "branch": "branch", "auto": "rollback"}
RECORDED = (Outcome.PASS, Outcome.WARN, Outcome.FAIL)


@dataclass(frozen=True, slots=True)
class Action:
    """`says` is for people; `recovery` is the verdict on the rollback, `recovered` whether it helped, if known."""

    kind: OnFail
    says: str = ""
    commit: str = ""
    branch: str = ""
    recovery: Verdict | None = None
    recovered: bool | None = None
    notes: tuple[Diagnostic, ...] = ()


def act(
    repository: Repository,
    session: Session,
    verdict: Verdict,
    *,
    on_fail: OnFail | None,
    watch: Callable[[Session], Verdict],
) -> Action:
    """Act on a verdict: never more than the spec or the flag allows, and nothing at all unless it is FAIL.

    `watch` verifies a session to its end: the rollback is watched as the deployment was.
    """
    run = uuid.uuid4().hex
    notes = _record(repository, session, verdict, run)
    limits = limits_of(session.ask_git, session.commit)
    kind = on_fail or BY_MODE[limits.rollback]
    if verdict.outcome is not Outcome.FAIL or kind == "alert":
        return Action(kind, notes=notes)
    if kind == "suggest":
        target = verdict.target
        says = f"atmos rollback {target.service} --env {target.environment} --team {target.team}"
        return Action(kind, f"to take it back: {says}", notes=notes)
    try:
        done = _take_back(repository, verdict, limits, kind, run, explicit=on_fail is not None)
    except AtmosError as error:
        return Action(kind, f"not taken back: {error.diagnostics[0].message}", notes=(*notes, *error.diagnostics))
    if isinstance(done, Reason):
        return Action(kind, f"not taken back: {done.message}", notes=notes)
    return _done(kind, session, verdict, done, notes, watch)


def _record(repository: Repository, session: Session, verdict: Verdict, run: str) -> tuple[Diagnostic, ...]:
    if verdict.outcome not in RECORDED:
        return ()
    repo = git_repo(repository.root)
    remote = "origin" if repos.remote_url(repo) else ""
    objects = {identity(each): each for each in manifests(session.ask_git, session.commit) or ()}
    try:
        return record_verdict(repo, verdict, run=run, images=images(objects), remote=remote)
    except AtmosError as error:
        return error.diagnostics


def _take_back(
    repository: Repository, verdict: Verdict, limits: Limits, kind: OnFail, run: str, *, explicit: bool
) -> RolledBack | Reason:
    # Only what is pushed is applied, or outlives a job of CI; without a remote it is at least here.
    pushes = True if repos.remote_url(git_repo(repository.root)) else None
    if kind == "branch":
        target = verdict.target
        return roll_back(
            repository,
            team=target.team,
            service=target.service,
            environment=target.environment,
            commit=verdict.commit,
            run_id=run,
            reason=verdict.headline,
            mode="branch",
            pushes=pushes,
        )
    # Whoever says `--on-fail rollback` opts in for this run; everything else that must hold still must.
    allowed = replace(limits, rollback="auto") if explicit else limits
    return roll_back_failed(repository, verdict, limits=allowed, run_id=run, mode="commit", pushes=pushes)


def _done(
    kind: OnFail,
    session: Session,
    failed: Verdict,
    done: RolledBack,
    notes: tuple[Diagnostic, ...],
    watch: Callable[[Session], Verdict],
) -> Action:
    written = done.written
    commit, branch = written.commit or "", written.branch or ""
    notes = (*notes, *done.notes)
    if kind == "branch" or not written.pushed:
        name = f"branch `{branch}`" if kind == "branch" else f"commit {commit[:12]}"
        where = name if written.pushed else f"{name}, not pushed"
        return Action(kind, f"the way back is on {where}", commit, branch, notes=notes)
    recovery = watch(replace(session, commit=commit, troubled=True))
    helped = recovered(failed, recovery)
    if helped:
        says = f"rolled back by {commit[:12]}, and recovered"
    elif helped is False:
        says = f"rolled back by {commit[:12]}, and not recovered: this deployment was not the cause"
    else:
        says = f"rolled back by {commit[:12]}; whether that helped is not known: {recovery.headline}"
    return Action(kind=kind, says=says, commit=commit, branch=branch, recovery=recovery, recovered=helped, notes=notes)
