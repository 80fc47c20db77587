"""Asks the oracle, a Go program, many questions at once."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

from tests.lab.components import binary

if TYPE_CHECKING:
    from collections.abc import Iterable


def ask(questions: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """The answers, in order. Fails when the program has not been built: these tests mean nothing without it."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    done = subprocess.run([binary("oracle")], input=lines.encode(), capture_output=True, check=True, timeout=300)
    answers = [json.loads(line) for line in done.stdout.split(b"\n") if line]
    assert len(answers) == lines.count("\n"), done.stderr.decode()
    return answers
