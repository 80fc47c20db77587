"""The finding of a rule before it is ranked, and the search for the commit's changes that it is about."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from atmos_cli.verify.changes import says
from atmos_cli.verify.masking import shown

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.verify.diagnosis.facts import Facts, LogLine
    from atmos_cli.verify.model import ObjectFieldChange

# Specificity: how near to the cause the finding of a rule is.
SYMPTOM, PATTERN, CAUSE, EXACT = 1, 2, 3, 4


@dataclass(frozen=True, slots=True)
class Suspect:
    """The finding of a rule. `subject`: what it is about, as patterns over the words of a change.

    `elsewhere`: the cause is not this commit.
    """

    rule: str
    title: str
    hint: str
    confidence: float
    specificity: int
    evidence: tuple[str, ...] = ()
    subject: tuple[str, ...] = ()
    next: str = ""
    at: float = 0.0
    elsewhere: bool = False
    unsure: bool = False


def related(finding: Suspect, changes: Iterable[ObjectFieldChange]) -> tuple[ObjectFieldChange, ...]:
    """Return the changes that are about the finding's subject, at most 5."""
    if not finding.subject:
        return ()
    pattern = re.compile("|".join(f"(?:{part})" for part in finding.subject), re.IGNORECASE)
    return tuple(change for change in changes if pattern.search(wording(change)))[:5]


def wording(change: ObjectFieldChange) -> str:
    """Join the object, the path and the sentence of a change into one text to look for subjects in."""
    path = ".".join(str(step) for step in change.path)
    return f"{change.object.kind}/{change.object.name} {path} | {says(change)} | {_leaves(change)}"[:4000]


def _leaves(change: ObjectFieldChange) -> str:
    return " ".join(leaf for side in (change.before, change.after) for leaf in _texts(side, depth=0))[:2000]


def _texts(node: Any, *, depth: int) -> list[str]:
    if depth > 8:
        return []
    if isinstance(node, dict):
        return [t for key, value in list(node.items())[:100] for t in (str(key)[:100], *_texts(value, depth=depth + 1))]
    if isinstance(node, list):
        return [t for value in node[:100] for t in _texts(value, depth=depth + 1)]
    return [str(node)[:200]] if isinstance(node, str | int | float) else []


def quoted(line: LogLine) -> str:
    """Format a line of a log as evidence."""
    return shown(f"log of {line.pod}/{line.container}: {line.text}")


def from_lines(facts: Facts, rule: str, *, most: int = 2) -> tuple[str, ...]:
    """Return the first `most` different lines that match a pattern, as evidence."""
    return tuple(dict.fromkeys(quoted(line) for line, _ in facts.matching(rule)))[:most]


def certainty(facts: Facts, rule: str, *, novel: float, stale: float) -> float:
    """Return `novel` when the version before never wrote such a line, `stale` when it did, 0 without a line."""
    line = next(facts.matching(rule), None)
    return 0.0 if line is None else novel if line[0].novel else stale


def word(name: str) -> str:
    """Return a pattern for exactly this name among the words of a change."""
    return rf"(?<![\w-]){re.escape(name)}(?![\w-])"


IMAGE = r"\bimage\b"
"""The code changed: the subject of every rule about what a program does."""
