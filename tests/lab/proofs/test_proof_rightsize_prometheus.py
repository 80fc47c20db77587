"""`atmos budget rightsize --prometheus URL` against the real Prometheus, with two weeks of cAdvisor's figures."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from atmos_cli.adapters.prometheus import PrometheusClient as Client
from atmos_cli.diagnostics import AtmosError, Code

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.lab.prometheus import Prometheus

pytestmark = pytest.mark.lab

DAYS, STEP = 8, 60
PODS = ("shop-5d9c7b6f4-abcde", "shop-5d9c7b6f4-fghij")
MEBIBYTE = 1 << 20


def run(*args: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "atmos_cli", *map(str, args)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def history(end: int) -> str:
    """Two pods: one uses 0.05 cores and 100 MiB all the time, the other 0.08 and, once, 150 MiB."""
    times = range(end - DAYS * 86400, end, STEP)
    labels = [f'{{namespace="main-dev",pod="{pod}",container="shop"}}' for pod in PODS]
    lines = ["# TYPE container_cpu_usage_seconds counter"]
    for name, rate in zip(labels, (0.05, 0.08), strict=True):
        lines += [f"container_cpu_usage_seconds_total{name} {n * STEP * rate:.3f} {at}" for n, at in enumerate(times)]
    lines.append("# TYPE container_memory_working_set_bytes gauge")
    for name, usual in zip(labels, (100, 120), strict=True):
        for n, at in enumerate(times):
            held = 150 if n == 5000 and usual == 120 else usual
            lines.append(f"container_memory_working_set_bytes{name} {held * MEBIBYTE} {at}")
    return "\n".join([*lines, "# EOF\n"])


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    root = tmp_path / "gitops"
    assert run("init", root, "--write", "files", "--yes").returncode == 0
    made = run("new", "service", "go, called shop", "--repo", root, "--yes", "--write", "files")
    assert made.returncode == 0, made.stderr
    return root


def test_the_size_that_was_measured_is_suggested(new_prometheus: Callable[..., Prometheus], shop: Path) -> None:
    # The command asks about the time up to now, so the history has to end there.
    server = new_prometheus(history=history(int(time.time()) // STEP * STEP))
    found = run(
        "budget",
        "rightsize",
        "shop",
        "--prometheus",
        server.url,
        "--env",
        "dev",
        "--days",
        "7",
        "--repo",
        shop,
        "-o",
        "json",
    )
    assert found.returncode == 0, found.stderr
    data = json.loads(found.stdout)["data"]
    assert (data["cpu"], data["memory"]) == ("80m", "173Mi")  # 150 MiB and 15 %, rounded up
    nobody = run("budget", "rightsize", "shop", "--prometheus", server.url, "--env", "prod", "--repo", shop)
    assert nobody.returncode == 2
    assert "ATM412" in nobody.stderr
    assert "has no figures of the container `shop` in `main-prod`" in nobody.stderr


def test_the_client_reads_what_the_real_server_says(new_prometheus: Callable[..., Prometheus]) -> None:
    start = 1_700_000_000
    lines = [f'x_total{{code="{code}"}} {n * 10} {start + n * 15}' for code in ("200", "500") for n in range(241)]
    server = new_prometheus(history="\n".join(["# TYPE x counter", *lines, "# EOF\n"]))
    with Client(server.url) as client:
        raw = client.query('x_total{code="500"}[5m]', at=start + 3600).series
        assert raw[0].samples[-1] == (start + 3600, 2400.0)
        assert [at for at, _ in raw[0].samples] == sorted(at for at, _ in raw[0].samples)
        assert {each.labels["code"] for each in raw} == {"500"}
        rates = client.query_range("sum(rate(x_total[5m]))", start=start + 600, end=start + 3600, step=60).series
        assert len(rates[0].samples) == 51
        assert rates[0].samples[0][1] == pytest.approx(2 * 10 / 15)
        (nan,) = client.query("0 * x_total / 0", at=start + 60).series[:1]
        assert nan.samples[0][1] != nan.samples[0][1]
        assert client.query("nothing", at=start).series == ()
        assert client.query("scalar(vector(7))", at=start).series[0].samples == ((start, 7.0),)
        for wrong in ("rate(", "sum(x_total) + on(a) group_left x_total{}"):
            with pytest.raises(AtmosError, match="it refuses the query") as caught:
                client.query(wrong, at=start + 60)
            assert caught.value.diagnostics[0].code is Code.METRICS_UNREACHABLE  # ATM812
    url = server.url
    server.end()
    with Client(url, pause=lambda _: None) as client, pytest.raises(AtmosError, match="the connection was refused"):
        client.query("up", at=start)
