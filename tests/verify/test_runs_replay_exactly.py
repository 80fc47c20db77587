"""Recorded runs of `atmos verify` against real engines and a real Prometheus come to the same verdict, with no network.

They were made by tests/lab/proofs/test_proof_verify_recordings.py with ATMOS_KEEP_RUNS=1. A change of what a run asks
needs new ones; a change of words does not.
"""

import json
import socket
from pathlib import Path

import pytest

from atmos_cli.commands.verify import Run, verify
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.live.sessions import replayed_sessions
from atmos_cli.output.json.verify import verdict_data

RUNS = Path(__file__).parent / "recorded" / "runs"
# Outcome, code of the first reason, rule of the first cause, pods ready.
EXPECTED = {
    "argocd-crash-loop": ("fail", "crash-loop", "exit", 0),
    "argocd-pass": ("pass", "no-worse", "", 1),
    "flux-error-spike": ("fail", "errors-up", "", 1),
}


@pytest.fixture(autouse=True)
def offline(monkeypatch):
    def refuse(*_, **__):
        raise AssertionError("a replay asked the network")

    monkeypatch.setattr(socket, "socket", refuse)
    monkeypatch.delenv("KUBECONFIG", raising=False)


def replayed(directory):
    (session,) = replayed_sessions(directory)
    (verdict,) = verify([Run(session)], clock=session.clock)
    return verdict


def test_each_recording_is_replayed():
    assert {path.name for path in RUNS.iterdir()} == EXPECTED.keys()


@pytest.mark.parametrize("name", EXPECTED)
def test_the_verdict_is_the_same_each_time(name):
    verdict = replayed(RUNS / name)
    first, second = (json.dumps(verdict_data(each)) for each in (verdict, replayed(RUNS / name)))
    assert first == second
    rule = verdict.causes[0].rule if verdict.causes else ""
    assert (verdict.outcome.value, verdict.reasons[0].code, rule, verdict.rollout.ready) == EXPECTED[name]
    assert verdict.commit[:7] in verdict.headline


@pytest.mark.parametrize("name", EXPECTED)
def test_a_recording_is_small_and_holds_nothing_of_the_machine(name):
    text = (RUNS / name / "recording.jsonl").read_text(encoding="utf-8")
    assert len(text) < 200_000
    assert not any(
        word in text for word in ("/tmp/atmos", "/tmp/pytest", "/root/", "/home/", "Bearer ", "managedFields")
    )


def test_a_recording_that_was_cut_says_so(tmp_path):
    lines = (RUNS / "flux-error-spike" / "recording.jsonl").read_bytes().splitlines(keepends=True)
    (tmp_path / "recording.jsonl").write_bytes(b"".join(lines[: len(lines) // 2]))
    with pytest.raises(AtmosError) as refused:
        replayed(tmp_path)
    assert refused.value.diagnostics[0].code is Code.RECORDING_INVALID


def test_a_recording_of_an_engine_that_atmos_does_not_know_says_so(tmp_path):
    text = (RUNS / "flux-error-spike" / "recording.jsonl").read_text(encoding="utf-8")
    assert '"engine":"flux"' in text
    (tmp_path / "recording.jsonl").write_text(text.replace('"engine":"flux"', '"engine":"fleet"'), encoding="utf-8")
    with pytest.raises(AtmosError) as refused:
        replayed(tmp_path)
    assert refused.value.diagnostics[0].code is Code.RECORDING_INVALID
