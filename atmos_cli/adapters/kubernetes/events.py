"""The changes of one kind as the API server sends them, until it ends the watch."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.http import UnusableError, body, parsed
from atmos_cli.adapters.kubernetes.client import SERVER, ExpiredError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import httpx

    from atmos_cli.adapters.kubernetes.client import ClusterClient

SECONDS = 290  # after which the server ends a watch and we begin the next one where it ended
MAX_EVENT = 16 * 1024 * 1024
_SILENCE = 30.0  # how much longer than SECONDS we wait for a server that does not end it
_MAX_REFUSAL = 65536
_PAST = frozenset({404, 410, 504})  # the kind or the place is gone, or the place is one that never was


def events(
    cluster: ClusterClient,
    api_version: str,
    kind: str,
    *,
    namespace: str,
    since: str,
    opened: Callable[[httpx.Response], None],
    seconds: int = SECONDS,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield (`ADDED`, `MODIFIED`, `DELETED` or `BOOKMARK`, object) after version `since`; `opened` gets the answer.

    Raises ExpiredError when the server does not remember `since`, ATM811 when it refuses, httpx' errors when it breaks.
    """
    found = cluster.find(api_version, kind)
    if found is None:
        raise ExpiredError
    params = {"watch": "true", "resourceVersion": since, "allowWatchBookmarks": "true", "timeoutSeconds": str(seconds)}
    doing = f"watch {found.words(namespace)}"
    path = found.path(namespace=namespace)
    with cluster.transport.stream(path, params=params, seconds=seconds + _SILENCE) as response:
        if response.status_code in _PAST:
            raise ExpiredError
        if response.status_code != 200:
            raise cluster.transport.refused(response.status_code, _short(response), doing)
        opened(response)
        for line in _lines(response):
            event = parsed(line, server=SERVER)
            what, resource = event.get("type"), event.get("object")
            if not isinstance(what, str) or not isinstance(resource, dict):
                raise UnusableError(f"it does not answer as {SERVER} does")
            if what == "ERROR":
                code = resource.get("code")
                if code in _PAST:
                    raise ExpiredError
                raise cluster.transport.refused(code if isinstance(code, int) else 500, line, doing)
            yield what, resource


def _lines(response: httpx.Response) -> Iterator[bytes]:
    """Yield lines as they come; the last one only when it is whole. UnusableError for a line without an end."""
    held: list[bytes] = []
    size = 0
    for part in response.iter_bytes():
        first, *rest = part.split(b"\n")
        held.append(first)
        size += len(first)
        if size > MAX_EVENT:
            raise UnusableError(f"it tells of an object of more than {MAX_EVENT >> 20} MiB")
        for following in rest:
            line = b"".join(held)
            held, size = [following], len(following)
            if line:
                yield line


def _short(response: httpx.Response) -> bytes:
    try:
        return body(response, limit=_MAX_REFUSAL)
    except UnusableError:
        return b""
