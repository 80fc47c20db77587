"""Servers on loopback that misbehave in every way that a socket allows, until a test is over."""

from __future__ import annotations

import gzip
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

CERTIFICATES = Path(__file__).parent / "certificates"
PAUSE = 0.02
OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"
BLOCK = b"x" * 65536
# A gzip stream whose file name never ends: much arrives, and nothing is decoded.
NAMELESS = b"\x1f\x8b\x08\x08\0\0\0\0\0\xff"


@cache
def bomb() -> bytes:
    return gzip.compress(b"\0" * (64 << 20), 9)


class Line:
    """One connection; `drip` and `flood` go on until the other side or the test has enough."""

    def __init__(self, connection: socket.socket, over: threading.Event) -> None:
        self.connection = connection
        self.over = over

    def request(self) -> None:
        """Read the head of what is asked; a body may follow, and is nobody's concern."""
        head = b""
        while b"\r\n\r\n" not in head:
            part = self.connection.recv(65536)
            if not part:
                return
            head += part

    def send(self, data: bytes) -> None:
        self.connection.sendall(data)

    def wait(self) -> None:
        self.over.wait(30)

    def drip(self, *parts: bytes) -> None:
        while True:
            for part in parts:
                if self.over.wait(PAUSE):
                    return
                self.send(part)

    def flood(self, part: bytes) -> None:
        while not self.over.is_set():
            self.send(part)


def silent(line: Line) -> None:
    line.wait()


def status_drips(line: Line) -> None:
    for byte in OK * 1000:
        line.send(bytes([byte]))
        if line.over.wait(PAUSE):
            return


def headers_drip(line: Line) -> None:
    line.send(OK)
    line.drip(b"X-More: 1\r\n")


def hints_drip(line: Line) -> None:
    line.drip(b"HTTP/1.1 103 Early Hints\r\n\r\n")


def hints_flood(line: Line) -> None:
    line.flood(b"HTTP/1.1 103 Early Hints\r\n\r\n" * 100)


def headers_flood(line: Line) -> None:
    line.send(OK)
    line.flood(b"X-More: 1\r\n" * 1000)


def a_header_without_end(line: Line) -> None:
    line.send(OK + b"X-Long: ")
    line.flood(BLOCK)


def body_drips(line: Line) -> None:
    line.send(OK + b"Content-Length: 10000000000\r\n\r\n")
    line.drip(b" ")


def body_floods(line: Line) -> None:
    line.send(OK + b"Content-Length: 10000000000\r\n\r\n")
    line.flood(BLOCK)


def body_without_length_floods(line: Line) -> None:
    line.send(OK + b"\r\n")
    line.flood(BLOCK)


def chunks_drip(line: Line) -> None:
    line.send(CHUNKED)
    line.drip(b"1\r\n \r\n")


def chunk_header_drips(line: Line) -> None:
    line.send(CHUNKED + b"5;x=")
    line.drip(b"y")


def trailers_drip(line: Line) -> None:
    line.send(CHUNKED + b"2\r\n{}\r\n0\r\n")
    line.drip(b"X-Trailer: 1\r\n")


def nothing_decoded_floods(line: Line) -> None:
    line.send(OK + b"Content-Encoding: gzip\r\n\r\n" + NAMELESS)
    line.flood(BLOCK)


def gzip_bomb(line: Line) -> None:
    line.send(OK + b"Content-Encoding: gzip\r\n\r\n" + bomb())
    line.wait()


def cut_in_the_body(line: Line) -> None:
    line.send(OK + b"Content-Length: 100\r\n\r\n{")


def no_http(line: Line) -> None:
    line.send(b"SSH-2.0-OpenSSH_9.6\r\n")
    line.wait()


FAULTS: tuple[Callable[[Line], None], ...] = (
    silent,
    status_drips,
    headers_drip,
    hints_drip,
    hints_flood,
    headers_flood,
    a_header_without_end,
    body_drips,
    body_floods,
    body_without_length_floods,
    chunks_drip,
    chunk_header_drips,
    trailers_drip,
    nothing_decoded_floods,
    gzip_bomb,
    cut_in_the_body,
    no_http,
)


def context() -> ssl.SSLContext:
    found = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    found.load_cert_chain(CERTIFICATES / "server.pem")
    return found


@contextmanager
def listening(serve: Callable[[Line], None]) -> Iterator[int]:
    """The port where each connection gets `serve`, from its first byte on."""
    over = threading.Event()
    threads: list[threading.Thread] = []

    def one(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            serve(Line(connection, over))

    def accept() -> None:
        while not over.is_set():
            with suppress(OSError):
                threads.append(threading.Thread(target=one, args=(listener.accept()[0],)))
                threads[-1].start()

    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        door = threading.Thread(target=accept)
        door.start()
        try:
            yield port
        finally:
            over.set()
            with suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            door.join()
            for thread in threads:
                thread.join()


@contextmanager
def misbehaving(fault: Callable[[Line], None], *, tls: bool) -> Iterator[str]:
    """The URL of a server that commits `fault` once it was asked."""

    def serve(line: Line) -> None:
        line.connection.settimeout(30)
        if tls:
            line.connection = secure.wrap_socket(line.connection, server_side=True)
        with line.connection:
            line.request()
            fault(line)

    secure = context()
    with listening(serve) as port:
        yield f"https://api.test:{port}" if tls else f"http://127.0.0.1:{port}"
