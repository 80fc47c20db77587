"""Bare Git repositories over smart HTTP on loopback, and work trees to fill them: enough of a forge for the engines."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.lab.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Mapping
    from email.message import Message
    from io import BufferedIOBase
    from pathlib import Path

QUIET = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "lab",
    "GIT_AUTHOR_EMAIL": "lab@example.test",
    "GIT_COMMITTER_NAME": "lab",
    "GIT_COMMITTER_EMAIL": "lab@example.test",
}
"""Git without the settings of whoever runs the tests."""


class GitError(Exception):
    """A git command failed; the message is its own."""


def git(*arguments: str | Path, cwd: Path) -> str:
    run = subprocess.run(
        ["git", *arguments], cwd=cwd, env={**os.environ, **QUIET}, capture_output=True, text=True, check=False
    )
    if run.returncode:
        raise GitError(f"git {arguments[0]} failed with status {run.returncode}: {run.stderr.strip()}")
    return run.stdout.strip()


class GitServer:
    """Serves every repository below `directory`; anybody may push. It lives in threads of this process."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", free_port()), _handler(directory))
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        self._thread.start()

    def url(self, name: str) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/{name}.git"

    def create(self, name: str) -> str:
        """An empty repository with the branch `main`; its URL."""
        path = self.directory / f"{name}.git"
        git("init", "--quiet", "--bare", "--initial-branch=main", path, cwd=self.directory)
        git("config", "http.receivepack", "true", cwd=path)
        return self.url(name)

    def end(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A clone that a test commits to and pushes from."""

    url: str
    directory: Path

    def commit(self, files: Mapping[str, str | None], message: str = "change") -> str:
        """Writes (None deletes), commits everything, pushes `main`; the commit's id."""
        for name, text in files.items():
            path = self.directory / name
            if text is None:
                path.unlink()
            else:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(text)
        git("add", "--all", cwd=self.directory)
        git("commit", "--quiet", "--allow-empty", "-m", message, cwd=self.directory)
        git("push", "--quiet", "origin", "HEAD:main", cwd=self.directory)
        return git("rev-parse", "HEAD", cwd=self.directory)


def clone(url: str, directory: Path) -> WorkTree:
    """A work tree on `main` of a repository that may still be empty."""
    directory.mkdir(parents=True)
    git("init", "--quiet", "--initial-branch=main", cwd=directory)
    git("remote", "add", "origin", url, cwd=directory)
    if git("ls-remote", "--heads", "origin", "main", cwd=directory):
        git("fetch", "--quiet", "origin", "main", cwd=directory)
        git("reset", "--quiet", "--hard", "FETCH_HEAD", cwd=directory)
    return WorkTree(url, directory)


def _handler(root: Path) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._backend(b"")

        def do_POST(self) -> None:
            self._backend(_body(self.headers, self.rfile))

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  the base class's name
            """Says nothing: git reports its own errors to the client."""

        def _backend(self, body: bytes) -> None:
            run = subprocess.run(
                ["git", "http-backend"],
                input=body,
                env=_cgi(self.command, self.path, self.headers, root, len(body)),
                capture_output=True,
                check=False,
            )
            head, _, content = run.stdout.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n") if ": " in line)
            self.send_response(int(fields.pop("Status", "200 OK" if head else "500").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

    return Handler


def _cgi(method: str, target: str, headers: Message, root: Path, length: int) -> dict[str, str]:
    path, _, query = target.partition("?")
    return {
        **os.environ,
        **QUIET,
        "GIT_PROJECT_ROOT": str(root),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_PROTOCOL": headers.get("Git-Protocol", ""),
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "QUERY_STRING": query,
        "CONTENT_TYPE": headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(length),
        "HTTP_CONTENT_ENCODING": headers.get("Content-Encoding", ""),
        "REMOTE_ADDR": "127.0.0.1",
    }


def _body(headers: Message, stream: BufferedIOBase) -> bytes:
    """The request's body; git sends large pushes in chunks."""
    if headers.get("Transfer-Encoding", "").lower() != "chunked":
        return stream.read(int(headers.get("Content-Length", "0")))
    parts = []
    while size := int(stream.readline().split(b";")[0], 16):
        parts.append(stream.read(size))
        stream.readline()
    stream.readline()
    return b"".join(parts)
