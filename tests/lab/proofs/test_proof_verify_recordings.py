"""What `--record` writes of real engines, API servers and Prometheus replays to the same verdict, offline.

With ATMOS_KEEP_RUNS=1 the recordings become those of tests/verify/recorded/runs, which the default suite replays.
"""

from __future__ import annotations

import json
import os
import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from atmos_cli.commands.verify import Run, verify
from atmos_cli.live.sessions import recorded_sessions, replayed_sessions
from atmos_cli.output.json.verify import verdict_data
from tests.lab.git_server import QUIET
from tests.lab.proofs.verify_stage import SERVICE, Stage
from tests.lab.proofs.verify_support import FastClock, OnDemand, Traffic, Watched, history, session_of, watch

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.adapters.prometheus import PrometheusClient
    from atmos_cli.verify.model import Verdict
    from tests.lab.kube import Object
    from tests.lab.proofs.worlds import Worlds

pytestmark = pytest.mark.lab

KEPT = Path(__file__).parents[2] / "verify" / "recorded" / "runs"
MOST_BYTES = 200_000
NEIGHBOUR = "orders"


@dataclass(frozen=True)
class Recorded:
    world: str
    outcome: str
    code: str
    tag: str = "v"
    traffic: Traffic | None = None


RUNS = {
    "argocd-crash-loop": Recorded("argo", "fail", "crash-loop", tag="broken-crashloop"),
    "argocd-pass": Recorded("argo", "pass", "no-worse", traffic=Traffic()),
    "flux-error-spike": Recorded("flux", "fail", "errors-up", traffic=Traffic(then_bad=0.05)),
}


@pytest.fixture(params=RUNS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stage(name: str, worlds: Worlds, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stage]:
    watched = Watched(worlds[RUNS[name].world], tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(watched.kubeconfig()))
    for variable, value in QUIET.items():
        monkeypatch.setenv(variable, value)
    found = Stage(watched, "dev")
    found.ready()
    yield found
    watched.end()
    found.back_to_the_beginning()


def replayed(directory: Path) -> Verdict:
    (session,) = replayed_sessions(directory)
    return verify([Run(session)], clock=session.clock)[0]


def test_a_recorded_run_replays_to_the_same_verdict(name: str, stage: Stage, tmp_path: Path) -> None:
    wanted, directory = RUNS[name], tmp_path / "recording"
    clock = FastClock(pause=3.0, stride=30.0)  # few looks make a small recording
    commit = stage.deploy(wanted.tag)

    def metrics(turn: float) -> PrometheusClient:
        text = history(wanted.traffic or Traffic(), namespace=stage.namespace, service=SERVICE, turn=turn, every=60)
        return stage.watched.prometheus(text)

    asked = OnDemand(metrics) if wanted.traffic else None
    with ExitStack() as stack, session_of(stage.watched, stage.deployment, commit, asked, clock) as session:
        (recorded,) = recorded_sessions([session], directory, stack)
        verdict = watch(recorded, clock)
    assert (verdict.outcome.value, verdict.reasons[0].code) == (wanted.outcome, wanted.code), verdict.headline
    assert verdict_data(replayed(directory)) == verdict_data(verdict)

    # Lists are of a whole namespace: without the neighbour it is small enough to be kept, and comes to the same.
    (file,) = directory.iterdir()
    file.write_text("".join(f"{without_neighbours(line)}\n" for line in file.read_text().splitlines()))
    assert verdict_data(replayed(directory)) == verdict_data(verdict)
    text = file.read_text()
    assert not any(plane.token in text for plane in stage.watched.world.planes.values())
    if os.environ.get("ATMOS_KEEP_RUNS"):
        # Earlier proofs leave events in the namespace, which may name a directory of the engine's.
        words = (str(tmp_path), str(stage.watched.world.repo.root), "/tmp/atmos", "/tmp/pytest", "/root/")
        assert not any(word in text for word in words)
        assert len(text) < MOST_BYTES, "the namespace has a long history: run this file alone"
        (KEPT / name).mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, KEPT / name / file.name)


def without_neighbours(line: str) -> str:
    told = json.loads(line)
    answer = told.get("answer")
    if not isinstance(answer, list) or not all(isinstance(each, dict) for each in answer):
        return line
    told["answer"] = [each for each in answer if not is_of(each, NEIGHBOUR)]
    return json.dumps(told, separators=(",", ":"))


def is_of(resource: Object, service: str) -> bool:
    names = (resource.get("metadata", {}).get("name", ""), resource.get("involvedObject", {}).get("name", ""))
    return any(str(name).startswith(service) for name in names)
