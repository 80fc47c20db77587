"""A login service (OpenID Connect) on loopback that says of people which groups they are in: enough for who verifies tokens."""

from __future__ import annotations

import base64
import http.server
import json
import re
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any

from tests.lab.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

CLIENT = "argocd"


class LoginService:
    """Its key is made for one run. `token` gives what a person has after a login."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.key = directory / "login.key"
        _openssl("genrsa", "-out", str(self.key), "2048")
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), self._handler())
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def token(self, person: str, groups: Sequence[str]) -> str:
        now = int(time.time())
        claims = {"iss": self.issuer, "sub": person, "aud": CLIENT, "iat": now, "exp": now + 3600, "groups": [*groups]}
        header = {"alg": "RS256", "kid": "lab", "typ": "JWT"}
        signed = ".".join(_coded(json.dumps(each).encode()) for each in (header, claims))
        signature = _openssl("dgst", "-sha256", "-sign", str(self.key), data=signed.encode())
        return f"{signed}.{_coded(signature)}"

    def end(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _pages(self) -> dict[str, Any]:
        modulus = _openssl("rsa", "-in", str(self.key), "-noout", "-modulus").decode()
        number = bytes.fromhex(re.sub(r".*=", "", modulus).strip())
        key = {
            "kty": "RSA",
            "use": "sig",
            "alg": "RS256",
            "kid": "lab",
            "n": _coded(number),
            "e": _coded(b"\x01\x00\x01"),
        }
        about = {
            "issuer": self.issuer,
            "jwks_uri": f"{self.issuer}/keys",
            "authorization_endpoint": f"{self.issuer}/auth",
            "token_endpoint": f"{self.issuer}/token",
            "id_token_signing_alg_values_supported": ["RS256"],
            "scopes_supported": ["openid", "groups"],
        }
        return {"/.well-known/openid-configuration": about, "/keys": {"keys": [key]}}

    def _handler(self) -> type[http.server.BaseHTTPRequestHandler]:
        service = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                page = service._pages().get(self.path)
                body = json.dumps(page).encode()
                self.send_response(404 if page is None else 200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args: Any) -> None:
                pass

        return Handler


def _coded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _openssl(*arguments: str, data: bytes = b"") -> bytes:
    return subprocess.run(["openssl", *arguments], input=data, check=True, capture_output=True).stdout
