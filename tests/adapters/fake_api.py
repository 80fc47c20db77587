"""An API server on loopback that answers as a test says: real sockets, real TLS, chunked watches that can be cut."""

from __future__ import annotations

import json
import ssl
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from atmos_cli.adapters.kubernetes.kubeconfig import Access

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

CERTIFICATES = Path(__file__).parent / "certificates"

KINDS = {
    "/api/v1": [("pods", "Pod", True), ("secrets", "Secret", True), ("namespaces", "Namespace", False)],
    "/apis/apps/v1": [("deployments", "Deployment", True), ("replicasets", "ReplicaSet", True)],
}


def pem(name: str) -> str:
    return (CERTIFICATES / name).read_text()


@dataclass(frozen=True)
class Request:
    method: str
    path: str
    params: dict[str, str]
    headers: Mapping[str, str]
    content: bytes
    subject: str = ""  # of the client's certificate


@dataclass(frozen=True)
class Said:
    """An answer; `body` is an object, bytes, or an iterable of chunks. `cut` ends it as a server does that dies."""

    status: int = 200
    body: Any = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    cut: bool = False


def status(code: int, message: str = "", reason: str = "") -> Said:
    """The Status object of a real API server."""
    body = {"kind": "Status", "apiVersion": "v1", "code": code, "message": message, "reason": reason}
    return Said(code, body | {"status": "Failure"})


def discovered(path: str) -> Said | None:
    """The answer to a discovery request, or None for another."""
    if path not in KINDS:
        return None
    found = [{"name": plural, "kind": kind, "namespaced": spaced} for plural, kind, spaced in KINDS[path]]
    subresource = {"name": f"{found[0]['name']}/status", "kind": found[0]["kind"], "namespaced": True}
    return Said(body={"kind": "APIResourceList", "apiVersion": "v1", "resources": [*found, subresource]})


def listing(items: list[dict[str, Any]], *, version: str = "1", more: str = "") -> Said:
    metadata = {"resourceVersion": version, **({"continue": more} if more else {})}
    return Said(body={"kind": "List", "apiVersion": "v1", "metadata": metadata, "items": items})


def pod(name: str, *, version: str = "1", namespace: str = "shop", **metadata: Any) -> dict[str, Any]:
    own = {"name": name, "namespace": namespace, "resourceVersion": version, **metadata}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": own}


def told(what: str, resource: dict[str, Any]) -> bytes:
    return json.dumps({"type": what, "object": resource}).encode() + b"\n"


class Api:
    """What was asked, and how to reach it."""

    def __init__(self, answer: Callable[[Request], Said], url: str) -> None:
        self.answer = answer
        self.url = url
        self.requests: list[Request] = []

    def access(self, **fields: Any) -> Access:
        return Access("test", self.url, **fields)

    def asked(self, path: str) -> list[Request]:
        return [request for request in self.requests if request.path == path]


@contextmanager
def serving(answer: Callable[[Request], Said], *, tls: bool = False, client_ca: str = "") -> Iterator[Api]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def handle_any(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            certificate = self.connection.getpeercert() if isinstance(self.connection, ssl.SSLSocket) else None
            subject = ",".join(v for rdn in (certificate or {}).get("subject", ()) for _, v in rdn)
            request = Request(
                self.command, parts.path, dict(parse_qsl(parts.query)), self.headers, self.rfile.read(size), subject
            )
            api.requests.append(request)
            said = api.answer(request)
            if isinstance(said.body, dict | bytes):
                data = said.body if isinstance(said.body, bytes) else json.dumps(said.body).encode()
                self._whole(said, data)
            else:
                self._chunks(said, said.body)

        def _whole(self, said: Said, data: bytes) -> None:
            self.send_response(said.status)
            for name, value in {"Content-Type": "application/json", **said.headers}.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _chunks(self, said: Said, parts: Iterable[bytes]) -> None:
            self.send_response(said.status)
            self.send_header("Transfer-Encoding", "chunked")
            self.end_headers()
            for part in parts:
                self.wfile.write(b"%x\r\n%s\r\n" % (len(part), part))
                self.wfile.flush()
            if said.cut:
                self.close_connection = True
            else:
                self.wfile.write(b"0\r\n\r\n")

        do_GET = do_POST = do_PATCH = handle_any  # noqa: N815 - named by http.server

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def get_request(self) -> Any:
            connection, address = super().get_request()
            if tls:
                # The handshake comes with the first read, in the thread of the connection.
                connection = context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
            return connection, address

        def handle_error(self, *_: object) -> None:
            """Clients that hang up are part of the tests."""

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if tls:
        context.load_cert_chain(CERTIFICATES / "server.pem")
    if client_ca:
        context.load_verify_locations(CERTIFICATES / client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    with Server(("127.0.0.1", 0), Handler) as server:
        api = Api(answer, f"{'https' if tls else 'http'}://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield api
        finally:
            server.shutdown()
            thread.join()
