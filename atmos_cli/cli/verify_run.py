"""One run of `atmos verify` from opening its sessions to acting on its verdicts."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.cli.options import start
from atmos_cli.output.say import say_progress

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from atmos_cli.commands.verify import Run
    from atmos_cli.commands.verify_act import Action, OnFail
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.live.session import Session
    from atmos_cli.verify.model import Verdict


EXIT = {"pass": 0, "warn": 0, "fail": 1, "inconclusive": 4, "superseded": 5}
WORST = ("fail", "inconclusive", "warn", "superseded", "pass")


@dataclass(frozen=True, slots=True)
class VerifiedRun:
    """What came out: a verdict and what followed it for each deployment, and what else there is to say."""

    verdicts: tuple[Verdict, ...]
    actions: Sequence[Action]
    notes: tuple[Diagnostic, ...]

    def status(self, fail_on: str = "fail") -> int:
        """Return the exit status of the worst verdict; `fail_on` is the mildest one that exits with 1."""
        outcomes = {each.outcome.value for each in self.verdicts}
        if fail_on == "warn" and "warn" in outcomes:
            return 1
        return next((EXIT[each] for each in WORST if each in outcomes and EXIT[each]), 0)


def verify_now(
    repo: Path | None,
    service: str | None,
    *,
    team: str | None,
    environments: Sequence[str],
    commit: str,
    on_fail: OnFail | None = None,
    record: Path | None = None,
    replay: Path | None = None,
    live: bool,
) -> VerifiedRun:
    """Watch what a command line means until there are verdicts, and do what follows them."""
    with opened(repo, service, team, environments, commit, record, replay) as sessions:
        if not sessions:
            say_progress("this commit changes no service in these environments")
        verdicts = watch(sessions, repo, live=live, replayed=replay is not None)
        actions = [] if replay else act_on(repo, sessions, verdicts, on_fail, live=live)
    told = [] if replay else [*steered(repo), *(note for action in actions for note in action.notes)]
    return VerifiedRun(verdicts, actions, tuple(told))


@contextmanager
def opened(
    repo: Path | None,
    service: str | None,
    team: str | None,
    environments: Sequence[str],
    commit: str,
    record: Path | None,
    replay: Path | None,
) -> Iterator[tuple[Session, ...]]:
    """Yield the sessions that a command line means, or those of a recorded run."""
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.live.sessions import live_sessions, meant, replayed_sessions

    if replay:
        yield replayed_sessions(replay)
        return
    repository = open_repository(start(repo))
    found = meant(repository, service, team=team, environments=environments, commit=commit)
    which = commit or ("" if service else "HEAD")
    with live_sessions(repository, found, commit=which, directory=record) as sessions:
        yield sessions


def steered(repo: Path | None) -> tuple[Diagnostic, ...]:
    """Return where the checkout would have asked others than the base branch says."""
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.gitops.trusted import trust

    return trust(open_repository(start(repo))).notes


def watch(sessions: Sequence[Session], repo: Path | None, *, live: bool, replayed: bool) -> tuple[Verdict, ...]:
    """Watch until each session has its verdict; with `live`, people see how far it is."""
    from atmos_cli.commands.verify import Run, verify

    if not sessions:
        return ()
    memory = None if replayed else _memory(repo)
    clock = sessions[0].clock
    runs = []
    for each in sessions:
        known = memory.load(each.target, each.commit, now=clock.now()) if memory else None
        runs.append(Run(each, remembered=known))

    def keep(run: Run) -> None:
        if memory:
            memory.save(run.session.target, run.session.commit, run.progress)

    if not live:
        return verify(runs, clock=clock, keep=keep)
    from atmos_cli.output.text.verify import Display

    with Display(clock) as display:
        return verify(runs, clock=clock, keep=keep, show=display.show)


def _memory(repo: Path | None) -> Any:
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.gitops.write import git_repo
    from atmos_cli.live.run_memory import RunMemory

    return RunMemory(git_repo(open_repository(start(repo)).root).git_dir)


def act_on(
    repo: Path | None, sessions: Sequence[Session], verdicts: Sequence[Verdict], on_fail: OnFail | None, *, live: bool
) -> list[Action]:
    """Do what follows each verdict, and watch a rollback as its deployment was watched."""
    from atmos_cli.commands.verify_act import act
    from atmos_cli.gitops.repository import open_repository

    repository = open_repository(start(repo))

    def again(session: Session) -> Verdict:
        return watch([session], repo, live=live, replayed=False)[0]

    pairs = zip(sessions, verdicts, strict=True)
    return [act(repository, session, verdict, on_fail=on_fail, watch=again) for session, verdict in pairs]
