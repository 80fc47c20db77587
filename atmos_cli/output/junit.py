"""Verdicts as JUnit XML, which CI systems show as tests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

from atmos_cli.foreign import xml_text
from atmos_cli.output.sections import LONGEST_LINE, sections
from atmos_cli.verify.masking import shown
from atmos_cli.verify.outcome import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.verify.model import Verdict

_NOT_XML = re.compile(r"[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def junit(verdicts: Sequence[Verdict]) -> str:
    """Return a test case for each service and environment.

    FAIL is a failure, INCONCLUSIVE an error, SUPERSEDED skipped.
    """
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
    for name, items in sections(verdict):
        lines += [f"{name}:", *(f"  {shown(item)}" for item in items)]
    return [*lines, f"Next: {shown(verdict.next)}"] if verdict.next else lines
