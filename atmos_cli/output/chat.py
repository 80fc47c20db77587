"""Verdicts as a message in a chat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.output.sections import LONGEST, LONGEST_LINE, SIGN
from atmos_cli.verify.masking import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.verify.model import Verdict


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
