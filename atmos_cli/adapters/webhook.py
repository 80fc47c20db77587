"""Posts a message to a chat's incoming webhook. The URL is a secret: it comes from the environment, never from argv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.http import why
from atmos_cli.diagnostics import Code, fail

if TYPE_CHECKING:
    from collections.abc import Mapping

_SECONDS = 15.0


def address(variable: str, *, environ: Mapping[str, str]) -> str:
    """The URL under `variable`. Raises ATM816 when the environment holds none."""
    url = environ.get(variable, "")
    if not url.startswith(("https://", "http://")):
        message = f"the environment variable `{variable}` holds no URL to post to"
        raise fail(Code.WEBHOOK_FAILED, message, hint=f"export {variable}=https://hooks.slack.com/services/…")
    return url


def post(variable: str, body: Mapping[str, Any], *, environ: Mapping[str, str]) -> None:
    """Raises ATM816 when the environment does not hold a URL under `variable`, or the message was not taken."""
    import httpx

    url = address(variable, environ=environ)
    try:
        answer = httpx.post(url, json=dict(body), timeout=_SECONDS)
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        said = why(error).replace(url, "the webhook")
        raise fail(Code.WEBHOOK_FAILED, f"the webhook of `{variable}` cannot be reached: {said}") from None
    if answer.status_code >= 300:
        message = f"the webhook of `{variable}` answered {answer.status_code}"
        raise fail(Code.WEBHOOK_FAILED, message, hint="is it still valid? make a new one and set the variable again")
