"""Go itself agrees: with every value we read, with every text we refuse, and with every byte we write."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from atmos_cli.diagnostics import AtmosError, Code, Diagnostic, Location
from atmos_cli.yamlio.emit import emit
from atmos_cli.yamlio.load import load_all
from tests.lab.ask import ask
from tests.yamlio.nasty import TEXTS, WORDS, nasty, same, values

pytestmark = pytest.mark.lab

ROOT = Path(__file__).parents[2]
calm = {"deadline": None, "suppress_health_check": list(HealthCheck)}
PIECES = [
    "a", "b", ":", ": ", " ", "  ", "\n", "\n  ", "\n- ", "- ", "? ", "#", " # c", "&x ", "*x", "!!str ", "!!int ", "!t ", "<<: ", "|", "|-\n  ",
    ">\n  ", "'", '"', "[", "]", "{", "}", ", ", "\t", "\r\n", "---", "\n---\n", "\n...\n", "1", "on", "0x1", ".5", "~", "\\", "é", "%", "@",
]  # fmt: skip

FLOW_ROOT = re.compile(r"(?:\A|\n---.*\n)(?:\s|#.*\n|!\S* |&x )*[\[{]")
ONLY_AN_END = re.compile(r"---[^\n]*\n(?:\s*(?:#.*)?\n)*\.\.\.")


def verdicts(texts: list[str]) -> list[str]:
    """One line for every text on which Go and we part."""
    answers = ask("oracle", [{"op": "yaml", "text": text} for text in texts])
    found = (parting(text, answer) for text, answer in zip(texts, answers, strict=True))
    return [line for line in found if line]


def parting(text: str, answer: dict[str, Any]) -> str:
    documents = answer.get("documents") or []
    errors = [error for error in [answer.get("error"), *(document.get("error") for document in documents)] if error]
    try:
        ours = [document.value for document in load_all(text.encode())]
    except AtmosError as error:
        found = error.diagnostics[-1]
        excused = errors or stricter(text, found)
        return "" if excused else f"we refuse, Go accepts: {text!r}: {found.where} {found.message}"
    if errors and not ONLY_AN_END.search(text):
        return f"we accept, Go refuses: {text!r}: {errors}"
    theirs = [document["value"] for document in documents if document.get("value") is not None]
    return "" if same_values(ours, theirs) else f"values differ: {text!r}: {ours} / {theirs}"


def stricter(text: str, found: Diagnostic) -> bool:
    """What we refuse on purpose: duplicates, `[a:]`, and what Go drops in silence (all behind the first root of a piece)."""
    if (
        found.code is Code.YAML_DUPLICATE_KEY
        or "belongs to no document" in found.message
        or "needs a space" in found.message
    ):
        return True
    if "---#" in text or FLOW_ROOT.search(text):
        return True
    where = found.where or Location("")
    lines = text.split("\n")[: where.line]
    if any(line.startswith("...") for line in lines):
        return True
    read = "\n".join([*lines[:-1], lines[-1][: where.column - 1]])
    without, whole = ask("oracle", [{"op": "yaml", "text": read}, {"op": "yaml", "text": text}])
    return without == whole


def same_values(ours: Any, theirs: Any) -> bool:
    """Go's maps have no order; what is no 64-bit integer is a float, however JSON spells it."""
    if isinstance(ours, dict):
        return (
            isinstance(theirs, dict)
            and ours.keys() == theirs.keys()
            and all(same_values(ours[k], theirs[k]) for k in ours)
        )
    if isinstance(ours, list):
        return isinstance(theirs, list) and len(ours) == len(theirs) and all(map(same_values, ours, theirs))
    if isinstance(ours, float) and isinstance(theirs, int):
        return ours == float(theirs)
    return same(ours, theirs)


def report(partings: list[str]) -> None:
    assert not partings, f"{len(partings)} partings\n" + "\n".join(partings[:40])


def test_scalars_and_keys() -> None:
    rng = random.Random(1)
    made = ["".join(rng.choices("0123456789_.+-eExXoObBaf:", k=rng.randint(1, 7))) for _ in range(30_000)]
    report(verdicts([f"k: {text}\n" for text in [*WORDS, *made]]))
    report(verdicts([f"{text}: 1\n" for text in [*WORDS, *made]]))
    kinds = ["str", "int", "float", "bool", "null", "binary", "timestamp", "set", "merge"]
    report(
        verdicts(
            [f"k: !!{kind} {text}\n" for text in [*WORDS, *made[:500]] for kind in kinds if text[0] not in "#&*!|>%@`"]
        )
    )


def test_broken_and_odd_documents() -> None:
    rng = random.Random(2)
    report(verdicts(["".join(rng.choices(PIECES, k=rng.randint(1, 14))) for _ in range(40_000)]))


def test_damaged_manifests() -> None:
    rng = random.Random(3)
    samples = [path.read_text() for path in sorted((ROOT / "blueprints").rglob("*.yaml"))] + [SAMPLE]
    texts = []
    for _ in range(3_000):
        text = rng.choice(samples)[:3_000]
        for _ in range(rng.randint(0, 3)):
            at = rng.randrange(len(text))
            text = text[:at] + rng.choice(PIECES) + text[at + rng.choice((0, 0, 1, 3)) :]
        texts.append(text)
    report(verdicts(texts))


@settings(max_examples=120, **calm)
@given(st.lists(nasty, min_size=60, max_size=70), values)
def test_go_and_kustomize_read_what_we_write(texts: list[str], value: Any) -> None:
    for written in ({"items": [*texts, *WORDS, *TEXTS], **{text: text for text in texts}}, value):
        text = emit(written)
        kubernetes, kustomize = ask("oracle", [{"op": "yaml", "text": text}, {"op": "yaml3", "text": text}])
        if written is not None:
            assert same_values(written, kubernetes["documents"][0]["value"]), json.dumps(kubernetes)[:500]
            assert same_values(written, kustomize["documents"][0]["value"]), json.dumps(kustomize)[:500]
        assert not any("strict" in document for document in kubernetes.get("documents") or [])


SAMPLE = """\
# a comment
apiVersion: v1
kind: ConfigMap
metadata: {name: web, labels: &labels {app: web, "tier": 'front'}}
data:
  on: "yes"
  script: |
    #!/bin/sh
    exec app

  folded: >-
    one
    two
---
apiVersion: apps/v1
kind: Deployment
metadata:
  labels:
    <<: *labels
    extra: 0x10
spec:
  replicas: 3
  list:
  - a
  -   b: 1
      c: [1, 2.5, ~]
...
"""
