"""`atmos recover`: finishes or takes back what a killed write left, as every command that writes does first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.adapters import transaction
from atmos_cli.adapters.files import find_root
from atmos_cli.adapters.lock import held, place_of
from atmos_cli.diagnostics import Code, fail

if TYPE_CHECKING:
    from pathlib import Path

    from atmos_cli.diagnostics import Diagnostic


def recover(start: Path) -> tuple[Diagnostic, ...]:
    """Repair what a killed write left around `start`, which need not be a whole repo yet; return what was done, if any.

    Raises ATM601 when there is no such directory, ATM612 while another atmos is writing there.
    """
    if not start.is_dir():
        raise fail(Code.REPO_MISSING, f"there is no directory {start}", hint="name the GitOps repo: `--repo DIR`")
    root = find_root(start) or start
    notes = transaction.recover(root)
    if not notes and held(place_of(root)):
        raise fail(
            Code.WRITE_BUSY,
            f"another atmos is writing to {root}, and puts right what it finds",
            hint="wait until it has finished, then run the command again",
        )
    return notes
