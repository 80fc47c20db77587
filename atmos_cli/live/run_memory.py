"""The saved state of a verification, so that a killed one can go on. Kept in the Git directory, never in a commit."""

from __future__ import annotations

import json
import os
from contextlib import suppress
from dataclasses import asdict
from typing import TYPE_CHECKING

from atmos_cli.verify.machine import Phase, Progress

if TYPE_CHECKING:
    from pathlib import Path

    from atmos_cli.verify.model import Target

# A run that was left alone for longer starts again: its pods and metrics are others by now.
OLDEST_SECONDS = 7200.0


class RunMemory:
    """One file per deployment and commit. A file that cannot be read or written counts as if there were none."""

    def __init__(self, git_dir: Path) -> None:
        self._directory = git_dir / "atmos-cli" / "verify"

    def load(self, target: Target, commit: str, *, now: float) -> Progress | None:
        """Return the saved progress; None when there is none, it is too old, or the run had ended."""
        try:
            saved = json.loads(self._path(target, commit).read_bytes())
            progress = Progress(
                phase=Phase(saved["phase"]),
                began=float(saved["began"]),
                since=float(saved["since"]),
                settled=float(saved["settled"]),
                restarts=int(saved["restarts"]),
                returns=int(saved["returns"]),
                unavailable=float(saved["unavailable"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        fresh = 0 <= now - progress.began <= OLDEST_SECONDS
        return progress if fresh and progress.phase is not Phase.DONE else None

    def save(self, target: Target, commit: str, progress: Progress) -> None:
        """Save the progress of a run; does nothing when it cannot be written."""
        path = self._path(target, commit)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.write_text(json.dumps(asdict(progress)))
            draft.replace(path)

    def forget(self, target: Target, commit: str) -> None:
        """Delete the saved progress of a run."""
        with suppress(OSError):
            self._path(target, commit).unlink(missing_ok=True)

    def _path(self, target: Target, commit: str) -> Path:
        return self._directory / target.environment / target.team / target.service / f"{commit}.json"
