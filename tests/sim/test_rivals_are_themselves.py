"""The port of Kayenta says what its users were told, so the comparison is with it and not with a straw man."""

import pytest

from tests.sim.generator import generate
from tests.sim.rivals import argo_rollouts, flagger, kayenta, mann_whitney
from tests.sim.scenario import Scenario

VARIABLE = [10.0, 10.1, 10.2, 10.3, 10.4, 10.5, 10.6, 17.0, 17.1, 17.2, 17.3, 17.4, 17.5, 17.6, 17.7]
SPREAD = [1.0, 100.0, 4.0, 101.0, 5.0, 102.0, 6.0, 103.0, 7.0, 104.0, 8.0, 105.0, 9.0, 106.0, 17.0]


@pytest.mark.parametrize(
    ("control", "experiment", "increase", "verdict"),
    [
        pytest.param([0.0] * 6, [0.0, 1.0, 2.0, 1.0, 0.0, 0.0], 1.0, "pass", id="kayenta 426"),
        pytest.param(SPREAD, VARIABLE, 1.0, "pass", id="kayenta 780 case 1"),
        pytest.param([0.0] * 5, [1.0, 4.0, 2.0, 3.0, 1.0], 1.0, "high", id="kayenta 799 NaN replaced"),
        pytest.param([], [1.0, 2.0, 1.0, 2.0, 1.0], 1.0, "nodata", id="kayenta 799 NaN removed"),
        pytest.param([1.0] * 10, [100.0] * 7 + [1.0] * 3, 1.05, "pass", id="spinnaker 6278 seven of ten"),
        pytest.param([1.0] * 10, [100.0] * 8 + [1.0] * 2, 1.05, "high", id="spinnaker 6278 eight of ten"),
        pytest.param([0.0] * 5, [54.9, 54.5, 55.1, 55.6, 57.4], 1.0, "high", id="kayenta 510"),
        pytest.param([0.0] * 10, [0, 0.048, 0, 0.18, 0.089, 0, 0.098, 0.035, 0, 0], 1.0, "pass", id="spinnaker 5622"),
    ],
)
def test_mann_whitney_says_what_kayenta_said(control, experiment, increase, verdict):
    assert mann_whitney(control, experiment, increase=increase) == verdict


def test_everybody_lets_a_clean_steady_service_through():
    world = generate(Scenario(p0=0.001, rps=50), 1)
    assert [rule(world, Scenario(p0=0.001, rps=50)).after for rule in (flagger, argo_rollouts)] == [None, None]


def test_everybody_stops_half_of_the_requests_failing():
    bad = Scenario(p0=0.001, rps=50, errors_plus=0.5)
    world = generate(bad, 1)
    assert [rule(world, bad).after for rule in (flagger, argo_rollouts, kayenta)] == [300, 240, 600]


def test_no_traffic_is_a_rollback_for_flagger_and_argo_rollouts():
    idle = Scenario(rps=0, p0=0)
    world = generate(idle, 1)
    assert flagger(world, idle).after == 300
    assert argo_rollouts(world, idle).after == 300
