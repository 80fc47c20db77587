"""`atmos budget init` and `atmos budget rightsize`: the two that can write."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from atmos_cli.cli.options import DryRun, Output, RepoDir, Team, Write, Yes, interactive, start
from atmos_cli.output.say import say, say_json

if TYPE_CHECKING:
    from atmos_cli.commands.rightsize import Rightsizing


def init(
    environment: Annotated[
        list[str] | None, typer.Argument(metavar="[ENV]...", help="Only these environments.")
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="Suggest new limits where there is a budget already, too.")
    ] = False,
    repo: RepoDir = None,
    write: Write = None,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.budget_init import execute_budgets, plan_budgets
    from atmos_cli.gitops.repository import open_repository

    plan = plan_budgets(open_repository(start(repo), writes=not dry_run), tuple(environment or ()), replace=replace)
    if output == "text":
        for name in plan.kept:
            say(f"{name} has a budget already; `--replace` suggests new limits for it")
        for name, budget in plan.budgets.items():
            say(f"{name}: {', '.join(f'{key} {limit.limit}' for key, limit in budget.limits.items())}")
    written = None
    if plan.changes.files and not dry_run:
        if interactive(output) and not yes:
            typer.confirm("Write this?", default=True, abort=True)
        elif not yes and output == "text":
            from atmos_cli.diagnostics import Code, fail

            raise fail(Code.USAGE, "this is no terminal, so atmos cannot ask", hint="add `--yes`, or `--dry-run`")
        written = execute_budgets(plan, mode=write)
    if output == "json":
        from atmos_cli.cli.envelope import envelope

        limits = {
            name: {key: limit.limit for key, limit in budget.limits.items()} for name, budget in plan.budgets.items()
        }
        data = {"limits": limits, "kept": list(plan.kept), "written": written.data() if written else None}
        say_json(envelope("budget init", data=data, diagnostics=written.notes if written else ()))
    elif written is not None:
        from atmos_cli.cli.text import print_diagnostics

        print_diagnostics(written.notes)
        say(f"Wrote {', '.join(written.paths)}; then run `atmos init`, which renews the quotas")


def rightsize(
    service: Annotated[str, typer.Argument(help="The service, as NAME or TEAM/NAME.")],
    from_: Annotated[
        Path | None, typer.Option("--from", metavar="FILE", help="Measured use by container, JSON or YAML.")
    ] = None,
    prometheus: Annotated[str | None, typer.Option(metavar="URL", help="Ask this Prometheus.")] = None,
    env: Annotated[str | None, typer.Option("--env", "-e", metavar="ENV", help="Where the use was measured.")] = None,
    days: Annotated[int, typer.Option(min=1, max=90, help="How far to look back.")] = 14,
    team: Team = None,
    apply: Annotated[bool, typer.Option("--write", help="Change service.yaml.")] = False,
    repo: RepoDir = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.rightsize import apply_rightsizing
    from atmos_cli.commands.rightsize import rightsize as usecase
    from atmos_cli.gitops.repository import open_repository

    repository = open_repository(start(repo), writes=apply)
    found = usecase(repository, service, team=team, file=from_, prometheus=prometheus, environment=env, days=days)
    if apply and found.changes.files:
        apply_rightsizing(repository, found)
    if output == "json":
        from atmos_cli.cli.envelope import envelope

        say_json(envelope("budget rightsize", data=_data(found, applied=apply)))
    else:
        _print(found, applied=apply)
    raise typer.Exit(1 if found.suggestion.problem else 0)


def _data(found: Rightsizing, *, applied: bool) -> dict[str, Any]:
    given = not found.suggestion.problem
    return {
        "service": found.service,
        "cpu": str(found.suggestion.cpu) if given else None,
        "memory": str(found.suggestion.memory) if given else None,
        "reason": found.suggestion.reason or None,
        "problem": found.suggestion.problem or None,
        "notes": list(found.notes),
        "saves": [{"environment": e, "dimension": d, "amount": str(a)} for e, d, a in found.saves],
        "written": sorted(found.changes.files) if applied else [],
    }


def _print(found: Rightsizing, *, applied: bool) -> None:
    from atmos_cli.budget.dimensions import amount_text

    if found.suggestion.problem:
        say(f"no suggestion for {found.service}: {found.suggestion.problem}")
        return
    say(f"{found.service}: cpu {found.suggestion.cpu}, memory {found.suggestion.memory}")
    say(f"  {found.suggestion.reason}")
    for environment, dimension, amount in found.saves:
        verb = "saves" if amount.nano >= 0 else "adds"
        text = amount_text(dimension, amount if amount.nano >= 0 else amount * -1, currency=found.currency)
        say(f"  {environment}: {verb} {dimension} {text}")
    for note in found.notes:
        say(f"  note: {note}")
    paths = ", ".join(found.changes.files)
    say(f"Changed {paths}" if applied else f"`--write` changes {paths}")
