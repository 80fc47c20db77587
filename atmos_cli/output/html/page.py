"""Writes a page where the user asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code, fail

if TYPE_CHECKING:
    from pathlib import Path


def write_page(path: Path, text: str) -> None:
    """Write a page to `path`. Raises ATM611 when it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise fail(Code.WRITE_FAILED, f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error
