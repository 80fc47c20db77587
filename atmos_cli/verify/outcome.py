"""The possible outcomes of a verification, and the reasons for them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """The verdict; the words of the glossary."""

    PASS = "pass"  # noqa: S105 - a verdict
    WARN = "warn"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    SUPERSEDED = "superseded"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an outcome is what it is: a stable kebab-case `code`, a lower-case sentence, the next step."""

    outcome: Outcome
    code: str
    message: str
    hint: str = ""
