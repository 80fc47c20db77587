"""`atmos recover`."""

from __future__ import annotations

from atmos_cli.cli.options import Output, RepoDir, start
from atmos_cli.output.json.envelope import answer


def recover(repo: RepoDir = None, output: Output = "text") -> None:
    from atmos_cli.commands.recover import recover as put_right
    from atmos_cli.output.text.repo import show_recovered

    notes = put_right(start(repo))
    if output == "json":
        answer("recover", data={"recovered": bool(notes)}, diagnostics=notes)
    else:
        show_recovered(notes)
