"""A rollback before it is written: what would change, what goes with it, and what is against it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from atmos_cli.adapters.git import rollbacks
from atmos_cli.diagnostics import Code, Diagnostic, errors, fail
from atmos_cli.gitops.write import git_repo, trailers
from atmos_cli.history.restoring import Choice, RollbackStart, choose, look, nothing
from atmos_cli.history.rollback_base import follow, judged, limits_of, named_deployment, rollback_start
from atmos_cli.result import ChangeSet
from atmos_cli.verify.masking import mask
from atmos_cli.verify.rollback import Allowed, RestorePlan, plan

if TYPE_CHECKING:
    from collections.abc import Callable

    from atmos_cli.config import WriteMode
    from atmos_cli.gitops.guard import Guarded
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.gitops.write import Base
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
    evidence: Evidence | None = None


@dataclass(frozen=True, slots=True)
class RollbackPlan:
    """Everything that is known before anything is written; `again` plans anew from the repo as it is then."""

    repository: Repository
    ask: RollbackRequest
    start: RollbackStart
    choice: Choice
    plan: RestorePlan
    changes: ChangeSet
    guarded: Guarded
    base: Base
    mode: WriteMode
    notes: tuple[Diagnostic, ...]
    again: Callable[[], RollbackPlan] = field(repr=False, compare=False)

    @property
    def refusals(self) -> tuple[Diagnostic, ...]:
        """Return why it must not be done, apart from the findings of the checks, which are in `guarded`."""
        environment = self.start.deployment.environment
        return tuple(
            Diagnostic(Code.ROLLBACK_REFUSED, each.message, hint=each.hint, environment=environment)
            for each in self.plan.reasons
        )

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        return (*self.notes, *self.refusals, *self.guarded.diagnostics)

    @property
    def refused(self) -> bool:
        return bool(errors(self.diagnostics))

    @property
    def branch(self) -> str:
        _, service, environment = self.start.deployment
        return self.ask.branch or f"atmos/rollback-{service}-{environment}-{self.choice.commit[:10]}"

    @property
    def pushes(self) -> bool:
        wanted = self.ask.pushes
        return self.start.config.git.push and self.mode != "files" if wanted is None else wanted

    @property
    def message(self) -> str:
        """Return the commit message; its trailers are the record that later rollbacks and limits rely on."""
        team, service, environment = self.start.deployment
        reason = " ".join("".join(c if c.isprintable() else " " for c in mask(self.ask.reason)).split())[:MAX_REASON]
        tail = {"Rollback-Of": self.choice.commit, "Restores": self.choice.restores}
        tail["Service"] = rollbacks.label(environment, team, service)
        tail |= {"Verify-Run": self.ask.run} if self.ask.run else {}
        tail |= {"Reason": reason} if reason else {}
        also = f"\nThis changes {', '.join(self.plan.environments)} as well.\n" if self.plan.environments else ""
        head = f"Roll back {service} in {environment} to {self.choice.restores[:10]}"
        return f"{head}\n\n{self.state}.\n{also}\n{trailers(tail)}\n"

    @property
    def state(self) -> str:
        """Describe the state that comes back, in one sentence."""
        record = self.choice.record
        if record is None:
            return {
                "previous": "This is the state before it, and the previous state was never verified",
                "named": "This state was named, and was never verified",
                "verified": "",
            }[self.choice.chosen]
        when = time.strftime("%Y-%m-%d %H:%M UTC", time.gmtime(record.at))
        return f"This state was verified: {record.outcome.value}, {when}{f', run {record.run}' if record.run else ''}"


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
    changes = ChangeSet(made.files, {path: start.tree.read(path) for path in made.files})
    _require_own(start, changes)
    guarded = judged(repository, start, changes, made, base=base)

    def again() -> RollbackPlan:
        problems = tuple(follow(start.repo, start.config.git.branch, run=ask.run))
        now_base, now = rollback_start(repository, start.repo, ask.environment, mode=mode)
        now = replace(now, deployment=start.deployment)
        return _planned(repository, ask, base=now_base, start=now, choice=choice, mode=mode, notes=problems)

    return RollbackPlan(
        repository=repository,
        ask=ask,
        start=start,
        choice=choice,
        plan=made,
        changes=changes,
        guarded=guarded,
        base=base,
        mode=mode,
        notes=notes,
        again=again,
    )


def _require_own(start: RollbackStart, changes: ChangeSet) -> None:
    """Check, always, that nothing but the service's own files is written, whatever was computed before."""
    directories = (f"{start.deployment.directory}/", f"{start.service_directory}/")
    strange = [path for path in changes.files if not path.startswith(directories) and path != start.pointer]
    if strange:
        hint = "nothing was written; please report this"
        raise fail(Code.BUG, f"a rollback would write {strange[0]}, which is not the service's", hint=hint, exit_code=3)
