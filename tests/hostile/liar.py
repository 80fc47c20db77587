"""A server on loopback that answers each request with one fault, byte by byte as it likes, and keeps what it was sent."""

from __future__ import annotations

import contextlib
import re
import socket
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# How long a drip waits for its next byte: far less than any limit, so that no limit per read ever ends it.
DRIP_SECONDS = 0.25
PIECE = 1 << 16


@dataclass(frozen=True)
class Fault:
    """What is sent instead of an answer: whole, or a drip, or without an end."""

    name: str
    sent: bytes = b""
    again: bytes = b""  # sent for ever after `sent`
    drips: bool = False
    stays: bool = False  # the connection stays open, and nothing more comes
    good: int = 0  # so many requests are answered well before
    broken: bool = True  # no HTTP client could make an answer of it


@dataclass
class Liar:
    fault: Fault
    good: bytes = b"{}"
    requests: list[bytes] = field(default_factory=list)
    stop: threading.Event = field(default_factory=threading.Event)
    port: int = 0

    def answer(self, connection: socket.socket) -> None:
        with contextlib.suppress(OSError), connection:
            connection.settimeout(120)
            while request := _request(connection):
                self.requests.append(request)
                if len(self.requests) > self.fault.good:
                    self._lie(connection)
                    return
                head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
                connection.sendall(head % len(self.good) + self.good)

    def _lie(self, connection: socket.socket) -> None:
        if self.fault.drips:
            for byte in self.fault.sent:
                connection.sendall(bytes([byte]))
                if self.stop.wait(DRIP_SECONDS):
                    return
        else:
            connection.sendall(self.fault.sent)
        piece = self.fault.again if self.fault.drips else self.fault.again * (PIECE // max(1, len(self.fault.again)))
        while piece and not self.stop.is_set():
            connection.sendall(piece)
            if self.fault.drips:
                self.stop.wait(DRIP_SECONDS)
        if self.fault.stays:
            self.stop.wait()


def _request(connection: socket.socket) -> bytes:
    """A whole request, with its body; nothing when the client has gone."""
    got = b""
    while b"\r\n\r\n" not in got:
        if not (more := connection.recv(PIECE)):
            return b""
        got += more
    head, _, body = got.partition(b"\r\n\r\n")
    length = re.search(rb"(?i)content-length: *(\d+)", head)
    while length and len(body) < int(length[1]) and (more := connection.recv(PIECE)):
        body += more
    return head + b"\r\n\r\n" + body


@contextlib.contextmanager
def lying(fault: Fault, good: bytes = b"{}") -> Iterator[Liar]:
    liar = Liar(fault, good)
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listener:
        liar.port = listener.getsockname()[1]

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=liar.answer, args=(connection,), daemon=True).start()

        thread = threading.Thread(target=accept, daemon=True)
        thread.start()
        try:
            yield liar
        finally:
            liar.stop.set()
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def answered(body: bytes, *headers: bytes, status: bytes = b"200 OK", length: int | None = None) -> bytes:
    lines = [b"HTTP/1.1 " + status, b"Content-Type: application/json", *headers]
    if length is not None or not any(each.lower().startswith((b"content-length", b"transfer-")) for each in headers):
        lines.append(b"Content-Length: %d" % (len(body) if length is None else length))
    return b"\r\n".join([*lines, b"", body])


def answers(kind: str) -> dict[str, Any]:
    """A good answer of a Prometheus, an API server or a chat."""
    if kind == "prometheus":
        row = {"metric": {"container": "checkout", "namespace": "main-dev"}, "value": [1795422994.0, "0.1"]}
        return {"status": "success", "data": {"resultType": "vector", "result": [row]}}
    pod = {
        "kind": "Pod",
        "apiVersion": "v1",
        "metadata": {"name": "x", "namespace": "main-dev", "uid": "u"},
        "status": {},
    }
    resource = {"name": "pods", "kind": "Pod", "namespaced": True}
    return {
        "kind": "List",
        "apiVersion": "v1",
        "metadata": {"resourceVersion": "1"},
        "items": [pod],
        "resources": [resource],
    }
