"""What is in a repo and how it differs: plain lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.output.say import say, say_lines
from atmos_cli.output.text.diagnostics import print_diagnostics, summary

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.blueprint.manifest import Manifest
    from atmos_cli.commands.blueprint import CaseResult
    from atmos_cli.commands.render import ObjectDiff
    from atmos_cli.diagnostics import Diagnostic


def show_diff(found: Sequence[ObjectDiff]) -> None:
    """Print what changes in each environment, object by object."""
    if not found:
        say("no environment changes")
    for each in found:
        where = f"{each.deployment.environment} {each.deployment.team}/{each.deployment.service}"
        say(f"=== {where}: {each.resource} {each.change}")
        for line in each.lines:
            say(line)


def show_blueprints(found: Sequence[Manifest]) -> None:
    """Print every blueprint in one line."""
    for each in found:
        say(f"{each.name:<14}{each.kind:<10}{each.version:<8}{each.summary}")


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
