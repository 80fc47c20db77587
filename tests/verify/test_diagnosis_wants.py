"""What is collected for a diagnosis is little, and holds what the rules need."""

import re

import pytest

from atmos_cli.verify.diagnosis import GAUGES, needs, wants
from atmos_cli.verify.novelty import new_templates, template
from atmos_cli.verify.traffic.promql import filled

from .causes import cases, pod_name

CASES = {case.name: case.evidence for case in cases()}


def test_the_run_that_ended_is_read_before_the_one_that_runs():
    evidence = CASES["R12-python-keyerror"]
    wanted = needs(evidence.snapshot, evidence.rollout)
    assert wanted[0] == (pod_name("new:0"), "web", True)
    assert (pod_name("old:0"), "web", False) in wanted


def test_containers_that_never_ran_have_no_log():
    evidence = CASES["R9-tag-not-pushed"]
    assert all(pod != pod_name("new:0") for pod, _, _ in needs(evidence.snapshot, evidence.rollout))


@pytest.mark.parametrize("name", sorted(CASES))
def test_at_most_ten_logs_and_never_a_secret_are_asked_for(name):
    evidence = CASES[name]
    assert len(needs(evidence.snapshot, evidence.rollout)) <= 10
    assert "Secret" not in {kind for _, kind, _ in wants(evidence.snapshot)}


def test_nodes_are_asked_for_only_where_they_matter():
    assert ("v1", "Node", False) in wants(CASES["R24-cpu-request"].snapshot)
    assert ("v1", "Node", False) not in wants(CASES["none-healthy"].snapshot)


@pytest.mark.parametrize("name", sorted(GAUGES))
def test_every_gauge_takes_only_the_three_names_and_is_balanced(name):
    assert set(re.findall(r"\$(\w+)", GAUGES[name])) <= {"ns", "wl", "svc"}
    query = filled(GAUGES[name], {"ns": "shop-prod", "wl": "web", "svc": "web"}, regex=True)
    assert "$" not in query
    for opening, closing in ("()", "{}", "[]"):
        assert query.count(opening) == query.count(closing)
    assert query.count("`") % 2 == 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2026-11-18T13:07:31Z took 14 ms", "2026-11-19T01:00:00.123Z took 9 ms"),
        ("order 6f1c1e9e-30f1-4f0c-8f0f-3f7a2c9d1e11 lost", "order 0a1c1e9e-30f1-4f0c-8f0f-3f7a2c9d1e99 lost"),
        ('open "/tmp/a" failed', 'open "/tmp/b" failed'),
        ("pod at 0xc000123456 freed", "pod at 0xc000ffffff freed"),
        ("cannot read /var/lib/a/b", "cannot read /srv/data/c"),
    ],
)
def test_lines_that_differ_only_in_values_are_one(one, other):
    assert template(one) == template(other)


def test_the_newest_templates_speak_of_trouble_first():
    before = ["GET /a 200 4ms", "connected to db1"]
    after = ["GET /a 200 9ms", "cache warmed 10", "cache warmed 11", "panic: index out of range [5]", ""]
    found = new_templates(after, before)
    assert [each.sample for each in found] == ["panic: index out of range [5]", "cache warmed 10"]
    assert found[1].count == 2
