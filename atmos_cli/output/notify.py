"""Sends verdicts to a chat and to the summary of a CI job. That it fails never changes a verdict."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from atmos_cli.diagnostics import AtmosError, Diagnostic
from atmos_cli.output.sections import LONGEST, LONGEST_LINE, SIGN
from atmos_cli.verify.masking import shown

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from atmos_cli.verify.model import Verdict


def require_channels(webhook: str | None, summary: Path | None) -> None:
    """Check the URL (raises ATM816) and the place of the summary (raises ATM611) before minutes of watching."""
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


def chat(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """Return the body of a Slack-compatible webhook: also what Mattermost, Rocket.Chat and Discord (`/slack`) take."""
    lines = []
    for each in verdicts:
        title = f"{SIGN[each.outcome]} *{each.target.service}* in *{each.target.environment}*: {each.outcome.value}"
        lines.append(f"{title}\n{_slack(each.headline)}")
        if each.next:
            lines.append(f"`{shown(each.next).replace('`', '')}`")
    return {"text": "\n".join(lines)[:LONGEST]}


def _slack(text: str) -> str:
    return shown(text, most=LONGEST_LINE).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
