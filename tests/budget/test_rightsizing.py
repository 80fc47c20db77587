"""A suggestion follows KRR's rules, and says nothing where it would be a guess."""

import pytest

from atmos_cli.budget.rightsize import Usage, read_usage, suggest
from atmos_cli.diagnostics import AtmosError, Code
from atmos_cli.kube.quantity import parse


def used(cpu="120m", memory="180Mi", points=1000, days=14, oom=False):
    return Usage(parse(cpu), parse(memory), points, days, oom)


@pytest.mark.parametrize(
    ("usage", "cpu", "memory"),
    [
        (used(), "120m", "207Mi"),
        (used(cpu="120.1m"), "121m", "207Mi"),
        (used(cpu="1m", memory="1Mi"), "10m", "100Mi"),
        (used(memory="1Gi"), "120m", "1178Mi"),
        (used(memory="1000M"), "120m", "1097Mi"),
    ],
)
def test_figures(usage, cpu, memory):
    found = suggest(usage)
    assert (str(found.cpu), str(found.memory)) == (cpu, memory)
    assert found.reason


@pytest.mark.parametrize("usage", [used(points=99), used(days=6), used(oom=True)])
def test_no_guesses(usage):
    assert suggest(usage).problem


@pytest.mark.parametrize(
    "text",
    [
        "[]",
        "containers: {}",
        "containers: {a: 1}",
        "containers: {a: {cpu: 1}}",
        "containers: {a: {cpu: x, memory: 1, points: 1, days: 1}}",
        "containers: {a: {cpu: -1, memory: 1, points: 1, days: 1}}",
        "containers: {a: {cpu: 1, memory: 1, points: many, days: 1}}",
    ],
)
def test_a_file_that_is_none(text):
    with pytest.raises(AtmosError) as caught:
        read_usage(text.encode(), path="usage.yaml")
    assert caught.value.diagnostics[0].code is Code.USAGE_INVALID
    assert caught.value.diagnostics[0].where.line
