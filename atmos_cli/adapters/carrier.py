"""The transport of every HTTP client here: each read and write may use what is left of the answer's deadline."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import httpcore
import httpx

from atmos_cli.adapters.deadline import left_of

if TYPE_CHECKING:
    import ssl
    from collections.abc import Iterable, Iterator

_CONNECTIONS, _KEPT, _KEPT_SECONDS = 64, 16, 5.0
_PIECE = 65536
# A body of 64 MiB in pieces of a TCP segment has a sixth of these, and each costs the processor some microseconds.
_MOST_PIECES = 300_000
_SOCKS = ("socks5", "socks5h")


class Carrier(httpx.BaseTransport):
    """Connections to one server, or to its `proxy`. Raises as httpx does, ValueError for a proxy of no known kind."""

    def __init__(self, *, verify: ssl.SSLContext, proxy: str = "", socket_options: Iterable[Any] = ()) -> None:
        common: dict[str, Any] = {
            "ssl_context": verify,
            "max_connections": _CONNECTIONS,
            "max_keepalive_connections": _KEPT,
            "keepalive_expiry": _KEPT_SECONDS,
            "network_backend": _Backend(list(socket_options)),
        }
        self._pool = _through(httpx.Proxy(proxy), common) if proxy else httpcore.ConnectionPool(**common)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
            headers=request.headers.raw,
            content=request.stream,
            extensions=request.extensions,
        )
        with _errors_of_httpx():
            found = self._pool.handle_request(asked)
        return httpx.Response(
            status_code=found.status, headers=found.headers, stream=_Body(found), extensions=found.extensions
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    def __iter__(self) -> Iterator[bytes]:
        with _errors_of_httpx():
            for number, piece in enumerate(self._response.iter_stream()):
                if number >= _MOST_PIECES:
                    raise httpcore.RemoteProtocolError(f"it answers in more than {_MOST_PIECES:,} pieces")
                yield piece

    def close(self) -> None:
        with _errors_of_httpx():
            self._response.close()


class _Backend(httpcore.NetworkBackend):
    def __init__(self, options: list[Any]) -> None:
        self._inner = httpcore.SyncBackend()
        self._options = options

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to each address of `host` in turn: the standard library allows each of them the whole timeout."""
        error: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _addresses(host, port):
            try:
                stream = self._inner.connect_tcp(
                    address,
                    port,
                    timeout=_wait(timeout, httpcore.ConnectTimeout),
                    local_address=local_address,
                    socket_options=[*(socket_options or ()), *self._options],
                )
            except httpcore.ConnectError as refused:
                error = refused
                continue
            return _Stream(stream)
        raise error


class _Stream(httpcore.NetworkStream):
    """`nested` is a TLS connection inside of another: the only one whose reads wait more than once."""

    def __init__(self, inner: httpcore.NetworkStream, *, nested: bool = False) -> None:
        self._inner = inner
        self._nested = nested

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        seconds = _wait(timeout, httpcore.ReadTimeout)
        with self._cut_after(seconds if self._nested else None, httpcore.ReadTimeout):
            return self._inner.read(max_bytes, timeout=seconds)

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _PIECE):
            seconds = _wait(timeout, httpcore.WriteTimeout)
            with self._cut_after(seconds if self._nested else None, httpcore.WriteTimeout):
                self._inner.write(buffer[start : start + _PIECE], timeout=seconds)

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        nested = self._inner.get_extra_info("ssl_object") is not None
        try:
            seconds = _wait(timeout, httpcore.ConnectTimeout)
        except httpcore.ConnectTimeout:
            self.close()  # no other code knows of this connection yet
            raise
        with self._cut_after(seconds if nested else None, httpcore.ConnectTimeout):
            stream = self._inner.start_tls(ssl_context, server_hostname, seconds)
        return _Stream(stream, nested=nested)

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)

    @contextmanager
    def _cut_after(self, seconds: float | None, late: type[Exception]) -> Iterator[None]:
        """Hang up after `seconds`: what is done inside restarts its timeout with every byte from the server."""
        if seconds is None:
            yield
            return
        passed = threading.Event()

        def cut() -> None:
            passed.set()
            with suppress(OSError, AttributeError):
                socket.socket.shutdown(self._inner.get_extra_info("socket"), socket.SHUT_RDWR)

        timer = threading.Timer(seconds, cut)
        timer.start()
        try:
            yield
        except Exception as error:
            if passed.is_set():
                raise late("timed out") from error
            raise
        finally:
            timer.cancel()


def _wait(timeout: float | None, late: type[Exception]) -> float | None:
    """Return seconds for one wait. Raises `late` when none are left: a socket would take 0 for not waiting at all."""
    seconds = left_of(timeout)
    if seconds is not None and seconds <= 0:
        raise late("timed out")
    return seconds


def _addresses(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(str(error)) from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _through(proxy: httpx.Proxy, common: dict[str, Any]) -> httpcore.ConnectionPool:
    url = proxy.url
    if url.scheme not in ("http", "https", *_SOCKS):
        raise ValueError(f"a proxy is reached by http, https or socks5, not by {url.scheme}")
    address = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
    if url.scheme in _SOCKS:
        return httpcore.SOCKSProxy(address, proxy_auth=proxy.raw_auth, **common)
    return httpcore.HTTPProxy(
        address,
        proxy_auth=proxy.raw_auth,
        proxy_headers=proxy.headers.raw,
        proxy_ssl_context=httpx.create_ssl_context() if url.scheme == "https" else None,
        **common,
    )


@contextmanager
def _errors_of_httpx() -> Iterator[None]:
    """Turn each error of httpcore into the one of httpx that has its name."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        kind = getattr(httpx, type(error).__name__, httpx.TransportError)
        raise kind(str(error)) from error
