"""What is in a repo, is wrong with it and differs: plain lines, since rich would double the time of a hook."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from atmos_cli.foreign import shell
from atmos_cli.output.say import say, say_lines
from atmos_cli.output.text.diagnostics import print_diagnostics, summary

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from atmos_cli.blueprint.manifest import Manifest
    from atmos_cli.commands.blueprint import CaseResult
    from atmos_cli.commands.render import Diff
    from atmos_cli.commands.validate import Validation
    from atmos_cli.diagnostics import Diagnostic
    from atmos_cli.gitops.judging import Judged
    from atmos_cli.gitops.repository import Repository


def show_validation(repository: Repository, found: Validation) -> None:
    """Print every finding to standard output, and how much was looked at."""
    _show_budgets(repository, found.judged)
    print_diagnostics(repository.recovered)
    print_diagnostics(found.diagnostics, to=sys.stdout)
    say(f"{found.files} files, {found.deployments} deployments: {summary(found.diagnostics)}")


def _show_budgets(repository: Repository, judged: Judged) -> None:
    """Print what differs from the base branch or is over; there, also who uses most and what else is coming."""
    for row in judged.rows:
        if row.dimension != "unknown" and (row.before != row.after or row.outcome in ("over", "denied", "approved")):
            amounts = f"{row.text(row.before)} -> {row.text(row.after)} of {row.text(row.limit)}"
            over = f", over by {row.text(row.over_by)}" if row.over_by.nano else ""
            say(f"budget {row.environment}: {row.scope} {row.dimension} {amounts}{over} ({row.outcome})")
    over_in = sorted({row.environment for row in judged.rows if row.outcome in ("over", "denied")})
    if over_in:
        from atmos_cli.commands.budget import pending
        from atmos_cli.output.text.sentences import pending_lines, top_users

        for name in over_in:
            for line in top_users(judged.budgets[name]):
                say(f"budget {name}: {line}")
        for line in pending_lines(pending(repository, over_in)):
            say(f"budget: {line}")


def show_diff(found: Diff) -> None:
    """Print what changes in each environment, object by object, and what that does to what runs."""
    if not found.objects:
        say("no environment changes")
    for each in found.objects:
        where = f"{each.deployment.environment} {each.deployment.team}/{each.deployment.service}"
        say(f"=== {where}: {each.resource} {each.change}")
        for line in each.lines:
            say(line)
    for line in found.effects:
        say(line)


def show_blueprints(found: Sequence[Manifest]) -> None:
    """Print every blueprint in one line."""
    for each in found:
        say(f"{each.name:<14}{each.kind:<10}{each.version:<8}{each.summary}")


def show_new_blueprint(name: str, files: Sequence[str], source: Path | None) -> None:
    """Print the files of a new blueprint, and what to do with them."""
    for path in files:
        say(path)
    origin = f" --from {shell(str(source))}" if source else ""
    say(f"change it, then run `atmos blueprint lint {name}{origin}` and `atmos blueprint test {name} --update{origin}`")


def show_lint(names: Sequence[str], found: Sequence[Diagnostic]) -> None:
    """Print what is wrong with blueprints."""
    print_diagnostics(found)
    say(f"{', '.join(names)}: {summary(found)}")


def show_cases(results: Sequence[CaseResult]) -> None:
    """Print which golden cases failed, and how many ran."""
    print_diagnostics(diagnostic for each in results for diagnostic in each.diagnostics)
    say(f"{len(results)} cases, {sum(bool(each.diagnostics) for each in results)} failed")


def show_codes(found: Sequence[tuple[str, str, str]], *, titles_only: bool) -> None:
    """Print what codes mean."""
    for number, title, text in found:
        say_lines(f"{number} {title}" if titles_only else f"{number} {title}\n\n{text}")


def show_recovered(notes: Sequence[Diagnostic]) -> None:
    """Print what was put right."""
    print_diagnostics(notes)
    if not notes:
        say("nothing to recover: no write was interrupted here")
