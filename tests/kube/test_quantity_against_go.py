"""apimachinery's own ParseQuantity gives the same value and the same canonical text."""

from __future__ import annotations

import random
import re
from fractions import Fraction

import pytest

from atmos_cli.diagnostics import AtmosError
from atmos_cli.kube.quantity import parse
from tests.lab.ask import ask

pytestmark = pytest.mark.lab

UNITS = [
    "",
    "n",
    "u",
    "m",
    "k",
    "M",
    "G",
    "T",
    "P",
    "E",
    "Ki",
    "Mi",
    "Gi",
    "Ti",
    "Pi",
    "Ei",
    "e0",
    "e3",
    "E-3",
    "e-9",
    "e5",
    "E+7",
    "e-12",
    "K",
    "mi",
    "e",
    "i",
    "e1.5",
]


def texts() -> list[str]:
    rng = random.Random(7)
    made = []
    for _ in range(20_000):
        whole = str(
            rng.choice([0, 1, 5, 10, 100, 999, 1000, 1023, 1024, 1048576, rng.randrange(10 ** rng.randint(1, 20))])
        )
        fraction = (
            "." + str(rng.randrange(10 ** rng.randint(1, 15))) if rng.random() < 0.5 else rng.choice(["", "", "."])
        )
        made.append(
            rng.choice(["", "", "", "+", "-"]) + rng.choice(["", "0", whole, whole]) + fraction + rng.choice(UNITS)
        )
    made += ["".join(rng.choices("0123456789.eE+-kKMGTPEinum", k=rng.randint(1, 9))) for _ in range(20_000)]
    return [text for text in made if not large_exponent(text)]


def large_exponent(text: str) -> bool:
    """Go would compute these; we refuse them by design."""
    digits = text.lower().rpartition("e")[2].lstrip("+-")
    return digits.isdigit() and "e" in text.lower() and len(digits.lstrip("0")) > 1 and int(digits) > 60


def test_value_and_canonical_text() -> None:
    questions = texts()
    assert len(questions) > 35_000
    partings = []
    accepted = 0
    for text, answer in zip(
        questions, ask("oracle", ({"op": "quantity", "text": text} for text in questions)), strict=True
    ):
        try:
            ours = parse(text)
        except AtmosError:
            if "error" not in answer and re.match(r"[-+]?\.?[0-9]", text):  # Go reads `Mi` and `e3` as zero
                partings.append(f"we refuse {text!r}: {answer}")
            continue
        accepted += 1
        if "error" in answer:
            partings.append(f"Go refuses {text!r}: {answer}")
        elif Fraction(answer["value"]) != Fraction(ours.nano, 10**9):
            partings.append(f"{text!r}: {ours.nano}n, Go {answer['value']}")
        elif str(ours) != answer["canonical"] and abs(ours.nano) < 10**30:  # from 1000E upstream drops the unit
            partings.append(f"{text!r}: {ours}, Go {answer['canonical']}")
    assert not partings, f"{len(partings)} partings\n" + "\n".join(partings[:30])
    assert accepted > 10_000
