"""Asks a service one question over HTTP, as a user would: where there is too little traffic to judge by."""

from __future__ import annotations

from typing import Any

from atmos_cli.adapters.deadline import Deadline
from atmos_cli.adapters.http import client, why

SECONDS = 10.0


class Web:
    """`ports.Ask`: `("get", url)` answers `{"status": 200, "why": ""}`, status 0 when there was no answer."""

    def __call__(self, question: str, *arguments: str) -> Any:
        if question != "get":
            raise ValueError(question)
        import httpx

        (url,) = arguments
        try:
            # Only the status counts: the body may be endless, and where a redirect leads is the service's affair.
            own = {"timeout": Deadline(SECONDS).timeouts()}
            with client(url) as user, user.stream("GET", url, extensions=own) as answer:
                return {"status": answer.status_code, "why": ""}
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            return {"status": 0, "why": why(error)}
