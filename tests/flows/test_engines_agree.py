"""The engines' own rule code, asked about random policies (engines/record.py), says what the dialects here say."""

from __future__ import annotations

import json
from pathlib import Path

from tests.flows.cilium_policies import CiliumNetworkPolicy
from tests.flows.dialects import Judge
from tests.flows.engines import cases
from tests.flows.engines.record import CASES
from tests.flows.policies import NetworkPolicy

ENGINES = Path(__file__).parent / "engines"


def test_cilium():
    recorded = json.loads((ENGINES / "cilium.json").read_text())
    assert len(recorded) == CASES
    for seed, said in enumerate(recorded):
        case = cases.case(seed)
        policies = [*map(NetworkPolicy.read, case.policies), *map(CiliumNetworkPolicy.read, case.cilium)]
        judge = Judge("cilium", case.world, policies)
        ours = {str(flow): str(verdict) for flow in case.flows if (verdict := judge.verdict(flow)).allowed}
        theirs = {str(flow) for flow, letter in zip(case.flows, said, strict=True) if letter == "y"}
        assert ours.keys() == theirs, f"case {seed}: {[(each, ours.get(each)) for each in ours.keys() ^ theirs]}"


def test_the_agent_of_aws():
    asked = [each for seed in range(CASES) for each in cases.asked_of_aws(cases.case(seed))]
    recorded = json.loads((ENGINES / "aws.json").read_text())
    assert [each.answers() for each in asked] == recorded
