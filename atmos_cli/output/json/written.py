"""What was written, for programs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from atmos_cli.gitops.write import Written


def written_data(written: Written | None) -> dict[str, Any] | None:
    """Return where to look at what was written; null when nothing was."""
    if written is None:
        return None
    return {
        "mode": written.mode,
        "paths": list(written.paths),
        "commit": written.commit or None,
        "branch": written.branch or None,
        "pushed": written.pushed,
        "link": written.link or None,
    }
