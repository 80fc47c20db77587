"""Debian's Prometheus: with a history that a test makes up, or scraping what a test serves."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from tests.lab.components import binary
from tests.lab.processes import LabError, Process, free_port, retry_ports, start, stop_all, wait_until

if TYPE_CHECKING:
    from pathlib import Path

# Without it a running server takes a history that is written to it only once.
OUT_OF_ORDER = {"tsdb": {"out_of_order_time_window": "3h"}}


class PromError(Exception):
    """Prometheus refused a query; the message is its own."""


@dataclass(eq=False)
class Prometheus:
    """One server. Backfilled data has the times that it was given: pass `time`, `start` and `end` yourself."""

    directory: Path
    targets: tuple[str, ...]
    processes: list[Process] = field(default_factory=list)
    port: int = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def begin(self) -> None:
        self.port = free_port()
        jobs = [{"job_name": "lab", "static_configs": [{"targets": list(self.targets)}]}] if self.targets else []
        config = self.directory / "prometheus.yml"
        config.write_text(
            json.dumps({"global": {"scrape_interval": "1s"}, "storage": OUT_OF_ORDER, "scrape_configs": jobs})
        )
        command = (
            *(binary("prometheus"), "--config.file", config, "--storage.tsdb.path", self.directory / "data"),
            *("--web.listen-address", f"127.0.0.1:{self.port}", "--storage.tsdb.retention.time", "3650d"),
            "--web.enable-remote-write-receiver",
        )
        self.processes.append(start("prometheus", command, logs=self.directory / "logs"))
        try:
            wait_until(self._answers, "prometheus", processes=self.processes)
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        stop_all(self.processes)
        self.processes.clear()

    def query(self, expression: str, *, time: float | None = None) -> list[dict[str, Any]]:
        """The `result` of an instant query."""
        return self._ask("query", {"query": expression, **({"time": time} if time is not None else {})})

    def query_range(self, expression: str, *, start: float, end: float, step: float) -> list[dict[str, Any]]:
        return self._ask("query_range", {"query": expression, "start": start, "end": end, "step": step})

    def _ask(self, what: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        answer = httpx.get(f"{self.url}/api/v1/{what}", params=parameters, timeout=30).json()
        if answer["status"] != "success":
            raise PromError(answer["error"])
        result: list[dict[str, Any]] = answer["data"]["result"]
        return result

    def _answers(self) -> bool:
        try:
            return httpx.get(f"{self.url}/-/ready", timeout=5).status_code == 200
        except httpx.TransportError:
            return False


def start_prometheus(directory: Path, *, history: str = "", targets: tuple[str, ...] = ()) -> Prometheus:
    """A server that knows `history` (OpenMetrics text with timestamps, ending in `# EOF`) and scrapes `targets`.

    History goes in before the start: blocks that appear under a running server are seen only a minute later.
    """
    (directory / "data").mkdir(parents=True, exist_ok=True)
    if history:
        _backfill(directory, history)
    server = Prometheus(directory, targets)
    retry_ports(server.begin)
    return server


def _backfill(directory: Path, history: str) -> None:
    source = directory / "history.om"
    source.write_text(history)
    command: list[str | Path] = [
        binary("promtool"),
        "tsdb",
        "create-blocks-from",
        "--max-block-duration=744h",  # for each block it reads the whole text again, and makes one of two hours without
        "openmetrics",
        source,
        directory / "data",
    ]
    run = subprocess.run(command, capture_output=True, text=True, check=False)
    if run.returncode:
        raise LabError(f"promtool refused the history: {run.stderr.strip()[-2000:]}")
