"""`atmos recover`."""

from __future__ import annotations

from atmos_cli.cli.options import Output, RepoDir, start


def recover(repo: RepoDir = None, output: Output = "text") -> None:
    """Finish or take back what an atmos that was killed in the middle of a write left half done."""
    from atmos_cli.cli.envelope import envelope
    from atmos_cli.cli.text import print_diagnostics
    from atmos_cli.usecases.recover import recover as usecase

    notes = usecase(start(repo))
    if output == "json":
        print(envelope("recover", data={"recovered": bool(notes)}, diagnostics=notes))
        return
    print_diagnostics(notes)
    if not notes:
        print("nothing to recover: no write was interrupted here")
