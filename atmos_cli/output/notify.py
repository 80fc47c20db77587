"""Sends verdicts to a chat and to the summary of a CI job. That it fails never changes a verdict."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import AtmosError, Diagnostic

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from atmos_cli.verify.model import Verdict


def require_channels(webhook: str | None, summary: Path | None) -> None:
    """Raise ATM816 without a URL to post to, ATM611 without a place for the summary: before minutes of watching."""
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


def notify(verdicts: Sequence[Verdict], webhook: str | None, summary: Path | None) -> tuple[Diagnostic, ...]:
    """Send the verdicts, and return what could not be sent."""
    from atmos_cli.adapters.lock import cannot_write
    from atmos_cli.adapters.webhook import post
    from atmos_cli.output.chat import chat
    from atmos_cli.output.markdown import verdict_comment

    found: list[Diagnostic] = []
    if summary and verdicts:
        try:
            with summary.open("a", encoding="utf-8") as file:
                file.write(f"{verdict_comment(verdicts)}\n")
        except OSError as error:
            found += cannot_write(summary, error).diagnostics
    if webhook and verdicts:
        try:
            post(webhook, chat(verdicts), environ=os.environ)
        except AtmosError as error:
            found += error.diagnostics
    return tuple(found)
