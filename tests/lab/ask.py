"""Asks one of the lab's Go programs many questions at once: a JSON text per line in, one per line out, in the same order."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from tests.lab.components import binary
from tests.lab.processes import PATIENCE, PATIENT

if TYPE_CHECKING:
    from collections.abc import Iterable


def ask(program: str, questions: Iterable[Any]) -> list[Any]:
    """The answers, in order. Fails when the program has not been built, or gave up half way."""
    lines = "".join(json.dumps(question) + "\n" for question in questions)
    environment = {**PATIENT, **os.environ}
    done = subprocess.run(
        [binary(program)], input=lines.encode(), env=environment, capture_output=True, check=False, timeout=PATIENCE
    )
    answers = [json.loads(line) for line in done.stdout.split(b"\n") if line]
    assert (done.returncode, len(answers)) == (0, lines.count("\n")), f"{program}: {done.stderr.decode()[-2000:]}"
    return answers
