"""Codes are public: unique, explained, and each one is asserted by a test."""

import re
from pathlib import Path

import pytest

from atmos_cli.commands.explain import explained
from atmos_cli.diagnostics import Code

HERE = Path(__file__).parent
NO_TESTS = {Path(__file__), HERE / "cli/codes_without_a_row.py"}
TESTS = "\n".join(path.read_text() for path in sorted(HERE.rglob("*.py")) if path not in NO_TESTS)
SECTIONS = {code: (title, text) for code, title, text in explained("all")}


def test_every_section_is_a_code_and_every_code_has_a_section():
    assert set(SECTIONS) == {code.value for code in Code}


@pytest.mark.parametrize("code", list(Code), ids=lambda code: code.value)
def test_the_explanation_helps(code):
    title, text = SECTIONS[code.value]
    assert title == code.name.lower().replace("_", "-")
    assert len(text.split()) >= 15, "say what it means, why it matters and how to mend it"


@pytest.mark.parametrize("code", list(Code), ids=lambda code: code.value)
def test_some_test_sees_it(code):
    assert re.search(rf"\b({code.value}|{code.name})\b", TESTS), f"no test asserts {code.value}"


def test_numbers_are_never_used_twice():
    assert len({code.value for code in Code}) == len(list(Code))
