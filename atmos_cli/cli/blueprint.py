"""`atmos blueprint …`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

import typer

from atmos_cli.cli.options import Output, RepoDir, start
from atmos_cli.output.json.envelope import answer
from atmos_cli.output.say import say_document

app = typer.Typer(help="Start, list, show, lint and test blueprints.", no_args_is_help=True)

Kind = Literal["workload", "addon"]
Directory = Annotated[
    Path | None,
    typer.Option("--from", metavar="DIR", help="A directory of blueprints of your own, before the bundled ones."),
]


@app.callback()
def main() -> None:
    pass


@app.command("list", help="List every blueprint with its version and summary.")
def list_(repo: RepoDir = None, source: Directory = None, output: Output = "text") -> None:
    from atmos_cli.commands.blueprint import opened
    from atmos_cli.output.json.repo import blueprint_data
    from atmos_cli.output.text.repo import show_blueprints

    catalogue, _ = opened(start(repo), source)
    found = [catalogue.get(name).manifest for name in catalogue.names()]
    if output == "json":
        answer("blueprint list", data={"blueprints": [blueprint_data(each) for each in found]})
    else:
        show_blueprints(found)


@app.command(help="Start a blueprint of your own, which passes lint and test as it is.")
def new(
    name: Annotated[str, typer.Argument(help="Its name, which is also its directory.")],
    kind: Annotated[Kind, typer.Option("--kind", help="A type of service, or what joins one.")] = "workload",
    repo: RepoDir = None,
    source: Directory = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands.blueprint import opened
    from atmos_cli.commands.blueprint_new import execute_blueprint, new_blueprint
    from atmos_cli.output.text.repo import show_new_blueprint

    made = new_blueprint(name, kind, opened(start(repo), source)[0])
    files = execute_blueprint(made, start(repo), source)
    if output == "json":
        answer("blueprint new", data={"blueprint": name, "kind": kind, "files": files})
    else:
        show_new_blueprint(name, files, source)


@app.command(help="Print the objects that a blueprint makes of an example service.")
def show(
    name: Annotated[str, typer.Argument(help="The blueprint.")],
    with_: Annotated[list[str] | None, typer.Option("--with", metavar="ADDON", help="An add-on to join.")] = None,
    env: Annotated[str | None, typer.Option("--env", "-e", help="The environment (default: the first).")] = None,
    repo: RepoDir = None,
    source: Directory = None,
) -> None:
    from atmos_cli.commands.blueprint import opened, shown

    catalogue, config = opened(start(repo), source)
    environment = config.named((env,) if env else ())[0]
    say_document(shown(catalogue, name, addons=tuple(with_ or ()), environment=environment, config=config))


@app.command(help="Find undefined names, examples that fail the checks, and fields that belong to an environment.")
def lint(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Blueprints (default: all).")] = None,
    repo: RepoDir = None,
    source: Directory = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands import blueprint as command
    from atmos_cli.output.text.repo import show_lint

    catalogue, _ = command.opened(start(repo), source)
    wanted = tuple(names or catalogue.names())
    found = [each for name in wanted for each in command.lint(catalogue, name)]
    code = 1 if found else 0
    if output == "json":
        answer("blueprint lint", data={"blueprints": list(wanted)}, diagnostics=found, exit_code=code)
    else:
        show_lint(wanted, found)
    raise typer.Exit(code)


@app.command("test", help="Run the golden cases of blueprints.")
def run_cases(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Blueprints (default: all).")] = None,
    update: Annotated[bool, typer.Option("--update", help="Accept what the blueprints give now.")] = False,
    repo: RepoDir = None,
    source: Directory = None,
    output: Output = "text",
) -> None:
    from atmos_cli.commands import blueprint as command
    from atmos_cli.diagnostics import errors
    from atmos_cli.output.text.repo import show_cases

    catalogue, _ = command.opened(start(repo), source)
    # Only the user's own are rewritten: those that came with atmos are not to be changed here.
    wanted = names or (catalogue.layers[-1].names if update else catalogue.names())
    results = [each for name in wanted for each in command.run_cases(catalogue, name, update=update)]
    if update:
        command.accept(results, catalogue, start(repo), source)
    found = [diagnostic for each in results for diagnostic in each.diagnostics]
    code = 1 if errors(found) else 0
    if output == "json":
        data = {"cases": [{"blueprint": each.blueprint, "case": each.case} for each in results]}
        answer("blueprint test", data=data, diagnostics=found, exit_code=code)
    else:
        show_cases(results)
    raise typer.Exit(code)
