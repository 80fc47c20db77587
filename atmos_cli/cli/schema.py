"""`atmos schema …`."""

from __future__ import annotations

import json

import typer

app = typer.Typer(help="JSON Schemas for editors.", no_args_is_help=True)


@app.callback()
def main() -> None:
    pass


@app.command(help="Print the JSON Schema of service.yaml.")
def spec() -> None:
    from atmos_cli.spec.spec_schema import spec_json_schema

    print(json.dumps(spec_json_schema(), indent=2, sort_keys=True, ensure_ascii=False))
