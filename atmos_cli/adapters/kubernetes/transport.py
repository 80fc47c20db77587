"""Requests to one API server: credentials, certificates, retries, and what a person reads when it refuses."""

from __future__ import annotations

import os
import socket
import ssl
import tempfile
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.adapters.deadline import Deadline
from atmos_cli.adapters.http import (
    RETRIED,
    UnusableError,
    bare_credential,
    body,
    certificate_error,
    client,
    in_clear,
    said,
    wait_before,
    why,
)
from atmos_cli.adapters.kubernetes.auth import Login
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.foreign import shell

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import httpx

    from atmos_cli.adapters.kubernetes.kubeconfig import Access

SECONDS = 60.0  # for one answer, whole
QUESTION_SECONDS = 90.0  # for one question, however often it is asked
MAX_BYTES = 128 * 1024 * 1024
ATTEMPTS = 4


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer that the server gave: yes, no or not found; `data` is not yet believed."""

    status: int
    data: bytes


class Transport:
    """Asks the server of one Access. `name` is what messages call it; `pause` waits between attempts."""

    def __init__(
        self,
        access: Access,
        *,
        name: str,
        pause: Callable[[float], None] = time.sleep,
        inner: httpx.BaseTransport | None = None,
    ) -> None:
        self.access = access
        self.name = name
        self.requests = 0  # how often the server was asked, for callers that promise not to overload it
        self._login = Login(access)
        self._pause = pause
        self._inner = inner
        self._lock = threading.Lock()
        self._client: httpx.Client | None = None
        self._retired: list[httpx.Client] = []
        self._shown: tuple[str, str] = ("", "")

    def close(self) -> None:
        with self._lock:
            clients, self._client, self._retired = [self._client, *self._retired], None, []
        for each in clients:
            if each is not None:
                each.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        doing: str,
        params: Mapping[str, str] | None = None,
        content: bytes | None = None,
        kind: str = "",
        expected: frozenset[int] = frozenset({404}),
        attempts: int = ATTEMPTS,
    ) -> Reply:
        """Return the answer, when it is a yes or an `expected` no; else ATM811. `doing` reads `list pods in shop`."""
        headers = {"Content-Type": kind} if kind else {}
        renewed, attempt, question = False, 0, Deadline(QUESTION_SECONDS)
        while True:
            broken, response, data = None, None, b""
            try:
                with self._send(method, path, params, headers, content, question.within(SECONDS)) as response:
                    data = body(response, limit=MAX_BYTES)
            except _transport_errors() as error:
                broken = error
            if response is not None and broken is None:
                if response.status_code == 401 and not renewed and self._login.renew():
                    renewed = True
                    continue
                status = response.status_code
                if status < 400 or status in expected:
                    return Reply(status, data)
                if status not in RETRIED or attempt + 1 >= attempts or not question.left():
                    raise self.refused(status, data, doing)
            elif broken is not None and (attempt + 1 >= attempts or not _may_pass(broken) or not question.left()):
                raise self.unreachable(broken)
            self._pause(min(wait_before(response, attempt), question.left()))
            attempt += 1

    @contextmanager
    def stream(self, path: str, *, params: Mapping[str, str], seconds: float) -> Iterator[httpx.Response]:
        """Stream an answer that arrives in pieces and ends within `seconds`, as requested. Raises httpx' errors."""
        deadline = Deadline(SECONDS)
        with self._send("GET", path, params, {}, None, deadline) as response:
            if response.status_code == 401:
                self._login.renew()
            if response.status_code == 200:
                deadline.extend(seconds)
            yield response

    @contextmanager
    def _send(
        self,
        method: str,
        path: str,
        params: Mapping[str, str] | None,
        headers: Mapping[str, str],
        content: bytes | None,
        deadline: Deadline,
    ) -> Iterator[httpx.Response]:
        self._require_privacy()
        asking = self._connected()
        own = [("Accept", "application/json"), *headers.items(), *self._login.headers().items()]
        extensions: dict[str, Any] = {"timeout": deadline.timeouts()}
        if self.access.tls_server_name:
            extensions["sni_hostname"] = self.access.tls_server_name
        request = asking.build_request(
            method,
            self.access.server + path,
            params=dict(params) if params else None,
            headers=[*own, *self.access.impersonate],
            content=content,
            extensions=extensions,
        )
        with self._lock:
            self.requests += 1
        response = asking.send(request, stream=True)
        try:
            yield response
        finally:
            response.close()

    def _require_privacy(self) -> None:
        """Refuse a credential over plain http to another machine, before a plugin runs or a header is made."""
        access = self.access
        known = access.token or access.token_file or access.user or access.plugin
        if known and in_clear(access.server, proxy=access.proxy):
            hint = "write its https address as `server` of the cluster in the kubeconfig"
            raise bare_credential(f"{self.name} ({said(access.server)})", hint=hint)

    def _connected(self) -> httpx.Client:
        """Return the client with the certificate that is ours now: one from a plugin expires, and is then another."""
        shown = self._login.certificate()
        with self._lock:
            if self._client is None or shown != self._shown:
                # The old one is closed later: another thread may be reading from it.
                self._retired += [self._client] if self._client is not None else []
                self._client, self._shown = self._new_client(*shown), shown
            return self._client

    def _new_client(self, certificate: str, key: str) -> httpx.Client:
        import httpx

        try:
            httpx.URL(self.access.server)
            context = self._trust(certificate, key)
            return client(
                self.access.server,
                verify=context,
                proxy=self.access.proxy,
                socket_options=_KEEP_ALIVE,
                inner=self._inner,
            )
        except (ValueError, ImportError, httpx.InvalidURL) as error:
            message = (
                f"context `{self.access.context}` has an address or a proxy that cannot be used: {said(str(error))}"
            )
            raise fail(Code.CLUSTER_UNREACHABLE, message, hint="correct `server` or `proxy-url` in it") from None

    def _trust(self, certificate: str, key: str) -> ssl.SSLContext:
        # Not create_default_context: from Python 3.13 on it refuses authorities that most clusters have.
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        try:
            if self.access.insecure:
                context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            elif self.access.ca:
                context.load_verify_locations(cadata=self.access.ca)
            else:
                context.load_default_certs()
            if certificate:
                _show(context, certificate, key)
        except (ssl.SSLError, ValueError) as error:
            message = (
                f"context `{self.access.context}` has a certificate or key that cannot be used: {said(str(error))}"
            )
            raise fail(Code.CLUSTER_UNREACHABLE, message, hint="log in again with your provider's tool") from None
        return context

    def refused(self, status: int, data: bytes, doing: str) -> AtmosError:
        """Make the ATM811 for an answer that is a no."""
        context, answer = shell(self.access.context), said_by(data)
        if status == 401:
            message = f"{self.name} does not accept the credentials of context {context}"
            hint = f"log in again; `kubectl --context {context} auth whoami` says who you are to it"
        elif status == 403:
            verb, _, rest = doing.partition(" ")
            what, _, where = rest.partition(" in ")
            place = f"-n {where}" if where else "-A"
            message = f"{self.name} does not let you {doing}: {answer}"
            hint = f"ask for the right to; `kubectl --context {context} auth can-i {verb} {what} {place}` checks it"
        else:
            message = f"{self.name} could not {doing}: {status} {answer}".rstrip()
            hint = "wait until it is healthy, and run the command again"
        return fail(Code.CLUSTER_UNREACHABLE, message, hint=hint)

    def unreachable(self, error: BaseException) -> AtmosError:
        """Make the ATM811 with the reason and the next step."""
        server, clause = self.access.server, why(error)
        hint = f"is it on, and are you in its network? `kubectl --context {shell(self.access.context)} version`"
        refused = certificate_error(error)
        if "ostname mismatch" in refused or "IP address mismatch" in refused:
            hint = "set `tls-server-name` of the cluster in the kubeconfig to a name that the certificate has"
        elif refused:
            hint = "the cluster's `certificate-authority` in the kubeconfig is not the one that signed it: log in again"
        return fail(Code.CLUSTER_UNREACHABLE, f"{self.name} ({said(server)}) cannot be asked: {clause}", hint=hint)


def said_by(data: bytes) -> str:
    """Return the `message` of a Status object; else the first line of the text."""
    import json

    text = data[:65536].decode("utf-8", "replace")
    with suppress(ValueError, RecursionError):
        found = json.loads(text)
        text = str(found.get("message", "")) if isinstance(found, dict) else ""
    return said(text)


def _show(context: ssl.SSLContext, certificate: str, key: str) -> None:
    """Load a client certificate. OpenSSL reads only files, and would ask the terminal for a passphrase."""

    def no_passphrase() -> str:
        raise ValueError("the key has a passphrase")

    handle, name = tempfile.mkstemp(prefix="atmos-cli-")  # readable by us alone
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(f"{certificate}\n{key}\n")
        context.load_cert_chain(name, password=no_passphrase)
    finally:
        os.unlink(name)  # noqa: PTH108 - as mkstemp named it


def _transport_errors() -> tuple[type[Exception], ...]:
    import httpx

    return (httpx.TransportError, httpx.DecodingError, UnusableError)


def _may_pass(error: BaseException) -> bool:
    """Return whether asking again can help: a broken connection, but no certificate error or too large answer."""
    import httpx

    if isinstance(error, UnusableError | httpx.UnsupportedProtocol | httpx.ConnectTimeout | httpx.DecodingError):
        return False
    return not certificate_error(error)


# A server that vanishes without a word is noticed within two minutes, also while a watch is silent.
_KEEP_ALIVE = [
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    *(
        (socket.IPPROTO_TCP, getattr(socket, name), value)
        for name, value in (("TCP_KEEPIDLE", 60), ("TCP_KEEPINTVL", 15), ("TCP_KEEPCNT", 4))
        if hasattr(socket, name)
    ),
]
