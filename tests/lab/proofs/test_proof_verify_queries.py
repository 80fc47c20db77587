"""The queries of generated canaries, answered by Prometheus' own engine: born series count, silence is zero."""

from __future__ import annotations

import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from atmos_cli.yamlio.emit import emit
from tests.blueprint.test_verify_engines import kinds, made
from tests.lab.components import binary

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.lab

HASHES = {"{{args.canary-hash}}": "abc", "{{args.stable-hash}}": "def", "{{ interval }}": "300s"}


def series(pod: str, status: str, values: str) -> dict[str, str]:
    labels = f'namespace="shop-prod", pod="{pod}", status="{status}", cell="a\\"b"'
    return {"series": f"http_server_requests_seconds_count{{{labels}}}", "values": values}


# The first error of the new version is seen at minute 4, and counts 37 already.
SEEN = [
    series("checkout-abc-12345", "200", "_x4 0+10x60"),
    series("checkout-abc-12345", "503", "_x7 37+1x60"),
    series("checkout-def-12345", "200", "100+90x60"),
    series("checkout-primary-def-12345", "200", "100+90x60"),
]


def answered(tmp_path: Path, query: str, *, at: str, seen: list[dict[str, str]]) -> list[float]:
    """What promtool got, where it was told to expect nothing; empty when it got nothing."""
    for name, value in HASHES.items():
        query = query.replace(name, value)
    expected = {"expr": query, "eval_time": at, "exp_samples": []}
    case = {"interval": "30s", "input_series": seen, "promql_expr_test": [expected]}
    path = tmp_path / "test.yaml"
    path.write_text(emit({"rule_files": [], "evaluation_interval": "30s", "tests": [case]}))
    done = subprocess.run([binary("promtool"), "test", "rules", path], capture_output=True, text=True, check=False)
    told = done.stdout + done.stderr
    got = re.search(r"got:\s*(.*)", told)
    assert got or done.returncode == 0, told
    return sorted(float(value) for value in re.findall(r"\} (\S+?)(?:,|$)", got[1] if got else ""))


def rollouts() -> list[str]:
    metrics = kinds(made("argo-rollouts"))["AnalysisTemplate", "checkout-verify"]["spec"]["metrics"]
    return [each["provider"]["prometheus"]["query"] for each in metrics]


def flagger() -> list[str]:
    found = kinds(made("flagger"))
    return [found["MetricTemplate", f"checkout-{name}"]["spec"]["query"] for name in ("errors", "latency")]


def test_the_first_value_of_a_new_series_counts(tmp_path: Path) -> None:
    requests, errors, old, old_errors = answered(tmp_path, rollouts()[0], at="6m", seen=SEEN)
    assert errors - 1e9 == pytest.approx(37 + 5, abs=1)
    assert requests == pytest.approx(80 + 37 + 5, abs=6)
    assert old - 2e9 == pytest.approx(900, abs=1)
    assert old_errors == 3e9


def test_silence_is_zero_and_never_missing(tmp_path: Path) -> None:
    assert answered(tmp_path, rollouts()[0], at="6m", seen=[]) == [0, 1e9, 2e9, 3e9]
    assert answered(tmp_path, rollouts()[1], at="6m", seen=[]) == [0, 1e9, 2e9]
    assert [answered(tmp_path, query, at="6m", seen=[]) for query in flagger()] == [[0], [0]]


def test_flagger_sees_the_points_beyond_what_is_allowed(tmp_path: Path) -> None:
    seen = [each for each in SEEN if "-def-12345" not in each["series"] or "primary" in each["series"]]
    (points,) = answered(tmp_path, flagger()[0], at="6m", seen=seen)
    assert points == pytest.approx(100 * 42 / 122, abs=3)
    assert answered(tmp_path, flagger()[1], at="6m", seen=SEEN) == [0]
