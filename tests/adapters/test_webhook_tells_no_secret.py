"""A chat gets the message; when it does not, the error names the variable and never the URL, which is a secret."""

import json
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from atmos_cli.adapters.webhook import post
from atmos_cli.diagnostics import AtmosError, Code


@pytest.fixture
def chat():
    """A server that keeps what it is sent; `status` is what it answers."""
    got = []

    class Handler(BaseHTTPRequestHandler):
        status = 200

        def do_POST(self):
            got.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(type(self).status)
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield got, Handler, f"http://127.0.0.1:{server.server_port}/services/T0/hunter2"
        server.shutdown()
        thread.join()


def test_the_message_arrives(chat):
    got, _, url = chat
    post("CHAT", {"text": "hello"}, environ={"CHAT": url})
    assert got == [{"text": "hello"}]


def test_a_refusal_is_said_without_the_url(chat):
    _, handler, url = chat
    handler.status = 403
    with pytest.raises(AtmosError) as refused:
        post("CHAT", {}, environ={"CHAT": url})
    (found,) = refused.value.diagnostics
    assert found.code is Code.WEBHOOK_FAILED
    assert found.message == "the webhook of `CHAT` answered 403"


@pytest.mark.parametrize("url", ["", "hooks.slack.com/x", "http://127.0.0.1:1/services/hunter2", "https://[hunter2"])
def test_a_url_that_does_not_work_is_not_repeated(url):
    with pytest.raises(AtmosError) as refused:
        post("CHAT", {}, environ={"CHAT": url})
    (found,) = refused.value.diagnostics
    assert found.code is Code.WEBHOOK_FAILED
    assert "CHAT" in found.message
    assert "hunter2" not in f"{found.message} {found.hint}"
