# ruff: noqa: RUF001
"""The gates of the metrics judge on the development seeds, few runs; `benchmarks/verify_sim.py` has the held-out ones."""

import os
from functools import cache

import pytest

from atmos_cli.verify.outcome import Outcome
from tests.sim.catalogue import BADS, BY_NAME, GRID, NULLS, UNSEEN
from tests.sim.harness import play
from tests.sim.score import GATED, Gate, Share, gates

FURTHER = int(os.environ.get("ATMOS_SIM_SEEDS", "1")) - 1  # how many more of the seeds 1 to 50 each condition gets
SEEN = (Outcome.WARN, Outcome.FAIL)
# Too small, too rare, or too late for ten minutes: docs/verify-accuracy.md says how often they are seen.
HARD = {"0 → 0.5 %, 10 rps", "0 → 1 %, 1 rps", "0 → 50 %, 0.01 rps", "errors leak in from minute 6"}


@cache
def runs(name, many=1):
    many += FURTHER
    first = 1 + sum(map(ord, name)) % (51 - many)
    return [play(BY_NAME[name], seed) for seed in range(first, first + many)]


def broken(named):
    """The gates that these runs are enough to contradict."""
    return [f"{gate.name}: {gate.share}, {gate.wanted}" for gate in gates(named) if gate.excluded]


@pytest.mark.slow
def test_a_healthy_deploy_is_not_called_bad():
    assert broken({row.name: runs(row.name) for row in (*GRID[::11], *NULLS)}) == []


@pytest.mark.slow
def test_harm_is_seen_and_in_time():
    found = {row.name: runs(row.name, 3 if row.name in GATED else 1) for row in BADS}
    assert broken(found) == []
    missed = {name for name, many in found.items() if not any(run.outcome in SEEN for run in many)}
    assert missed <= HARD


@pytest.mark.slow
def test_what_nobody_can_see_is_neither_passed_nor_failed():
    for row in UNSEEN:
        for run in runs(row.name):
            assert run.outcome is Outcome.INCONCLUSIVE, row.name
            assert run.codes, row.name


def test_the_same_run_gives_the_same_verdict():
    row = BY_NAME["×5, 10 rps, 1 %, σ 0.5"]
    assert play(row, 9) == play(row, 9)


@pytest.mark.parametrize(
    ("hits", "of", "low", "high"),
    [(0, 200, 0.0, 0.0188), (198, 200, 0.9643, 0.9973), (10, 20, 0.2993, 0.7007), (50, 50, 0.9286, 1.0)],
)
def test_wilson_intervals(hits, of, low, high):
    assert Share(hits, of).interval == pytest.approx((low, high), abs=5e-4)


def test_a_judge_that_always_says_inconclusive_fails_the_gates():
    from dataclasses import replace

    mute = {row.name: [replace(runs(UNSEEN[0].name)[0], warned=None, failed=None)] * 200 for row in (*BADS, *NULLS)}
    missed = {gate.name for gate in gates(mute) if not gate.holds}
    assert any(name.startswith("INCONCLUSIVE") for name in missed)
    assert sum(name.startswith("FAIL or WARN") for name in missed) == 6


def test_a_gate_knows_both_directions():
    assert Gate("", Share(199, 200), 0.99, at_least=True, seconds=90, within=90).holds
    assert not Gate("", Share(199, 200), 0.99, at_least=True, seconds=120, within=90).holds
    assert not Gate("", Share(3, 200), 0.01, at_least=False).holds
    assert not Gate("", Share(3, 200), 0.01, at_least=False).excluded
    assert Gate("", Share(30, 200), 0.01, at_least=False).excluded
