"""Posts a message to a chat's incoming webhook. The URL is a secret: it comes from the environment, never from argv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.deadline import Deadline
from atmos_cli.adapters.http import UnusableError, bare_credential, body, client, in_clear, why
from atmos_cli.diagnostics import Code, fail

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS = 15.0
MAX_BYTES = 1024 * 1024


def address(variable: str, *, environ: Mapping[str, str]) -> str:
    """Return the URL under `variable`. Raises ATM816 when the environment holds none, ATM818 for plain http."""
    url = environ.get(variable, "")
    if not url.startswith(("https://", "http://")):
        message = f"the environment variable `{variable}` holds no URL to post to"
        raise fail(Code.WEBHOOK_FAILED, message, hint=f"export {variable}=https://hooks.slack.com/services/…")
    if in_clear(url):
        raise bare_credential(f"the webhook of `{variable}`", hint=f"export {variable}=https://…")
    return url


def post(variable: str, message: Mapping[str, Any], *, environ: Mapping[str, str]) -> None:
    """Post a message. Raises ATM816 when the environment has no URL under `variable`, or the message was refused."""
    import httpx

    url = address(variable, environ=environ)
    try:
        own = {"timeout": Deadline(SECONDS).timeouts()}
        with client(url) as chat, chat.stream("POST", url, json=dict(message), extensions=own) as answer:
            status = answer.status_code
            body(answer, limit=MAX_BYTES)
    except (httpx.HTTPError, httpx.InvalidURL, UnusableError, ValueError) as error:
        reason = why(error).replace(url, "the webhook")
        raise fail(Code.WEBHOOK_FAILED, f"the webhook of `{variable}` cannot be reached: {reason}") from None
    if status >= 300:
        refusal = f"the webhook of `{variable}` answered {status}"
        raise fail(Code.WEBHOOK_FAILED, refusal, hint="is it still valid? make a new one and set the variable again")
