"""Evidence is hostile: objects of any shape, logs of any bytes, numbers that are none. A diagnosis never raises."""

import copy
import json
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atmos_cli.ports import Series
from atmos_cli.verify.changes import field_changes, migration_suspect, says
from atmos_cli.verify.diagnosis import diagnose, needs, wants
from atmos_cli.verify.model import Evidence
from atmos_cli.verify.seen import ClusterSnapshot, Log

from .causes import cases

CASES = [case for case in cases() if case.rule != "none"]
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])


def paths(node, path=()):
    yield path
    steps = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for step, below in steps:
        yield from paths(below, (*path, step))


def damaged(tree, draw, *, times):
    tree = copy.deepcopy(tree)
    for _ in range(times):
        path = draw(st.sampled_from(list(paths(tree))[1:] or [()]))
        if not path:
            break
        node = tree
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = draw(JUNK)
    return tree


def everything(evidence):
    for cause in diagnose(evidence):
        assert cause.title
        assert 0 <= cause.confidence <= 1
    assert len(needs(evidence.snapshot, evidence.rollout)) <= 10
    wants(evidence.snapshot)
    migration_suspect(evidence.changes, evidence)


@PATIENT
@given(st.data())
def test_no_damage_to_a_known_case_raises(data):
    evidence = CASES[data.draw(st.integers(0, len(CASES) - 1))].evidence
    snapshot = evidence.snapshot
    objects = damaged(list(snapshot.objects), data.draw, times=data.draw(st.integers(1, 6)))
    wanted = damaged(list(snapshot.wanted), data.draw, times=data.draw(st.integers(0, 3)))
    events = damaged(list(snapshot.events), data.draw, times=2) if snapshot.events else []
    changes = field_changes([o for o in wanted if isinstance(o, dict)], [o for o in objects if isinstance(o, dict)])
    for change in changes:
        assert isinstance(says(change), str)
    broken = ClusterSnapshot(snapshot.at, (), tuple(wanted), tuple(objects), tuple(events))
    everything(replace(evidence, snapshot=broken, changes=changes))


@PATIENT
@given(
    st.lists(JUNK, max_size=5),
    st.lists(st.text(max_size=200), max_size=5),
    st.lists(st.floats(allow_nan=True, allow_infinity=True), max_size=3),
)
def test_no_objects_logs_or_gauges_raise(objects, lines, numbers):
    base = CASES[0].evidence
    gauges = {
        name: (Series({}, tuple((0.0, n) for n in numbers)),)
        for name in ("hikari-pending", "mesh-flags", "cpu-throttling")
    }
    snapshot = ClusterSnapshot(0.0, (), (), tuple(objects), tuple(objects))
    everything(replace(base, snapshot=snapshot, logs=(Log("p", "c", False, tuple(lines)),), gauges=gauges))


@pytest.mark.parametrize(
    "line",
    [
        "a" * 1_000_000,
        "ValidationError" * 70_000,
        "://a:" * 200_000,
        "listening on " * 80_000,
        "password=" * 110_000,
        "dial tcp " * 110_000,
        'admission webhook "' * 50_000,
        "\x1b[" * 500_000,
        "1 Insufficient " * 66_000,
        "exceeded quota: a, requested: " * 33_000,
        "-----BEGIN " * 90_000,
        "/a" * 500_000,
        "'" * 1_000_000,
    ],
)
def test_a_line_of_a_megabyte_takes_no_longer_than_its_head(line):
    base = next(case for case in CASES if case.name == "unknown-new-line").evidence
    events = tuple({**event, "message": line} for event in base.snapshot.events)
    logs = (Log(base.logs[0].pod, "web", True, (line,) * 20),)
    everything(replace(base, logs=logs, snapshot=replace(base.snapshot, events=events)))


def test_nothing_of_nothing_is_nothing():
    base = CASES[0].evidence
    assert diagnose(Evidence(base.target, ClusterSnapshot(0.0))) == ()


def test_what_is_said_holds_no_secret_and_no_control_character():
    base = next(case for case in CASES if case.name == "R3-postgres-password").evidence
    hostile = '\x1b[31mpassword authentication failed for user "web" postgres://web:hunter2@db/x password=hunter2\x07'
    said = json.dumps([str(c) for c in diagnose(replace(base, logs=(Log(base.logs[0].pod, "web", True, (hostile,)),)))])
    assert "hunter2" not in said
    assert "\\u001b" not in said
    assert "***" in said
