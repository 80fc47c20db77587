"""`atmos explain CODE`."""

from __future__ import annotations

from typing import Annotated

import typer

from atmos_cli.cli import completion
from atmos_cli.cli.options import Output
from atmos_cli.output.json.envelope import answer


def explain(
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE", help="A code such as ATM401; `all` lists them.", autocompletion=completion.codes
        ),
    ],
    output: Output = "text",
) -> None:
    from atmos_cli.commands.explain import explained
    from atmos_cli.output.text.repo import show_codes

    found = explained(code)
    if output == "json":
        answer("explain", data={"codes": [{"code": c, "title": t, "text": x} for c, t, x in found]})
    else:
        show_codes(found, titles_only=code == "all")
