"""`atmos rollback`."""

from __future__ import annotations

import difflib
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from atmos_cli.cli.options import DryRun, Output, RepoDir, Team, Write, Yes, interactive, start
from atmos_cli.output.say import say, say_json

if TYPE_CHECKING:
    from atmos_cli.commands.rollback import RolledBack
    from atmos_cli.history.rollback_plan import RollbackPlan

Commit = Annotated[
    str | None, typer.Option("--commit", help="The bad commit (default: the newest that changed the service there).")
]
To = Annotated[
    str | None, typer.Option("--to", metavar="COMMIT", help="The state to restore (default: last verified).")
]


def rollback(
    service: Annotated[str, typer.Argument(help="The service, as NAME or TEAM/NAME.")],
    env: Annotated[str, typer.Option("--env", "-e", metavar="ENV", help="The environment.")],
    team: Team = None,
    commit: Commit = None,
    to: To = None,
    reason: Annotated[str, typer.Option(help="Why; it stands in the commit.")] = "",
    all_environments: Annotated[
        bool, typer.Option("--all-environments", help="Restore files that other environments share as well.")
    ] = False,
    overlay_only: Annotated[
        bool, typer.Option("--overlay-only", help="Leave shared files as they are, even if the state is then mixed.")
    ] = False,
    migrations_compatible: Annotated[
        bool, typer.Option("--migrations-compatible", help="The old code runs on the database as it is now.")
    ] = False,
    accept_data_loss: Annotated[
        bool, typer.Option("--accept-data-loss", help="Volumes, databases or namespaces may be removed.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Restore even an image that was rolled back before.")] = False,
    repo: RepoDir = None,
    write: Write = None,
    branch: Annotated[str | None, typer.Option(help="The branch to make with `--write branch`.")] = None,
    push: Annotated[bool | None, typer.Option("--push/--no-push", help="Push the commit or branch to origin.")] = None,
    with_diff: Annotated[bool, typer.Option("--diff", help="Show what changes in every file.")] = False,
    yes: Yes = False,
    dry_run: DryRun = False,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.rollback import execute_rollback
    from atmos_cli.gitops.repository import open_repository
    from atmos_cli.history.rollback_plan import Ask, plan_rollback
    from atmos_cli.verify.rollback import Allowed

    allowed = Allowed(all_environments, overlay_only, migrations_compatible, accept_data_loss, force)
    ask = Ask(service, env, team, commit, to, reason, "", write, branch, push, allowed)
    plan = plan_rollback(open_repository(start(repo), writes=not dry_run), ask)
    if output == "text":
        _show(plan, with_diff=with_diff)
    done = None
    if not plan.refused and not dry_run:
        if interactive(output) and not yes:
            typer.confirm("Write this?", default=True, abort=True)
        elif not yes and output == "text":
            from atmos_cli.diagnostics import Code, fail

            raise fail(Code.USAGE, "this is no terminal, so atmos cannot ask", hint="add `--yes`, or `--dry-run`")
        done = execute_rollback(plan)
    _finish(plan, done, output=output)


def _show(plan: RollbackPlan, *, with_diff: bool) -> None:
    from atmos_cli.cli.text import print_diagnostics, summary

    team, service, environment = plan.ground.deployment
    changes = plan.changes
    removed = sum(data is None for data in changes.files.values())
    rows = {
        "takes back": plan.choice.commit[:10],
        "restores": f"{plan.choice.restores[:10]}: {plan.state[0].lower()}{plan.state[1:]}",
        "files": f"{len(changes.modified)} changed, {len(changes.added)} added, {removed} removed",
        "objects": ", ".join(f"{key}{' (removed)' * (key in plan.plan.removed)}" for key in plan.plan.changed),
        "also changes": ", ".join(plan.plan.environments),
        "marks as bad": ", ".join(plan.plan.images),
    }
    say(f"Roll back {team}/{service} in {environment}")
    for topic, value in rows.items():
        if value:
            say(f"  {topic:13} {value}")
    if with_diff:
        for line in _diff(plan):
            say(line)
    say(f"Checks  {summary(plan.diagnostics)}")
    sys.stdout.flush()
    print_diagnostics(plan.repository.recovered)
    print_diagnostics(plan.diagnostics)


def _diff(plan: RollbackPlan) -> list[str]:
    found: list[str] = []
    for path, data in sorted(plan.changes.files.items()):
        old = (plan.changes.before.get(path) or b"").decode("utf-8", "replace").splitlines()
        new = (data or b"").decode("utf-8", "replace").splitlines()
        found += [_plain(line) for line in difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="")]
    return found


def _plain(line: str) -> str:
    return "".join(c if c.isprintable() or c == "\t" else "\N{REPLACEMENT CHARACTER}" for c in line)


def _finish(plan: RollbackPlan, done: RolledBack | None, *, output: str) -> None:
    code = 1 if plan.refused else 0
    if output == "json":
        from atmos_cli.cli.envelope import envelope

        data = {
            **(done.plan if done else plan).data(),
            "written": done.written.data() if done else None,
            "next": [{"topic": topic, "step": step} for topic, step in done.next] if done else [],
        }
        notes = (*done.written.notes, *done.notes) if done else ()
        diagnostics = (*plan.repository.recovered, *(done.plan if done else plan).diagnostics, *notes)
        say_json(envelope("rollback", data=data, diagnostics=diagnostics, exit_code=code))
    elif done:
        from atmos_cli.cli.show import show_next, show_written
        from atmos_cli.cli.text import print_diagnostics

        show_written(done.written)
        print_diagnostics(done.notes)
        show_next(done.next)
    elif plan.refused:
        say("Nothing was written")
    raise typer.Exit(code)
