"""The meaning of every code, from `codes.md`, which is part of the package."""

from __future__ import annotations

import difflib
import re
from importlib import resources

from atmos_cli.diagnostics import Code, fail

HEADING = re.compile(r"^## (ATM\d{3}) ?(.*)$", re.MULTILINE)


def explained(code: str) -> list[tuple[str, str, str]]:
    """Return (code, title, text) of one code, by number or name, or of `all`. Raises ATM901 for an unknown one."""
    sections = _sections()
    if code == "all":
        return sections
    wanted = code.strip().upper()
    found = [each for each in sections if wanted in (each[0], each[1].upper())]
    if not found:
        close = difflib.get_close_matches(wanted, [each[0] for each in sections], n=1)
        hint = f"did you mean {close[0]}?" if close else "see `atmos explain all`"
        raise fail(Code.USAGE, f"there is no code `{code}`", hint=hint)
    return found


def _sections() -> list[tuple[str, str, str]]:
    text = resources.files("atmos_cli").joinpath("codes.md").read_text(encoding="utf-8")
    parts = HEADING.split(text)
    return sorted((parts[i], parts[i + 1].strip(), parts[i + 2].strip()) for i in range(1, len(parts), 3))
