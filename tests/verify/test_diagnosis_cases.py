"""For every rule a case: the first cause named is the right one, and nobody is blamed wrongly with confidence."""

import json
from collections import defaultdict
from pathlib import Path

import pytest

from atmos_cli.verify.diagnosis import diagnose

from .causes import ROOT, case_of, cases, table

CASES = cases()
RULES = [f"R{number}" for number in range(1, 49)]
NAMED = [case for case in CASES if case.rule.startswith("R")]
SURE = 0.8


def first(case):
    found = diagnose(case.evidence)
    return found[0] if found else None


def is_right(case, cause):
    return case.rule == "none" if cause is None else cause.rule in (case.rule, *case.also)


def blames_wrongly(case, cause):
    """Names another rule than the right one, or says `this commit` or `not this commit` against the truth."""
    if cause is None:
        return False
    return not is_right(case, cause) or (cause.blames is not None and cause.blames is not case.blames)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_of_the_rule_base_has_a_case(rule):
    assert any(case.rule == rule for case in CASES)


def test_the_first_cause_is_right_for_nine_of_ten_cases():
    wrong = [case.name for case in CASES if not is_right(case, first(case))]
    assert len(wrong) <= 0.1 * len(CASES), wrong


def test_the_first_cause_is_right_for_nine_of_ten_rules():
    right = defaultdict(list)
    for case in NAMED:
        right[case.rule].append(is_right(case, first(case)))
    lost = [rule for rule, answers in right.items() if not all(answers)]
    assert len(lost) <= 0.1 * len(RULES), lost


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_blamed_wrongly_with_high_confidence(case):
    wrong = [c for c in diagnose(case.evidence)[:1] if c.confidence >= SURE and blames_wrongly(case, c)]
    assert not wrong


@pytest.mark.parametrize("case", [case for case in CASES if case.rule == "none"], ids=lambda case: case.name)
def test_where_nothing_is_wrong_no_cause_is_named(case):
    assert diagnose(case.evidence) == ()


@pytest.mark.parametrize("case", NAMED, ids=lambda case: case.name)
def test_a_cause_names_the_real_objects_and_one_next_command(case):
    cause = first(case)
    said = f"{cause.title} {cause.hint}"
    assert [words for words in case.says if words not in said] == []
    assert cause.next
    assert cause.evidence
    assert "\n" not in cause.next + said
    assert all(len(line) <= 400 for line in cause.evidence)
    assert len(diagnose(case.evidence)) <= 3


def test_what_the_commit_changed_stands_with_the_cause():
    cause = first(next(case for case in CASES if case.name == "R1-fastapi-too-many-clients"))
    assert cause.blames is True
    assert "(8 pods + 2 surge) x 15 connections = 150 > max_connections 100" in cause.hint
    assert [change.path[-1] for change in cause.changed] == ["replicas"]


def test_diagnosing_twice_says_the_same():
    for case in CASES:
        assert diagnose(case.evidence) == diagnose(case.evidence)


def test_the_documented_table_is_what_the_rules_say_today():
    page = (Path(__file__).parents[2] / "docs" / "diagnosis.md").read_text()
    assert table() in page, "run: python -m tests.verify.causes"


def test_a_job_is_the_cause_from_the_decision_on_though_its_pods_still_end():
    case = json.loads((ROOT / "R47-migration-job.json").read_text())
    case["objects"][0]["status"]["conditions"][0]["type"] = "FailureTarget"
    assert first(case_of("R47 decided", case)).rule == "R47"
