"""Builds the Typer app. Command modules import only Typer; everything heavy is imported when a command runs."""

from __future__ import annotations

import sys
from copy import copy
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.main import get_command

from atmos_cli import __version__
from atmos_cli.cli import (
    approve,
    blueprint,
    budget,
    change,
    deploy,
    explain,
    init,
    list_services,
    new,
    new_place,
    outdated,
    promote,
    recover,
    remove,
    rename,
    render,
    rollback,
    schema,
    status,
    tree,
    update,
    verify,
)
from atmos_cli.cli.examples import examples_of
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.output.say import say, styled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

# Typer does not export the class that it raises for an unknown option or command.
UsageError: type[typer.BadParameter] = typer.BadParameter.__mro__[1]

INTERRUPTED = 130

app = typer.Typer(
    name="atmos",
    help="From a short sentence to a validated, budgeted change in a GitOps repo that Argo CD and Flux can sync.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _show_version(wanted: bool) -> None:
    """Print the version, called for the option itself: the group's own function runs only when there is a command."""
    if wanted:
        say(f"atmos-cli {__version__} (https://pypi.org/project/atmos-cli)")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", is_eager=True, callback=_show_version)
    ] = False,
) -> None:
    pass


app.command(
    "init",
    help="Make a GitOps repo that Argo CD and Flux can start from, or complete one.\n"
    "\n"
    "What people changed stays as it is. Run it again after editing atmos-cli.yaml or a budget, or to add a team.",
)(init.init)
new.app.command(
    "environment", help="Add an environment: its settings, its budget, what `init` makes, and its services."
)(new_place.environment)
new.app.command("team", help="Add a team: its tenant in every environment.")(new_place.team)
new.app.command("cluster", help="Add a cluster, on which environments can be put.")(new_place.cluster)
app.add_typer(new.app, name="new")
app.command("list", help="List services by environment: image, replicas, blueprints, and what is to be updated.")(
    list_services.list_services
)
app.add_typer(remove.app, name="remove")
app.command(
    "rename", help="Give a service another name: a new one beside the old, where no data and no caller is left behind."
)(rename.rename)
app.command(
    "change",
    help="Change a service: words and flags as for a new one, what to remove, and `in ENV` for one environment.\n"
    "\n"
    "Edits service.yaml, updates all files, and asks once.",
)(change.change)
app.command(
    "update",
    help="Take an edited service.yaml, an edited atmos-cli.yaml or newer blueprints into the files.\n"
    "\n"
    "What people changed in the files stays; a field that both changed is a conflict, and nothing is written.",
)(update.update)
app.command(
    "outdated",
    help="Say what in the repo is behind today, and which of it `atmos update` takes along; exit 1 when something is.",
)(outdated.outdated)


@app.command(
    "validate",
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_extra_args": True},
    help="Check everything about the repo that can be known offline.",
)
def validate(context: typer.Context) -> None:
    from atmos_cli.cli.validate import validate as run_validate

    raise typer.Exit(run_validate(context.args))


app.command("render", help="Print the effective manifests of a service: what an engine would apply.")(render.render)
app.command("diff", help="Show what the checkout changes in each environment, against the base branch.")(render.diff)
app.command(
    "deploy", help="Put the next image of a service into an environment: what a pipeline calls after its build."
)(deploy.deploy)
app.command("promote", help="Bring what runs and was found good in one environment into the next one.")(promote.promote)
app.command(
    "rollback",
    help="Take a deployment back: a commit that restores one service in one environment to its last verified state.",
)(rollback.rollback)
app.command(
    "recover", help="Finish or take back what an atmos that was killed in the middle of a write left half done."
)(recover.recover)
app.command(
    "status", help="Show what is wanted, live and healthy: exit 0 when all is, 1 when not, 2 when nothing can be asked."
)(status.status)
app.command(
    "tree",
    help="Show every object of a service, as its clusters have it: exit 0 when all are healthy, 1 when one is not.",
)(tree.tree)
app.command("explain", help="Say what a code means, why it matters and how to mend it.")(explain.explain)
app.add_typer(verify.app, name="verify")
app.add_typer(approve.app, name="approve")
app.add_typer(budget.app, name="budget")
app.add_typer(blueprint.app, name="blueprint")
app.add_typer(schema.app, name="schema")


@cache
def _command(name: str = "") -> Any:
    """Return the whole program, with only the one command of this name where there is such a one.

    Typer reads the signatures of all that are in it. Several command lines in one process share the result.
    """
    commands = [each for each in app.registered_commands if each.name == name]
    groups = [each for each in app.registered_groups if each.name == name]
    part = copy(app)
    if commands or groups:
        part.registered_commands, part.registered_groups = commands, groups
    return _adapted(get_command(part))


def run(args: Sequence[str]) -> int:
    """Run one command line and return its exit status; usage errors are diagnostics like all others."""
    try:
        result = _command(_first(args))(args=list(args), prog_name="atmos", standalone_mode=False)
    except UsageError as error:
        if not error.format_message():  # a group without a command: its help was shown, and says it all
            return 2
        raise _explained(error) from None
    except typer.Exit as stop:
        return stop.exit_code
    except SystemExit:
        # Typer ends the process itself, and only then, when the reader of standard output has gone.
        raise BrokenPipeError from None
    except typer.Abort:
        say("nothing was written", to=sys.stderr)
        return 130
    if result == INTERRUPTED:
        raise KeyboardInterrupt  # as it was before Typer made a status of it
    return result if isinstance(result, int) else 0


def _first(args: Sequence[str]) -> str:
    return args[0] if args else ""


def output_of(args: Sequence[str]) -> str:
    """Return what `--output` says in a command line that may be wrong elsewhere, as the parser of its command reads it.

    An empty text when it says nothing. Commands that have no such option, or do not exist, are read as if they had one.
    """
    command, rest = _command(_first(args)), list(args)
    while below := getattr(command, "commands", {}):
        if rest[:1] and rest[0] in below:
            command, rest = below[rest[0]], rest[1:]
        elif hasattr(command, "default"):
            command = below[command.default]
        else:
            break
    context = command.context_class(
        command, resilient_parsing=True, ignore_unknown_options=True, allow_interspersed_args=True
    )
    parser = command.make_parser(context)
    if all(each.name != "output" for each in command.params):
        parser.add_option(None, ["--output", "-o"], "output")
    return str(parser.parse_args(rest)[0].get("output", ""))


def _adapted(command: Any) -> Any:
    """Return the command with help and short options as atmos has them, and so all below it.

    Help is coloured by Typer's own console, and holds nothing but atmos's own words.
    """
    command.format_help = styled(_with_examples(command.format_help))
    command.make_parser = _like_argparse(command.make_parser)
    for below in getattr(command, "commands", {}).values():
        _adapted(below)
    return command


def _with_examples(show: Callable[[Any, Any], None]) -> Callable[[Any, Any], None]:
    """Return `show` with the examples of the command behind its help."""

    def shown(context: Any, formatter: Any) -> None:
        show(context, formatter)
        if found := examples_of(context.command_path):
            say("Examples:")
            for each in found:
                say(f"  {each}")

    return shown


def _like_argparse(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return `make`, whose parsers read `-o=json` as `-o json`, as argparse does for `validate`, and kubectl."""

    def made(context: Any) -> Any:
        parser = make(context)
        match = parser._match_short_opt  # noqa: SLF001 - Typer has no other place for it

        def short(arg: str, state: Any) -> None:
            match(arg[:2] + arg[3:] if arg[2:3] == "=" else arg, state)

        parser._match_short_opt = short  # noqa: SLF001
        return parser

    return made


def _explained(error: typer.BadParameter) -> AtmosError:
    message = error.format_message()
    path = error.ctx.command_path if error.ctx else "atmos"
    message = message.replace("Value error, ", "")
    text = f"{message[:1].lower()}{message[1:]}".rstrip(".")
    return fail(Code.USAGE, text, hint=f"see `{path} --help`")
