"""`atmos recover`."""

from __future__ import annotations

from atmos_cli.cli.options import Output, RepoDir, start


def recover(repo: RepoDir = None, output: Output = "text") -> None:
    from atmos_cli.commands.recover import recover as usecase
    from atmos_cli.output.json.envelope import answer
    from atmos_cli.output.text.repo import show_recovered

    notes = usecase(start(repo))
    if output == "json":
        answer("recover", data={"recovered": bool(notes)}, diagnostics=notes)
    else:
        show_recovered(notes)
