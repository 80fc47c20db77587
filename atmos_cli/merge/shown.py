"""Values of a merge as people read them: as YAML has them, on one line and no longer than that."""

from __future__ import annotations

from typing import Any

from atmos_cli.merge.model import MISSING
from atmos_cli.yamlio.written import FlowStyle, flow_text

WIDTH = 60


def shown_value(value: Any) -> str:
    """Return a value as YAML on one line, cut where it is long; `nothing` for what is not there."""
    if value is MISSING:
        return "nothing"
    text = flow_text(value, FlowStyle())
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
