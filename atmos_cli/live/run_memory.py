"""What a killed verification needs to go on, in the repo's Git directory: never in the checkout, never in a commit."""

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

# A run that was left alone for longer is begun anew: its pods and metrics are others by now.
OLDEST_SECONDS = 7200.0


class RunMemory:
    """One file per deployment and commit. A memory that cannot be read is none; one that cannot be written is not."""

    def __init__(self, git_dir: Path) -> None:
        self._directory = git_dir / "atmos-cli" / "verify"

    def load(self, target: Target, commit: str, *, now: float) -> Progress | None:
        """None when there is none, it is too old, or it had ended."""
        try:
            told = json.loads(self._path(target, commit).read_bytes())
            progress = Progress(
                phase=Phase(told["phase"]),
                began=float(told["began"]),
                since=float(told["since"]),
                settled=float(told["settled"]),
                restarts=int(told["restarts"]),
                returns=int(told["returns"]),
                unavailable=float(told["unavailable"]),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None
        fresh = 0 <= now - progress.began <= OLDEST_SECONDS
        return progress if fresh and progress.phase is not Phase.DONE else None

    def save(self, target: Target, commit: str, progress: Progress) -> None:
        path = self._path(target, commit)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            draft.write_text(json.dumps(asdict(progress)))
            draft.replace(path)

    def forget(self, target: Target, commit: str) -> None:
        with suppress(OSError):
            self._path(target, commit).unlink(missing_ok=True)

    def _path(self, target: Target, commit: str) -> Path:
        return self._directory / target.environment / target.team / target.service / f"{commit}.json"
