"""`atmos explain CODE`."""

from __future__ import annotations

from typing import Annotated

import typer

from atmos_cli.cli.options import Output
from atmos_cli.output.say import say_json, say_lines


def explain(
    code: Annotated[str, typer.Argument(metavar="CODE", help="A code such as ATM401; `all` lists them.")],
    output: Output = "text",
) -> None:
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.commands.explain import explained

    found = explained(code)
    if output == "json":
        say_json(envelope("explain", data={"codes": [{"code": c, "title": t, "text": x} for c, t, x in found]}))
        return
    for number, title, text in found:
        say_lines(f"{number} {title}" if code == "all" else f"{number} {title}\n\n{text}")
