"""A verification on a terminal: one live line per service while it runs, and the verdict in words."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

from rich.live import Live
from rich.table import Table

from atmos_cli.output.console import console, escape
from atmos_cli.output.say import say, say_progress
from atmos_cli.output.text.diagnostics import print_diagnostics
from atmos_cli.verify.changes import says
from atmos_cli.verify.machine import SETTLE_SECONDS, SYNC_SECONDS, Phase
from atmos_cli.verify.masking import shown
from atmos_cli.verify.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from atmos_cli.commands.verify import Run
    from atmos_cli.commands.verify_act import Action
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.live.observe_plan import Backtest
    from atmos_cli.ports import Clock
    from atmos_cli.verify.measured import Measure
    from atmos_cli.verify.model import Target, Verdict

COLOUR = {
    Outcome.PASS: "green",
    Outcome.WARN: "yellow",
    Outcome.FAIL: "red",
    Outcome.INCONCLUSIVE: "magenta",
    Outcome.SUPERSEDED: "cyan",
}
WIDTH = 10
LONGEST = 1000


class Display:
    """Shows on a terminal a table that is drawn again; elsewhere a line whenever the stage of a run changes."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._live = Live(console=console(), refresh_per_second=4, transient=True) if sys.stdout.isatty() else None
        self._said: dict[int, str] = {}

    def __enter__(self) -> Self:
        if self._live:
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live:
            self._live.stop()

    def show(self, runs: Sequence[Run]) -> None:
        if self._live:
            self._live.update(self._table(runs))
            return
        for number, run in enumerate(runs):
            line = f"{_name(run)}: {run.progress.phase.value}: {_state(run)}"
            if self._said.get(number) != line:
                self._said[number] = line
                say_progress(line)

    def _table(self, runs: Sequence[Run]) -> Table:
        table = Table(box=None, padding=(0, 2, 0, 0))
        for heading in ("service", "stage", "", "errors before → after", "left"):
            table.add_column(heading, overflow="fold")
        for run in runs:
            measures = run.now.assessment.measures if run.now and run.now.assessment else ()
            bars = bar(measures[0]) if measures else ""
            table.add_row(
                escape(_name(run)), run.progress.phase.value, escape(_state(run)), bars, _left(run, self._clock.now())
            )
        return table


def bar(measure: Measure) -> str:
    """Return two bars on one scale, and the shares: `▇▁▁ 0.80% → ▇▇▁ 1.22%`."""
    before, after = measure.before.share, measure.after.share
    top = max(before, after) or 1.0
    drawn = ["▇" * round(WIDTH * share / top) + "▁" * (WIDTH - round(WIDTH * share / top)) for share in (before, after)]
    return f"{drawn[0]} {before:.2%} → {drawn[1]} {after:.2%}"


def _name(run: Run) -> str:
    target = run.session.target
    return f"{target.team}/{target.service} in {target.environment}"


def _state(run: Run) -> str:
    if run.now is None:
        return ""
    if run.progress.phase is Phase.SYNC:
        return shown(run.now.delivery.message)
    assessment = run.now.assessment
    reasons = f"; {assessment.reasons[0].message}" if assessment and assessment.reasons else ""
    return shown(f"{run.now.rollout.message}{reasons}")


def _left(run: Run, now: float) -> str:
    progress = run.progress
    whole = {
        Phase.SYNC: SYNC_SECONDS,
        Phase.SETTLE: SETTLE_SECONDS,
        Phase.OBSERVE: run.limits.observe,
    }.get(progress.phase)
    if whole is None:
        return ""
    left = max(0.0, progress.since + whole - now)
    return f"{left // 60:.0f}m{left % 60:02.0f}s"


def show_verdicts(verdicts: Sequence[Verdict], actions: Sequence[Action]) -> None:
    """Print each verdict with what supports it and what followed; a replay has no actions."""
    for number, verdict in enumerate(verdicts):
        _show_verdict(verdict, done=actions[number].says if number < len(actions) else "")


def _show_verdict(verdict: Verdict, *, done: str) -> None:
    out = console()
    target = verdict.target
    colour = COLOUR[verdict.outcome]
    where = f"{target.team}/{target.service} in {target.environment}"
    out.print(f"[bold {colour}]{verdict.outcome.value.upper()}[/] {escape(where)}")
    out.print(escape(shown(verdict.headline, most=LONGEST)))
    for name, lines in _lists(verdict):
        out.print(f"[bold]{name}[/]")
        for line in lines:
            out.print(f"  {escape(shown(line, most=LONGEST))}")
    if done:
        out.print(f"[bold]Done[/]\n  {escape(shown(done, most=LONGEST))}")
    if verdict.next:
        out.print(f"[bold]Next[/]\n  {escape(shown(verdict.next, most=LONGEST))}")


def _lists(verdict: Verdict) -> list[tuple[str, list[str]]]:
    measures = verdict.assessment.measures if verdict.assessment else ()
    evidence = [line for cause in verdict.causes for line in cause.evidence]
    others = [f"{cause.title}: {cause.hint}" for cause in verdict.causes[1:]]
    found = [
        ("Measured", [each.says for each in measures if each.says]),
        ("Evidence", evidence),
        ("Or else", others),
        ("Changed in this commit", [says(each) for each in verdict.changes[:20]]),
        ("What is missing", [f"{each.message}; {each.hint}" for each in verdict.reasons if each.hint]),
    ]
    return [(name, lines) for name, lines in found if lines]


def show_backtests(found: Sequence[tuple[Target, Backtest]], notes: Sequence[Diagnostic]) -> None:
    """Print how often services would have alarmed without a deploy, and when."""
    print_diagnostics(notes)
    for target, done in found:
        say(_advice(target, done))
        for alarm in done.alarms:
            at = datetime.fromtimestamp(alarm.at, tz=UTC).isoformat(timespec="minutes")
            say(f"  {at} {alarm.outcome}: {alarm.bad:g} of {alarm.total:g}, {alarm.before:.2%} before")


def _advice(target: Target, done: Backtest) -> str:
    where = f"{target.team}/{target.service} in {target.environment}"
    if not done.tried:
        return f"{where}: nothing to try in the last {done.hours:g} h{f': {done.note}' if done.note else ''}"
    said = f"{where}: of {done.tried} moments without a deploy in the last {done.hours:g} h"
    fails, warns = done.count("fail"), done.count("warn")
    counted = f"{said}, {fails} would have been FAIL and {warns} WARN"
    advice = "automatic rollback would have done harm" if fails else "nothing would have been taken back for nothing"
    return f"{counted}: {advice}{f' ({done.note})' if done.note else ''}"
