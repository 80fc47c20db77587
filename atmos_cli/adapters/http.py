"""What every HTTP adapter needs: an answer bounded in size and time, or one clause that says why there is none."""

from __future__ import annotations

import ipaddress
import json
import math
import ssl
import zlib
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from atmos_cli.adapters.git.process import plain
from atmos_cli.diagnostics import AtmosError, Code, fail

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    import httpx

RETRIED = frozenset({429, 502, 503, 504})
LONGEST_WAIT = 10.0  # seconds; a server that says `Retry-After: 86400` is not waited for
_SAID, _READ = 300, 1 << 16
_DIGITS = 20


class UnusableError(Exception):
    """An answer that is too large, too slow, or not what its server should say; the text is one clause."""


def client(
    url: str,
    *,
    headers: Mapping[str, str] | None = None,
    verify: ssl.SSLContext | None = None,
    proxy: str = "",
    socket_options: Iterable[Any] = (),
    inner: httpx.BaseTransport | None = None,
) -> httpx.Client:
    """Make a client, as nothing else does: its requests follow no redirect and keep the Deadline that they are given.

    Through `proxy`, or the one that the environment names for `url`. Raises ValueError for an unusable proxy.
    """
    import httpx

    from atmos_cli.adapters.carrier import Carrier

    carrier = inner or Carrier(
        verify=verify or httpx.create_ssl_context(),
        proxy=proxy or proxy_of(url),
        socket_options=socket_options,
    )
    named = {"User-Agent": "atmos-cli", **(headers or {})}
    return httpx.Client(transport=carrier, headers=named, trust_env=False, follow_redirects=False)


def proxy_of(url: str) -> str:
    """Return the proxy that the environment names for this server; none for our own machine."""
    from urllib.request import getproxies, proxy_bypass

    parts = urlsplit(url)
    host = parts.hostname or ""
    proxies = getproxies()
    if is_loopback(host) or proxy_bypass(host):
        return ""
    return proxies.get(parts.scheme) or proxies.get("all") or ""


def body(response: httpx.Response, *, limit: int) -> bytes:
    """Read the decoded body of a streamed response. UnusableError past `limit` bytes, an error of httpx when late."""
    named = response.headers.get("Content-Encoding", "").strip().lower()
    zipped = named == "gzip" and not response.is_stream_consumed
    found = bytearray()
    for part in _unzipped(response, limit) if zipped else response.iter_bytes():
        found += part
        if len(found) > limit:
            raise UnusableError(f"it answers with more than {limit >> 20} MiB")
    return bytes(found)


def _unzipped(response: httpx.Response, limit: int) -> Iterator[bytes]:
    """Unpack a body of gzip; httpx would take one that ends in the middle for whole."""
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        for part in response.iter_raw():
            yield unpacker.decompress(part, limit + 1)
    except zlib.error:
        raise UnusableError("its answer cannot be unpacked") from None
    if not unpacker.eof:
        raise UnusableError("its answer ends in the middle")


def parsed(data: bytes, *, server: str) -> dict[str, Any]:
    """Return the JSON object in `data`; UnusableError for anything else: too deep, or with a number that has no end."""
    try:
        found = json.loads(data, parse_constant=_refuse, parse_float=_finite, parse_int=_bounded)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise UnusableError(f"it does not answer as {server} does")
    return found


def _refuse(text: str) -> float:
    """Refuse `NaN` and `Infinity`, which Python reads: they are no JSON."""
    raise ValueError(text)


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else _refuse(text)


def _bounded(text: str) -> int:
    """Return a number of at most 64 bits, as servers count; a longer one fits no float."""
    return int(text) if len(text) <= _DIGITS else int(_refuse(text))


def wait_before(response: httpx.Response | None, attempt: int) -> float:
    """Return seconds to wait before asking again: what the server says, else doubling from a quarter of a second."""
    asked = response.headers.get("Retry-After", "") if response is not None else ""
    seconds = float(asked) if asked.isdecimal() and len(asked) < 8 else 0.25 * 2.0**attempt
    return min(seconds, LONGEST_WAIT)


def why(error: BaseException) -> str:
    """Describe an exception of httpx for a person: never a traceback, a credential or a control character."""
    import httpx

    causes = list(_causes(error))
    refused = next((each for each in causes if isinstance(each, ssl.SSLCertVerificationError)), None)
    if refused is not None:
        return f"its certificate is not valid: {said(refused.verify_message)}"
    if isinstance(error, UnusableError):
        return said(str(error))
    if isinstance(error, httpx.TimeoutException):
        return "it gave no answer in time"
    if any(isinstance(each, ConnectionRefusedError) for each in causes) or "refused" in str(error):
        return "the connection was refused"
    if isinstance(error, httpx.ProxyError):
        return f"the proxy does not let us through: {said(str(error))}"
    return said(str(error)) or "the connection broke"


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and len(found) < 10:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def certificate_error(error: BaseException) -> str:
    """Return OpenSSL's reason why a certificate is not trusted; empty for any other error."""
    found = (each for each in _causes(error) if isinstance(each, ssl.SSLCertVerificationError))
    return next((each.verify_message for each in found), "")


def said(text: str) -> str:
    """Return the first line of what a server said, fit for a message."""
    lines = plain(_beginning(text)).strip().splitlines()
    line = lines[0].strip().removesuffix(".") if lines else ""
    return line if len(line) <= _SAID else f"{line[:_SAID]}…"


def _beginning(text: str) -> str:
    """Cut the text at a gap between words: half of a URL would no longer show that it begins with a login."""
    head = text[:_READ]
    return text if len(text) <= _READ else head[: max(head.rfind(gap) for gap in " \n\t\r") + 1]


def is_loopback(host: str) -> bool:
    """Return whether `host` is this machine, for which no proxy of the environment is asked."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def in_clear(url: str, *, proxy: str = "") -> bool:
    """Return whether what is sent to `url` can be read on its way: by plain http, and not to this very machine."""
    import httpx

    try:
        asked = [httpx.URL(each) for each in (url, proxy) if each]
    except httpx.InvalidURL:
        return False  # nothing is sent there at all
    return asked[0].scheme == "http" and not all(_is_here(each.host) for each in asked)


def _is_here(host: str) -> bool:
    """Decide more strictly than `is_loopback`: a resolver may send `x.localhost` anywhere."""
    return host == "localhost" or (is_loopback(host) and not host.endswith("localhost"))


def bare_credential(server: str, *, hint: str) -> AtmosError:
    """Make the ATM818 to raise before anything is sent."""
    message = f"{server} is reached by plain http, where anyone on the way could read the credential, so none was sent"
    return fail(Code.CREDENTIAL_IN_CLEAR, message, hint=hint)


def fits_a_header(text: str) -> bool:
    """Return False for what would break out of an HTTP header; httpx would show it in its error."""
    return text.isascii() and text.isprintable()
