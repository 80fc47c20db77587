"""What the runs measured, for the table in docs/frameworks.md: `ATMOS_RUNTIMES_FIGURES=1` keeps it in the blueprints."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load
from tests.blueprint.matrix import ROOT

if TYPE_CHECKING:
    from tests.runtimes.cases import Case

FILE = ROOT / "tests" / "runtimes" / "figures.yaml"


def keep(case: Case, *, started: float, memory: int, stopped: float, version: str) -> None:
    """Write the figures of one case where they are asked for; else they are nobody's business."""
    if os.environ.get("ATMOS_RUNTIMES_FIGURES") != "1":
        return
    found = known()
    found[case.name] = {
        "framework": case.framework or case.language,
        "size": case.size,
        "startedSeconds": f"{started:.1f}",
        "memoryMi": memory,
        "stoppedSeconds": f"{stopped:.1f}",
        "version": re.sub(r"\s+", " ", version),
    }
    FILE.write_text(emit(dict(sorted(found.items()))))


def known() -> dict[str, dict[str, str | int]]:
    """Return what was measured last, by case."""
    return load(FILE.read_bytes(), path=str(FILE)) if FILE.exists() else {}
