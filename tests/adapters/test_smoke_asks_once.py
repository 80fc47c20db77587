"""A smoke probe sees what a user sees; what it says is a verdict only when it was asked, and never a traceback."""

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from atmos_cli.adapters.smoke import Web
from atmos_cli.live.smoke_tests import smoke
from atmos_cli.verify.model import Limits, Target
from atmos_cli.verify.outcome import Outcome

TARGET = Target("shop", "checkout", "prod", "eu", "shop-prod", "argocd", "checkout", hosts=("shop.example.test",))


class Still:
    def __init__(self):
        self.slept = 0.0

    def now(self):
        return self.slept

    def sleep(self, seconds):
        self.slept += seconds


@pytest.fixture
def server():
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(302 if self.path == "/moved" else 204)
            self.send_header("location", "http://127.0.0.1:1/")
            self.end_headers()

        def log_message(self, *_):
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as found:
        thread = threading.Thread(target=found.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()
        thread.join()


def test_the_status_is_what_counts_and_a_redirect_is_not_followed(server):
    assert Web()("get", f"{server}/healthz") == {"status": 204, "why": ""}
    assert Web()("get", f"{server}/moved")["status"] == 302


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/", "http://[", "gopher://x/"])
def test_no_answer_is_an_answer(url):
    found = Web()("get", url)
    assert found["status"] == 0
    assert found["why"]


def asked(*statuses):
    left, seen = list(statuses), []

    def ask(question, url):
        seen.append(url)
        return {"status": left.pop(0), "why": "connection refused"}

    return ask, seen


def test_all_as_expected_is_a_pass_that_says_how_little_it_knows():
    ask, seen = asked(200, 204)
    found = smoke(ask, Still(), TARGET, Limits(smoke=("/healthz 200", "/a b 204")))
    assert found.outcome is Outcome.PASS
    assert "too few users" in found.message
    assert seen == ["https://shop.example.test/healthz", "https://shop.example.test/a b"]


def test_one_hiccup_is_forgiven_and_three_are_a_failure():
    limits = Limits(smoke=("/healthz 200",))
    assert smoke(asked(503, 200)[0], Still(), TARGET, limits).outcome is Outcome.PASS
    found = smoke(asked(503, 0, 503)[0], Still(), TARGET, limits)
    assert (found.outcome, found.code) == (Outcome.FAIL, "smoke-failed")
    assert "answers 503, not 200" in found.message


def test_without_a_host_or_probes_there_is_nothing_to_ask():
    ask, seen = asked()
    assert smoke(ask, Still(), TARGET, Limits()) is None
    assert smoke(ask, Still(), Target("a", "b", "c", "d", "e", "flux", "b"), Limits(smoke=("/x 200",))) is None
    assert seen == []
