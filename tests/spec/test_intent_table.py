"""What people type means what `intents.txt` says."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .canonical import BUNDLED, canonical

TABLE = Path(__file__).with_name("intents.txt")
ROWS = [line.split("==", 1) for line in TABLE.read_text().splitlines() if " ==" in line and not line.startswith("#")]
ALL_TYPES = frozenset(m.value for m in BUNDLED.meanings.values() if m.kind == "type")
ALL_ADDONS = frozenset(m.value for m in BUNDLED.meanings.values() if m.kind == "addon")


@pytest.mark.parametrize(("intent", "meant"), [(i.strip(), m.strip()) for i, m in ROWS])
def test_an_intent_means_what_the_table_says(intent, meant):
    assert canonical(intent) == meant


def test_the_table_is_large_and_has_no_row_twice():
    intents = [intent.strip() for intent, _ in ROWS]
    assert len(intents) >= 150
    assert len(set(intents)) == len(intents)


@pytest.mark.parametrize(
    "phrase", sorted(w for w, m in BUNDLED.meanings.items() if m.kind in {"language", "type", "addon", "size"})
)
def test_every_phrase_of_the_vocabulary_is_understood_as_itself(phrase):
    meaning = BUNDLED.meanings[phrase]
    field = "addons" if meaning.kind == "addon" else meaning.kind
    assert canonical(phrase, types=ALL_TYPES, addons=ALL_ADDONS) == f"{field}={meaning.value}"
    assert canonical(phrase.replace(" ", "-"), types=ALL_TYPES, addons=ALL_ADDONS) == f"{field}={meaning.value}"


def test_every_language_and_size_has_words():
    from typing import get_args

    from atmos_cli.spec.model import SizeClass

    assert {m.value for m in BUNDLED.meanings.values() if m.kind == "language"} == set(BUNDLED.languages)
    assert {m.value for m in BUNDLED.meanings.values() if m.kind == "size"} == set(get_args(SizeClass))


def _elsewhere(code: str, *, seed: str = "0") -> str:
    """What a fresh Python prints for `code`."""
    environment = {**os.environ, "PYTHONHASHSEED": seed}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, env=environment, check=True)
    return done.stdout


def test_the_answer_does_not_depend_on_the_hash_seed():
    code = (
        "from atmos_cli.spec.shorthand import read_intent; from tests.spec.canonical import BUNDLED\n"
        f"for line in open({str(TABLE)!r}).read().splitlines(): print(read_intent(line.split('==')[0], BUNDLED))"
    )
    assert _elsewhere(code, seed="1") == _elsewhere(code, seed="2")


def test_the_grammar_does_not_load_pydantic():
    code = (
        "import sys; import atmos_cli.spec.shorthand\n"
        "print(sorted({'pydantic', 'yaml', 'jinja2', 'git'} & set(sys.modules)))"
    )
    assert _elsewhere(code) == "[]\n"
