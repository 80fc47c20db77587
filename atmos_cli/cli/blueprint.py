"""`atmos blueprint …`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from atmos_cli.cli.options import Output, RepoDir, start
from atmos_cli.output.say import say, say_document, say_json

if TYPE_CHECKING:
    from atmos_cli.blueprint.catalogue import Catalogue
    from atmos_cli.config import Config

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
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.commands.blueprint import listed

    found = listed(_catalogue(repo, source)[0])
    if output == "json":
        say_json(envelope("blueprint list", data={"blueprints": found}))
        return
    for each in found:
        say(f"{each['name']:<14}{each['kind']:<10}{each['version']:<8}{each['summary']}")


@app.command(help="Start a blueprint of your own, which passes lint and test as it is.")
def new(
    name: Annotated[str, typer.Argument(help="Its name, which is also its directory.")],
    kind: Annotated[Kind, typer.Option("--kind", help="A type of service, or what joins one.")] = "workload",
    repo: RepoDir = None,
    source: Directory = None,
    output: Output = "text",
) -> None:
    from atmos_cli.adapters.bundle import own_place
    from atmos_cli.adapters.transaction import apply
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.commands.blueprint_new import new_blueprint
    from atmos_cli.diagnostics import Code, fail
    from atmos_cli.foreign import shell
    from atmos_cli.result import ChangeSet

    place = own_place(source, start(repo))
    if place is None:
        hint = "run it in a GitOps repo, or name a directory with `--from DIR`"
        raise fail(Code.REPO_MISSING, "there is no place for a blueprint of your own here", hint=hint)
    root, prefix = place
    made = new_blueprint(name, kind, _catalogue(repo, source)[0])
    files = {f"{prefix}{path}": data for path, data in made.items()}
    apply(root, ChangeSet(dict(files), dict.fromkeys(files)))
    if output == "json":
        say_json(envelope("blueprint new", data={"blueprint": name, "kind": kind, "files": sorted(files)}))
        return
    for path in sorted(files):
        say(path)
    told = f" --from {shell(str(source))}" if source else ""
    say(f"change it, then run `atmos blueprint lint {name}{told}` and `atmos blueprint test {name} --update{told}`")


@app.command(help="Print the objects that a blueprint makes of an example service.")
def show(
    name: Annotated[str, typer.Argument(help="The blueprint.")],
    with_: Annotated[list[str] | None, typer.Option("--with", metavar="ADDON", help="An add-on to join.")] = None,
    env: Annotated[str | None, typer.Option("--env", "-e", help="The environment (default: the first).")] = None,
    repo: RepoDir = None,
    source: Directory = None,
) -> None:
    from atmos_cli.commands.blueprint import shown

    catalogue, config = _catalogue(repo, source)
    environment = config.named((env,) if env else ())[0]
    say_document(shown(catalogue, name, addons=tuple(with_ or ()), environment=environment, config=config))


@app.command(help="Find undefined names, examples that fail the checks, and fields that belong to an environment.")
def lint(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Blueprints (default: all).")] = None,
    repo: RepoDir = None,
    source: Directory = None,
    output: Output = "text",
) -> None:
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.cli.text import print_diagnostics, summary
    from atmos_cli.commands import blueprint as usecase

    catalogue, _ = _catalogue(repo, source)
    wanted = tuple(names or catalogue.names())
    found = [each for name in wanted for each in usecase.lint(catalogue, name)]
    code = 1 if found else 0
    if output == "json":
        say_json(envelope("blueprint lint", data={"blueprints": list(wanted)}, diagnostics=found, exit_code=code))
    else:
        print_diagnostics(found)
        say(f"{', '.join(wanted)}: {summary(found)}")
    raise typer.Exit(code)


@app.command("test", help="Run the golden cases of blueprints.")
def run_cases(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Blueprints (default: all).")] = None,
    update: Annotated[bool, typer.Option("--update", help="Accept what the blueprints give now.")] = False,
    repo: RepoDir = None,
    source: Directory = None,
    output: Output = "text",
) -> None:
    from atmos_cli.adapters.bundle import bundled_place, own_place
    from atmos_cli.adapters.transaction import apply
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.cli.text import print_diagnostics
    from atmos_cli.commands import blueprint as usecase
    from atmos_cli.diagnostics import errors
    from atmos_cli.result import ChangeSet

    catalogue, _ = _catalogue(repo, source)
    # Only one's own are rewritten: those that came with atmos are not ours to change here.
    wanted = names or (catalogue.layers[-1].names if update else catalogue.names())
    results = [each for name in wanted for each in usecase.run_cases(catalogue, name, update=update)]
    found = [diagnostic for each in results for diagnostic in each.diagnostics]
    if update:
        root, prefix = own_place(source, start(repo)) or bundled_place()
        own = (each for each in results if catalogue.layers[-1].has(each.blueprint))
        files = {f"{prefix}{path}": data for each in own for path, data in each.updated.items()}
        before = {path: (root / path).read_bytes() if (root / path).is_file() else None for path in files}
        apply(root, ChangeSet(dict(files), before))
    code = 1 if errors(found) else 0
    if output == "json":
        data = {"cases": [{"blueprint": each.blueprint, "case": each.case} for each in results]}
        say_json(envelope("blueprint test", data=data, diagnostics=found, exit_code=code))
    else:
        print_diagnostics(found)
        say(f"{len(results)} cases, {sum(bool(each.diagnostics) for each in results)} failed")
    raise typer.Exit(code)


def _catalogue(repo: Path | None, source: Path | None) -> tuple[Catalogue, Config]:
    """Blueprints of `--from`, else of the repo around, else the bundled ones; and the config they are shown with."""
    from atmos_cli.adapters.bundle import bundled, catalogue, from_directory
    from atmos_cli.adapters.files import DiskTree, find_root
    from atmos_cli.blueprint.catalogue import Catalogue as Found
    from atmos_cli.commands.init import InitOptions, new_config
    from atmos_cli.gitops.repository import config_of

    if source is not None:
        found = Found((bundled(), from_directory(source)))
        return found, new_config(InitOptions(), catalogue=found)
    root = find_root(start(repo))
    if root is None:
        return catalogue(), new_config(InitOptions(), catalogue=catalogue())
    tree = DiskTree(root)
    return catalogue(tree), config_of(tree)
