"""`atmos verify` as a user and as CI run it: a process, its output, its exit status; killed, recorded, replayed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any
from xml.etree import ElementTree as ET

import pytest

from tests.lab.git_server import QUIET
from tests.lab.processes import PATIENCE, wait_until
from tests.lab.proofs.verify_stage import SERVICE, Stage
from tests.lab.proofs.verify_support import Watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.lab.proofs.worlds import Worlds

pytestmark = pytest.mark.lab


@pytest.fixture(params=["argo", "flux"])
def stage(
    worlds: Worlds, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stage]:
    watched = Watched(worlds[request.param], tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(watched.kubeconfig()))
    found = Stage(watched, "dev")
    found.ready()
    yield found
    found.back_to_the_beginning()


def begun(*arguments: str, cwd: Path, kubeconfig: str | None = None) -> subprocess.Popen[str]:
    environment = {**os.environ, **QUIET}
    if kubeconfig is not None:
        environment["KUBECONFIG"] = kubeconfig
    command = [sys.executable, "-m", "atmos_cli", "verify", *arguments]
    return subprocess.Popen(
        command, cwd=cwd, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def ended(run: subprocess.Popen[str]) -> tuple[int, str]:
    with run:
        said, errors = run.communicate(timeout=PATIENCE)
    assert "Traceback" not in errors, errors
    assert said, errors
    return run.returncode, said


def verdict_in(said: str) -> Any:
    (found,) = json.loads(said)["data"]["verdicts"]
    return found


def test_a_crash_loop_as_a_user_and_as_ci_see_it(stage: Stage, tmp_path: Path) -> None:
    root = stage.watched.world.repo.root
    commit = stage.deploy("broken-crashloop")
    code, said = ended(begun("cart", "--env", "dev", "-o", "json", cwd=root))
    told = verdict_in(said)
    assert (code, json.loads(said)["exitCode"], told["outcome"], told["commit"]) == (1, 1, "fail", commit), said
    assert told["reasons"][0]["code"] == "crash-loop"
    assert told["action"]["kind"] == "suggest"
    assert "atmos rollback cart --env dev --team shop" in told["action"]["says"]

    # CI knows a commit and no service; the same answer, recorded, in the form that CI reads.
    recording = tmp_path / "recording"
    arguments = ("--commit", commit, "--env", "dev", "-o", "junit", "--record", str(recording))
    code, said = ended(begun(*arguments, cwd=root))
    (case,) = ET.fromstring(said).iter("testcase")  # noqa: S314 - our own output
    (failure,) = case.iter("failure")
    assert (code, "crash" in (failure.get("message") or "")) == (1, True), said
    assert SERVICE in (case.get("name") or "") + (case.get("classname") or "")

    # Offline, in a directory that is no repo.
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    first, second = (
        ended(begun("--replay", str(recording), "-o", "json", cwd=elsewhere, kubeconfig="")) for _ in range(2)
    )
    assert first == second
    again = verdict_in(first[1])
    assert (first[0], again["outcome"], again["commit"], again["headline"]) == (1, "fail", commit, told["headline"])
    stage.restore()


def test_a_killed_run_goes_on_where_it_was(stage: Stage) -> None:
    root = stage.watched.world.repo.root
    commit = stage.deploy("broken-notready")
    kept = root / ".git" / "atmos-cli" / "verify" / "dev" / "shop" / SERVICE / f"{commit}.json"
    arguments = ("cart", "--env", "dev", "-o", "json")

    def phase() -> str:
        return str(json.loads(kept.read_text())["phase"]) if kept.exists() else ""

    with begun(*arguments, cwd=root) as first:
        try:
            wait_until(lambda: phase() == "rollout", "the rollout phase")
        finally:
            first.kill()
    before = json.loads(kept.read_text())

    # Meanwhile the pods get worse, which the second run must see; and it must not begin anew.
    (pod,) = stage.pods()
    (status,) = pod["status"]["containerStatuses"]
    crashed = {
        **status,
        "restartCount": 4,
        "started": False,
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 40s restarting failed container"}},
        "lastState": {"terminated": {"exitCode": 137, "reason": "OOMKilled", **FINISHED}},
    }
    stage.kube.patch_status(pod, {"containerStatuses": [crashed]})
    code, said = ended(begun(*arguments, cwd=root))
    told = verdict_in(said)
    assert (code, told["outcome"], told["reasons"][0]["code"]) == (1, "fail", "oom-killed"), said
    assert told["started"] == before["began"], (told["started"], before)
    assert json.loads(kept.read_text())["phase"] == "done"
    stage.restore()


FINISHED = {"startedAt": "2026-01-01T00:00:00Z", "finishedAt": "2026-01-01T00:00:05Z"}
