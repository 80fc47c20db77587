"""`atmos schema …`."""

from __future__ import annotations

import typer

from atmos_cli.output.say import dumped, say_json

app = typer.Typer(help="JSON Schemas for editors.", no_args_is_help=True)


@app.callback()
def main() -> None:
    pass


@app.command(help="Print the JSON Schema of service.yaml.")
def spec() -> None:
    from atmos_cli.spec.spec_schema import spec_json_schema

    say_json(dumped(spec_json_schema(), indent=2))
