from __future__ import annotations

import http.server
import threading
from typing import TYPE_CHECKING

import pytest

from tests.lab.processes import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.lab.prometheus import Prometheus

pytestmark = pytest.mark.lab

EPOCH = 1_700_000_000  # a frozen time: nothing here looks at a clock


def test_a_made_up_history_is_queryable(new_prometheus: Callable[..., Prometheus]) -> None:
    samples = [f'http_requests_total{{code="200"}} {n * 15} {EPOCH + n * 15}' for n in range(481)]
    history = "\n".join(["# TYPE http_requests counter", *samples, "# EOF\n"])
    server = new_prometheus(history=history)
    rate = server.query("rate(http_requests_total[5m])", time=EPOCH + 3600)
    assert float(rate[0]["value"][1]) == pytest.approx(1.0)
    points = server.query_range("http_requests_total", start=EPOCH, end=EPOCH + 7200, step=60)
    assert len(points[0]["values"]) == 121


@pytest.fixture
def exporter() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(b"lab_up 1\n")

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    port = free_port()
    server = http.server.HTTPServer(("127.0.0.1", port), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield f"127.0.0.1:{port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_target_is_scraped(new_prometheus: Callable[..., Prometheus], exporter: str) -> None:
    server = new_prometheus(targets=(exporter,))
    found = wait_until(lambda: server.query("lab_up") or None, "a first sample", processes=server.processes)
    assert found[0]["value"][1] == "1"
