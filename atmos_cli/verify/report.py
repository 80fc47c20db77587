"""Verdicts as others read them: Markdown for a comment or job summary, JUnit for CI, a message for chat."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from xml.etree.ElementTree import Element, SubElement, tostring

from atmos_cli.foreign import markdown as escaped
from atmos_cli.foreign import xml_text
from atmos_cli.verify.changes import says
from atmos_cli.verify.masking import shown
from atmos_cli.verify.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

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
MARK = "<!-- atmos-verify -->"
_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def markdown(verdicts: Sequence[Verdict]) -> str:
    """Begins with a hidden mark, so that a bot can find its own comment again; what a cluster said is escaped."""
    parts = [MARK, *(_section(each) for each in verdicts)]
    text = "\n\n".join(parts)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n\n(cut off)\n"


def _section(verdict: Verdict) -> str:
    target = verdict.target
    title = f"{target.service} in {target.environment}: {verdict.outcome.value}"
    lines = [f"### {SIGN[verdict.outcome]} {_text(title)}", "", _text(verdict.headline)]
    for name, items in _lists(verdict):
        lines += ["", f"**{name}**", "", *(f"- {_text(item)}" for item in items)]
    if verdict.next:
        lines += ["", "**Next**", "", f"    {shown(verdict.next)}"]
    return "\n".join(lines)


def _lists(verdict: Verdict) -> list[tuple[str, list[str]]]:
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


def _text(text: str) -> str:
    return escaped(shown(text, most=LONGEST_LINE))


def junit(verdicts: Sequence[Verdict]) -> str:
    """One test case for each service and environment: FAIL is a failure, INCONCLUSIVE an error, SUPERSEDED skipped."""
    count = {outcome: sum(each.outcome is outcome for each in verdicts) for outcome in Outcome}
    suite = Element(
        "testsuite",
        name="atmos verify",
        tests=str(len(verdicts)),
        failures=str(count[Outcome.FAIL]),
        errors=str(count[Outcome.INCONCLUSIVE]),
        skipped=str(count[Outcome.SUPERSEDED]),
    )
    for each in verdicts:
        seconds = f"{max(0.0, each.ended - each.started):.1f}"
        where = f"{each.target.environment}.{each.target.team}"
        case = SubElement(suite, "testcase", name=each.target.service, classname=where, time=seconds)
        kind = {Outcome.FAIL: "failure", Outcome.INCONCLUSIVE: "error", Outcome.SUPERSEDED: "skipped"}.get(each.outcome)
        if kind:
            said = _xml(shown(each.headline, most=LONGEST_LINE))
            SubElement(case, kind, message=said).text = _xml("\n".join(_plain(each)))
        elif each.outcome is Outcome.WARN:
            SubElement(case, "system-out").text = _xml("\n".join(_plain(each)))
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{xml_text(tostring(suite, encoding="unicode"))}\n'


def _xml(text: str) -> str:
    return _NOT_XML.sub("", text)


def _plain(verdict: Verdict) -> list[str]:
    lines = [shown(verdict.headline, most=LONGEST_LINE)]
    for name, items in _lists(verdict):
        lines += [f"{name}:", *(f"  {shown(item)}" for item in items)]
    return [*lines, f"Next: {shown(verdict.next)}"] if verdict.next else lines


def chat(verdicts: Sequence[Verdict]) -> dict[str, Any]:
    """The body of a Slack-compatible webhook: also what Mattermost, Rocket.Chat and Discord (`/slack`) take."""
    lines = []
    for each in verdicts:
        title = f"{SIGN[each.outcome]} *{each.target.service}* in *{each.target.environment}*: {each.outcome.value}"
        lines.append(f"{title}\n{_slack(each.headline)}")
        if each.next:
            lines.append(f"`{shown(each.next).replace('`', '')}`")
    return {"text": "\n".join(lines)[:LONGEST]}


def _slack(text: str) -> str:
    return shown(text, most=LONGEST_LINE).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
