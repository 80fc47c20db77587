"""`atmos recover`."""

from __future__ import annotations

from atmos_cli.cli.options import Output, RepoDir, start
from atmos_cli.output.say import say, say_json


def recover(repo: RepoDir = None, output: Output = "text") -> None:
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.cli.text import print_diagnostics
    from atmos_cli.commands.recover import recover as usecase

    notes = usecase(start(repo))
    if output == "json":
        say_json(envelope("recover", data={"recovered": bool(notes)}, diagnostics=notes))
        return
    print_diagnostics(notes)
    if not notes:
        say("nothing to recover: no write was interrupted here")
