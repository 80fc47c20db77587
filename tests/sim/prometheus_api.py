"""Prometheus' HTTP API over generated samples: as a transport for httpx, or as a server on loopback."""

from __future__ import annotations

import http.server
import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

import httpx

from tests.sim.promql import evaluate, evaluate_at, select, window
from tests.sim.promql_tree import RefusedError, Selector, parse
from tests.sim.recorded import number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.sim.promql import Vector
    from tests.sim.recorded import World

URL = "http://prometheus.test"


@dataclass(slots=True)
class Api:
    """`broken` answers everything with this status; `warnings` stand in every answer. `asked` are the queries so far."""

    world: World
    warnings: tuple[str, ...] = ()
    broken: int = 0
    asked: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)

    def answer(self, path: str, form: dict[str, str]) -> tuple[int, str]:
        """Status and body, as the real server writes them."""
        if self.broken:
            return self.broken, _error("unavailable", "the server is not able to answer now")
        query = form.get("query", "")
        self.asked.append(query)
        try:
            if path == "/api/v1/query":
                return 200, self._query(query, float(form["time"]))
            if path == "/api/v1/query_range":
                return 200, self._query_range(query, float(form["start"]), float(form["end"]), _step(form["step"]))
        except RefusedError as error:
            self.refused.append(f"{query}: {error}")
            return 400, _error("bad_data", str(error))
        return 404, "404 page not found\n"

    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._handle)

    def _handle(self, request: httpx.Request) -> httpx.Response:
        status, body = self.answer(request.url.path, _form(request.url.query.decode(), request.content.decode()))
        return httpx.Response(status, content=body, headers={"Content-Type": "application/json"})

    def _query(self, query: str, at: float) -> str:
        tree = parse(query)
        if isinstance(tree, Selector) and tree.span:
            return self._wrap("matrix", self._raw(tree, at))
        value = evaluate(self.world, tree, at)
        if isinstance(value, float):
            return self._wrap("scalar", f'[{at:.3f},"{number(value)}"]')
        cells = (f'{{"metric":{_labels(dict(k))},"value":[{at:.3f},"{number(v)}"]}}' for k, v in value.items())
        return self._wrap("vector", f"[{','.join(cells)}]")

    def _raw(self, tree: Selector, at: float) -> str:
        parts = []
        for one in select(self.world, tree):
            first, last = window(one, at, tree)
            if last > first:
                samples = ",".join(one.texts()[first:last])
                parts.append(f'{{"metric":{_labels(one.labels)},"values":[{samples}]}}')
        return f"[{','.join(parts)}]"

    def _query_range(self, query: str, start: float, end: float, step: float) -> str:
        if step <= 0 or end < start or (end - start) / step > 11_000:
            raise RefusedError("exceeded maximum resolution of 11,000 points per timeseries")
        tree = parse(query)
        rows: dict[Any, list[str]] = {}
        times = [start + index * step for index in range(int((end - start) / step + 1e-9) + 1)]
        for at, value in zip(times, evaluate_at(self.world, tree, times), strict=True):
            vector: Vector = {(): value} if isinstance(value, float) else value
            for labels, each in vector.items():
                rows.setdefault(labels, []).append(f'[{at:.3f},"{number(each)}"]')
        cells = (f'{{"metric":{_labels(dict(k))},"values":[{",".join(v)}]}}' for k, v in rows.items())
        return self._wrap("matrix", f"[{','.join(cells)}]")

    def _wrap(self, kind: str, result: str) -> str:
        said = f',"warnings":{json.dumps(list(self.warnings))}' if self.warnings else ""
        return f'{{"status":"success","data":{{"resultType":"{kind}","result":{result}}}{said}}}'


def _labels(labels: Any) -> str:
    return json.dumps(labels, separators=(",", ":"))


def _error(kind: str, message: str) -> str:
    return json.dumps({"status": "error", "errorType": kind, "error": message})


def _form(query: str, body: str) -> dict[str, str]:
    return {key: values[-1] for key, values in parse_qs(f"{query}&{body}").items()}


def _step(text: str) -> float:
    tree = parse(f"x[{text}]") if not text.replace(".", "", 1).isdigit() else None
    return tree.span if tree else float(text)


@contextmanager
def served(api: Api) -> Iterator[str]:
    """The URL of a real HTTP server, as long as the block lasts."""

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            path, _, query = self.path.partition("?")
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            status, text = api.answer(path, _form(query, body))
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(text.encode())))
            self.end_headers()
            self.wfile.write(text.encode())

        do_POST = do_GET  # noqa: N815

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
