"""The evaluator is proven by another one, written otherwise: on random policies they say the same of every connection."""

from __future__ import annotations

from random import Random

from hypothesis import given
from hypothesis import strategies as st

from tests.flows import random_policies
from tests.flows.brute import Counted
from tests.flows.dialects import Judge
from tests.flows.policies import NetworkPolicy


def both(seed):
    random = Random(seed)
    world = random_policies.world(random)
    documents = random_policies.policies(random)
    judge = Judge("kubernetes", world, [NetworkPolicy.read(each) for each in documents])
    return judge, Counted(world, random_policies.everybody(world), documents), random_policies.flows(world)


@given(st.integers(0, 2**32))
def test_every_connection_of_a_small_world(seed):
    judge, counted, flows = both(seed)
    different = [
        f"{flow}: {verdict}" for flow in flows if (verdict := judge.verdict(flow)).allowed != counted.passes(flow)
    ]
    assert different == []


def test_the_random_policies_do_something():
    """Neither all nor nothing passes, or agreement would say little."""
    said = [judge.verdict(flow).allowed for judge, _, flows in map(both, range(12)) for flow in flows]
    assert 0.2 < sum(said) / len(said) < 0.9
