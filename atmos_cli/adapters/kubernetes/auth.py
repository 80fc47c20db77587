"""The user's identity at an API server: tokens, passwords, certificates, and the programs that provide them."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import tempfile
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from atmos_cli.adapters.http import fits_a_header, said
from atmos_cli.adapters.programs import find_program, own_path
from atmos_cli.diagnostics import AtmosError, Code, fail
from atmos_cli.foreign import shell
from atmos_cli.kube.shape import text

if TYPE_CHECKING:
    from atmos_cli.adapters.kubernetes.kubeconfig import Access, Plugin

PLUGIN_SECONDS = 60.0
_PLUGIN_BYTES = 1 << 20
_TOKEN_BYTES = 1 << 20
_EARLY = 10.0  # seconds before its end, credentials are fetched anew


@dataclass(frozen=True, slots=True)
class Credential:
    """The answer of a plugin; `expires` in unix seconds, None when it does not say."""

    token: str = field(default="", repr=False)
    certificate: str = field(default="", repr=False)
    key: str = field(default="", repr=False)
    expires: float | None = None


class Login:
    """The credentials of one Access, fetched when first needed and again when they have expired. Safe for threads."""

    def __init__(self, access: Access, *, seconds: float = PLUGIN_SECONDS) -> None:
        self._access = access
        self._seconds = seconds
        self._lock = threading.Lock()
        self._given: Credential | None = None

    def headers(self) -> dict[str, str]:
        """Return the Authorization header, or none for a client certificate. Raises ATM811 when it cannot be had."""
        token = self._given_now(self._access.plugin).token if self._access.plugin else self._own_token()
        if token:
            if not fits_a_header(token):
                raise self._unusable("the token holds characters that no HTTP header may hold")
            return {"Authorization": f"Bearer {token}"}
        if self._access.user:
            pair = f"{self._access.user}:{self._access.password}".encode()
            return {"Authorization": f"Basic {base64.b64encode(pair).decode()}"}
        return {}

    def certificate(self) -> tuple[str, str]:
        """Return (certificate, key) as PEM; empty texts without one."""
        given = self._given_now(self._access.plugin) if self._access.plugin else None
        if given is not None and given.certificate:
            return given.certificate, given.key
        return self._access.certificate, self._access.key

    def renew(self) -> bool:
        """Forget what a plugin returned, since the server refused it. False when there is nothing to fetch anew."""
        with self._lock:
            known, self._given = self._given, None
        return known is not None

    def _own_token(self) -> str:
        # Read for each request: a pod's token is replaced in its file every hour.
        path = self._access.token_file
        if not path:
            return self._access.token.strip()
        try:
            with Path(path).open("rb") as file:
                found = file.read(_TOKEN_BYTES).decode("utf-8", "replace").strip()
        except OSError as error:
            raise self._unusable(f"{path} cannot be read: {(error.strerror or '').lower()}") from None
        return found or self._access.token.strip()

    def _given_now(self, plugin: Plugin) -> Credential:
        with self._lock:
            known = self._given
            if known is None or (known.expires is not None and known.expires - _EARLY < time.time()):
                self._given = known = run_plugin(plugin, self._access, seconds=self._seconds)
            return known

    def _unusable(self, why: str) -> AtmosError:
        hint = "log in again with your provider's tool"
        return fail(Code.CLUSTER_UNREACHABLE, f"context `{self._access.context}` has no credentials: {why}", hint=hint)


def run_plugin(plugin: Plugin, access: Access, *, seconds: float) -> Credential:
    """Run the program; it gets no shell, no terminal and no more than `seconds`. Raises ATM811."""
    out, problem = _run(plugin, access, seconds)
    if problem:
        raise _failed(plugin, access, problem)
    try:
        found = json.loads(out)
        status = found["status"]
        if found.get("kind") != "ExecCredential" or found.get("apiVersion") != plugin.api_version:
            raise _failed(plugin, access, f"it answers something else than an ExecCredential of {plugin.api_version}")
        given = Credential(
            token=text(status, "token").strip(),
            certificate=text(status, "clientCertificateData"),
            key=text(status, "clientKeyData"),
            expires=_instant(status.get("expirationTimestamp")),
        )
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise _failed(plugin, access, "its answer is not an ExecCredential with a `status`") from None
    if not given.token and not (given.certificate and given.key):
        raise _failed(plugin, access, "its answer holds neither a token nor a certificate with its key")
    return given


def _run(plugin: Plugin, access: Access, seconds: float) -> tuple[bytes, str]:
    """Return (output, "") or (b"", why there is none)."""
    environ = {**os.environ, **dict(plugin.env), "KUBERNETES_EXEC_INFO": _info(plugin, access)}
    environ["PATH"] = own_path(environ.get("PATH"))
    # A bare name comes from PATH, as the plugin's own environment has it; a path starts at its kubeconfig.
    bare = os.sep not in plugin.command
    command = find_program(plugin.command, path=environ["PATH"]) if bare else plugin.directory / plugin.command
    if command is None:
        return b"", "it is not installed or not on PATH"
    with tempfile.TemporaryFile() as errors:
        try:
            process = subprocess.Popen(
                [command, *plugin.args],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=environ,
                start_new_session=True,  # without a terminal it cannot prompt, and ends with all its children
            )
        except (OSError, ValueError) as error:
            return b"", f"it cannot be run: {getattr(error, 'strerror', '') or 'its arguments hold a NUL'}".lower()
        out, late = _output(process, seconds)
        errors.seek(max(0, errors.seek(0, os.SEEK_END) - 4096))
        last = said("".join(errors.read().decode(errors="replace").strip().splitlines()[-1:]))
    if late:
        return b"", f"it gave no answer within {seconds:g} seconds" + (f"; it says: {last}" if last else "")
    if len(out) > _PLUGIN_BYTES:
        return b"", "its answer is larger than a credential"
    return (b"", last or f"it ended with status {process.returncode}") if process.returncode else (out, "")


def _output(process: subprocess.Popen[bytes], seconds: float) -> tuple[bytes, bool]:
    """Return (what it wrote, whether it had to be ended)."""
    late = threading.Event()

    def end() -> None:
        late.set()
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    timer = threading.Timer(seconds, end)
    timer.start()
    stream = cast("IO[bytes]", process.stdout)  # it was asked for
    try:
        with stream:
            out = stream.read(_PLUGIN_BYTES + 1)
        process.wait()
    except BaseException:
        end()
        process.wait()
        raise
    finally:
        timer.cancel()
    return out, late.is_set()


def _info(plugin: Plugin, access: Access) -> str:
    """Return the ExecCredential that tells a plugin what it is asked for."""
    spec: dict[str, Any] = {"interactive": False}
    if plugin.provide_cluster:
        cluster = {
            "server": access.server,
            "tls-server-name": access.tls_server_name,
            "insecure-skip-tls-verify": access.insecure,
            "certificate-authority-data": base64.b64encode(access.ca.encode()).decode(),
            "proxy-url": access.proxy,
        }
        spec["cluster"] = {name: value for name, value in cluster.items() if value}
    return json.dumps({"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec})


def _instant(text: Any) -> float | None:
    if text is None or text == "":
        return None
    found = datetime.fromisoformat(text)
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).timestamp()


def _failed(plugin: Plugin, access: Access, why: str) -> AtmosError:
    # The arguments may hold a secret; the name of the program never does.
    first = said(plugin.hint) if plugin.hint else ""
    hint = first or f"run `kubectl --context {shell(access.context)} get namespaces` once, to log in"
    message = f"`{said(Path(plugin.command).name)}`, which gives the credentials of `{access.context}`, failed: {why}"
    return fail(Code.CLUSTER_UNREACHABLE, message, hint=hint)
