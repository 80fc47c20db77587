"""One run of `atmos verify` from opening its sessions to acting on its verdicts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from atmos_cli.commands.verify import Run, verify
from atmos_cli.commands.verify_act import act
from atmos_cli.gitops.repository import open_repository
from atmos_cli.gitops.trusted import trust
from atmos_cli.gitops.write import git_repo
from atmos_cli.live.run_memory import RunMemory
from atmos_cli.live.sessions import live_sessions, meant, replayed_sessions

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from atmos_cli.commands.verify_act import Action, OnFail
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.repository import Repository
    from atmos_cli.live.session import Session
    from atmos_cli.ports import Clock
    from atmos_cli.verify.model import Verdict

    Display = Callable[[Clock], AbstractContextManager["Shows"]]

EXIT = {"pass": 0, "warn": 0, "fail": 1, "inconclusive": 4, "superseded": 5}
WORST = ("fail", "inconclusive", "warn", "superseded", "pass")


class Shows(Protocol):
    """Tells people how far runs are."""

    def show(self, runs: Sequence[Run]) -> None: ...


@dataclass(frozen=True, slots=True)
class Watched:
    """What to watch, as `atmos verify` has it. No `service`: all that the commit changes; no `commit`: the last one."""

    service: str | None = None
    team: str | None = None
    environments: tuple[str, ...] = ()
    commit: str = ""
    on_fail: OnFail | None = None
    record: Path | None = None


@dataclass(frozen=True, slots=True)
class VerifiedRun:
    """What came out: a verdict and what followed it for each deployment, and what else there is to say."""

    verdicts: tuple[Verdict, ...]
    actions: Sequence[Action] = ()
    notes: tuple[Diagnostic, ...] = ()

    def status(self, fail_on: str = "fail") -> int:
        """Return the exit status of the worst verdict; `fail_on` is the mildest one that exits with 1."""
        outcomes = {each.outcome.value for each in self.verdicts}
        if fail_on == "warn" and "warn" in outcomes:
            return 1
        return next((EXIT[each] for each in WORST if each in outcomes and EXIT[each]), 0)


def verify_now(repository: Repository, wanted: Watched, *, display: Display | None = None) -> VerifiedRun:
    """Watch until there are verdicts, and do what follows them; no verdict where the commit changes no service."""
    found = meant(repository, wanted.service, team=wanted.team, environments=wanted.environments, commit=wanted.commit)
    which = wanted.commit or ("" if wanted.service else "HEAD")
    memory = RunMemory(git_repo(repository.root).git_dir)
    with live_sessions(repository, found, commit=which, directory=wanted.record) as sessions:
        verdicts = _watch(sessions, memory, display)
        # as it is now: watching takes long
        now = open_repository(repository.root)

        def again(session: Session) -> Verdict:
            return _watch([session], memory, display)[0]

        pairs = zip(sessions, verdicts, strict=True)
        actions = [act(now, session, verdict, on_fail=wanted.on_fail, watch=again) for session, verdict in pairs]
    steered = trust(open_repository(repository.root)).notes
    return VerifiedRun(verdicts, actions, (*steered, *(note for action in actions for note in action.notes)))


def verify_replayed(directory: Path, *, display: Display | None = None) -> VerifiedRun:
    """Judge a recorded run again, offline; nothing follows from it."""
    return VerifiedRun(_watch(replayed_sessions(directory), None, display))


def _watch(sessions: Sequence[Session], memory: RunMemory | None, display: Display | None) -> tuple[Verdict, ...]:
    """Watch until each session has its verdict; a rollback is watched as its deployment was."""
    if not sessions:
        return ()
    clock = sessions[0].clock
    runs = []
    for each in sessions:
        known = memory.load(each.target, each.commit, now=clock.now()) if memory else None
        runs.append(Run(each, remembered=known))

    def keep(run: Run) -> None:
        if memory:
            memory.save(run.session.target, run.session.commit, run.progress)

    if display is None:
        return verify(runs, clock=clock, keep=keep)
    with display(clock) as shown:
        return verify(runs, clock=clock, keep=keep, show=shown.show)
