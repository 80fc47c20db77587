"""Who else hears of a verdict: a chat, and the summary of a CI job. That it was not heard never changes the verdict."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from atmos_cli.verify.model import Verdict


def require(webhook: str | None, summary: Path | None) -> None:
    """Before minutes of watching: raises ATM816 without a URL to post to, ATM611 without a place for the summary."""
    from atmos_cli.adapters.lock import cannot_write
    from atmos_cli.adapters.webhook import address

    problems: list[Diagnostic] = []
    if webhook:
        try:
            address(webhook, environ=os.environ)
        except AtmosError as error:
            problems += error.diagnostics
    if summary:
        try:
            summary.open("a", encoding="utf-8").close()
        except OSError as error:
            problems += cannot_write(summary, error).diagnostics
    if problems:
        raise AtmosError(*problems)


def tell(verdicts: Sequence[Verdict], webhook: str | None, summary: Path | None) -> tuple[Diagnostic, ...]:
    """What could not be told, after all."""
    from atmos_cli.adapters.lock import cannot_write
    from atmos_cli.adapters.webhook import post
    from atmos_cli.verify.report import chat, markdown

    found: list[Diagnostic] = []
    if summary and verdicts:
        try:
            with summary.open("a", encoding="utf-8") as file:
                file.write(f"{markdown(verdicts)}\n")
        except OSError as error:
            found += cannot_write(summary, error).diagnostics
    if webhook and verdicts:
        try:
            post(webhook, chat(verdicts), environ=os.environ)
        except AtmosError as error:
            found += error.diagnostics
    return tuple(found)
