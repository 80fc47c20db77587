"""Values of a merge as people read them: as YAML has them, on one line and no longer than that."""

from __future__ import annotations

from typing import Any

from atmos_cli.merge.model import MISSING
from atmos_cli.yamlio.written import FlowStyle, flow_text

WIDTH = 60
_SEEN = 20  # of what two long values have in common, before they differ


def shown_value(value: Any) -> str:
    """Return a value as YAML on one line, cut where it is long; `nothing` for what is not there."""
    if value is MISSING:
        return "nothing"
    return _cut(flow_text(value, FlowStyle()))


def shown_change(before: Any, after: Any) -> tuple[str, str]:
    """Return two values as `shown_value` does, but where they are cut, from shortly before they begin to differ."""
    if before is MISSING or after is MISSING:
        return shown_value(before), shown_value(after)
    texts = flow_text(before, FlowStyle()), flow_text(after, FlowStyle())
    pairs = enumerate(zip(*texts, strict=False))
    same = next((at for at, (old, new) in pairs if old != new), min(map(len, texts)))
    if same < WIDTH - _SEEN or max(map(len, texts)) <= WIDTH:
        return _cut(texts[0]), _cut(texts[1])
    start = same - _SEEN
    return _cut(f"…{texts[0][start:]}"), _cut(f"…{texts[1][start:]}")


def _cut(text: str) -> str:
    return text if len(text) <= WIDTH else f"{text[: WIDTH - 1]}…"
