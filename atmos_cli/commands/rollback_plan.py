"""A rollback before it is written: what would change, what goes with it, and what is against it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import rollbacks
from atmos_cli.commands.changes import Change, judge, start_of
from atmos_cli.diagnostics import Code, Diagnostic, errors, fail
from atmos_cli.gitops.repository import Deployment
from atmos_cli.gitops.write import git_repo, trailers
from atmos_cli.history.restoring import Choice, RollbackStart, choose, look, nothing
from atmos_cli.history.rollback_base import follow, limits_of, named_deployment, rollback_start, softened
from atmos_cli.verify.masking import mask
from atmos_cli.verify.rollback import Allowed, RestorePlan, plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from atmos_cli.config import WriteMode
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.gitops.write import Base
    from atmos_cli.result import ChangeSet
    from atmos_cli.verify.model import Evidence

MAX_REASON = 500


@dataclass(frozen=True, slots=True)
class RollbackRequest:
    """What is to be taken back. `commit`: the bad one (default: the newest change); `to`: the state that is wanted.

    None takes the default, in `mode` and `pushes` that of the repo. `run`: the run of `atmos verify` that asks.
    """

    service: str
    environment: str
    team: str | None = None
    commit: str | None = None
    to: str | None = None
    reason: str = ""
    run: str = ""
    mode: WriteMode | None = None
    branch: str | None = None
    pushes: bool | None = None
    allowed: Allowed = field(default_factory=Allowed)
    allow_replace: bool = False
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """Everything that is known before anything is written; `again` plans anew from the repo as it is then.

    What is against it stands in `change`, in front of what the checks find.
    """

    repository: Repository
    ask: RollbackRequest
    start: RollbackStart
    choice: Choice
    plan: RestorePlan
    change: Change
    notes: tuple[Diagnostic, ...]
    again: Callable[[], RollbackPlan] = field(repr=False, compare=False)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return (*self.notes, *self.change.guarded.diagnostics)

    @property
    def refused(self) -> bool:
        return bool(errors(self.diagnostics))

    @property
    def state(self) -> str:
        return _state(self.choice)


def plan_rollback(repository: Repository, ask: RollbackRequest) -> RollbackPlan:
    """Plan what `ask` requests; the plan holds every reason not to do it.

    Raises ATM511 or ATM702 for an unknown target, ATM815 for an unknown commit, and ATM822 with exit status 1 when
    there is nothing to restore.
    """
    repo = git_repo(repository.root)
    repository.config.named((ask.environment,))
    mode = ask.mode or repository.config.git.write
    notes = tuple(follow(repo, repository.config.git.branch, run=ask.run))
    base, start = rollback_start(repository, repo, ask.environment, mode=mode)
    start = replace(start, deployment=named_deployment(start, ask.service, ask.environment, team=ask.team))
    choice = choose(start, commit=ask.commit, to=ask.to)
    return _planned(repository, ask, base=base, start=start, choice=choice, mode=mode, notes=notes)


def _planned(
    repository: Repository,
    ask: RollbackRequest,
    *,
    base: Base,
    start: RollbackStart,
    choice: Choice,
    mode: WriteMode,
    notes: tuple[Diagnostic, ...],
) -> RollbackPlan:
    compatible = limits_of(start).migrations == "compatible"
    allowed = replace(ask.allowed, migrations=ask.allowed.migrations or compatible)
    made = plan(look(start, choice, evidence=ask.evidence), allowed=allowed)
    if made.nothing and not made.reasons:
        team, service, environment = start.deployment
        message = f"{team}/{service} in {environment} already runs what it ran at {choice.restores[:10]}"
        raise nothing(message, "name another state with `--to COMMIT`; `git log` has them")
    change = _change(repository, ask, base=base, start=start, choice=choice, made=made, mode=mode)

    def again() -> RollbackPlan:
        problems = tuple(follow(start.repo, start.config.git.branch, run=ask.run))
        now_base, now = rollback_start(repository, start.repo, ask.environment, mode=mode)
        now = replace(now, deployment=start.deployment)
        return _planned(repository, ask, base=now_base, start=now, choice=choice, mode=mode, notes=problems)

    return RollbackPlan(repository, ask, start, choice, made, change, notes, again)


def _change(
    repository: Repository,
    ask: RollbackRequest,
    *,
    base: Base,
    start: RollbackStart,
    choice: Choice,
    made: RestorePlan,
    mode: WriteMode,
) -> Change:
    begun = start_of(repository, mode=mode, base=base)
    changes = begun.changes(made.files)
    _require_own(start, changes)
    team, service, environment = start.deployment
    environments = (environment, *made.environments)
    touched = tuple(Deployment(team, service, each) for each in environments)
    after, guarded = judge(
        begun,
        changes,
        touched=touched,
        environments=environments,
        allow_replace=ask.allow_replace,
        takes_back=True,
    )
    kept = softened(guarded.diagnostics, begun.before, touched, begun.config, named=made.chosen == "named")
    against = (
        Diagnostic(Code.ROLLBACK_REFUSED, each.message, hint=each.hint, environment=environment)
        for each in made.reasons
    )
    guarded = replace(guarded, diagnostics=(*against, *kept))
    branch = ask.branch or f"atmos/rollback-{service}-{environment}-{choice.commit[:10]}"
    return Change(begun, changes, after, guarded, touched, _message(ask, start, choice, made), branch)


def _message(ask: RollbackRequest, start: RollbackStart, choice: Choice, made: RestorePlan) -> str:
    """Return the commit message; its trailers are the record that later rollbacks and limits rely on."""
    team, service, environment = start.deployment
    reason = " ".join("".join(c if c.isprintable() else " " for c in mask(ask.reason)).split())[:MAX_REASON]
    tail = {"Rollback-Of": choice.commit, "Restores": choice.restores}
    tail["Service"] = rollbacks.label(environment, team, service)
    tail |= {"Verify-Run": ask.run} if ask.run else {}
    tail |= {"Reason": reason} if reason else {}
    also = f"\nThis changes {', '.join(made.environments)} as well.\n" if made.environments else ""
    head = f"Roll back {service} in {environment} to {choice.restores[:10]}"
    return f"{head}\n\n{_state(choice)}.\n{also}\n{trailers(tail)}\n"


def _state(choice: Choice) -> str:
    """Describe the state that comes back, in one sentence."""
    record = choice.record
    if record is None:
        return {
            "previous": "This is the state before it, and the previous state was never verified",
            "named": "This state was named, and was never verified",
            "verified": "",
        }[choice.chosen]
    when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(record.at))
    return f"This state was verified: {record.outcome.value}, {when}{f', run {record.run}' if record.run else ''}"


def _require_own(start: RollbackStart, changes: ChangeSet) -> None:
    """Check, always, that nothing but the service's own files is written, whatever was computed before."""
    directories = (f"{start.deployment.directory}/", f"{start.service_directory}/")
    strange = [path for path in changes.files if not path.startswith(directories) and path != start.pointer]
    if strange:
        hint = "nothing was written; please report this"
        raise fail(Code.BUG, f"a rollback would write {strange[0]}, which is not the service's", hint=hint, exit_code=3)
