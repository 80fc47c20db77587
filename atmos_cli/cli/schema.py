"""`atmos schema …`."""

from __future__ import annotations

import typer

from atmos_cli.cli.options import start
from atmos_cli.output.say import dumped, say_json

app = typer.Typer(help="JSON Schemas for editors.", no_args_is_help=True)


@app.callback()
def main() -> None:
    pass


@app.command(help="Print the JSON Schema of service.yaml, with the blueprints of the repo around.")
def spec() -> None:
    from atmos_cli.adapters.bundle import catalogue
    from atmos_cli.adapters.files import DiskTree, find_root
    from atmos_cli.blueprint.nouns import spec_schema

    root = find_root(start(None))
    say_json(dumped(spec_schema(catalogue(DiskTree(root) if root else None)), indent=2))
