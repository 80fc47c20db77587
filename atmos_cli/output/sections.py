"""A verdict in sections, for readers outside a terminal: Markdown, JUnit, chat."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.verify.changes import says
from atmos_cli.verify.outcome import Outcome

if TYPE_CHECKING:
    from atmos_cli.verify.model import Cause, Verdict

SIGN = {
    Outcome.PASS: "✅",
    Outcome.WARN: "⚠️",
    Outcome.FAIL: "❌",
    Outcome.INCONCLUSIVE: "❔",
    Outcome.SUPERSEDED: "⏭️",
}
LONGEST = 60_000  # of a comment: GitHub takes 65,536 characters
LONGEST_LINE = 1000


def sections(verdict: Verdict) -> list[tuple[str, list[str]]]:
    """Return headings with the lines below each; none without lines."""
    evidence = [line for cause in verdict.causes for line in cause.evidence]
    measures = verdict.assessment.measures if verdict.assessment else ()
    found = [
        ("Measured", [each.says for each in measures if each.says]),
        ("Likely causes", [_cause(each) for each in verdict.causes]),
        ("Evidence", evidence),
        ("Changed in this commit", [says(each) for each in verdict.changes[:20]]),
    ]
    return [(name, items) for name, items in found if items]


def _cause(cause: Cause) -> str:
    return f"{cause.title} ({cause.rule}, {cause.confidence:.0%} sure)"
