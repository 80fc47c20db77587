"""The finding when no rule explains it: lines that the version before never wrote, and how the program ended."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.verify.diagnosis.finding import IMAGE, Suspect
from atmos_cli.verify.masking import shown
from atmos_cli.verify.novelty import new_templates

if TYPE_CHECKING:
    from collections.abc import Iterator

    from atmos_cli.verify.diagnosis.facts import Facts


def unknown_rules(facts: Facts) -> Iterator[Suspect]:
    if not facts.hurting:
        return
    new = [line for line in facts.lines if line.new]
    fresh = new_templates((line.text for line in new), (line.text for line in facts.lines if not line.new))
    ended = next((c for c in facts.containers if c.crashing), None)
    codes = [str(end.code) for end in ended.ends if end.code is not None] if ended else []
    if ended is None and not fresh:
        return
    title = (
        f"container {ended.name} keeps ending (exit code {', '.join(dict.fromkeys(codes)) or 'unknown'})"
        if ended
        else ("the new version writes log lines that the old one never did")
    )
    said = " Its log says nothing new." if new else " No line of its log could be had."
    if fresh:
        said = f" Its newest kind of line: {shown(fresh[0].sample, most=200)}"
    target = (
        f"{ended.pod} -c {ended.name} --previous" if ended else f"deploy/{facts.evidence.target.workload} --since=10m"
    )
    yield Suspect(
        rule="new-lines" if fresh else "exit",
        title=title,
        hint=f"No known cause matches.{said}",
        confidence=0.35 if fresh else 0.2,
        specificity=0,
        evidence=tuple(shown(f"{found.count} x {found.sample}") for found in fresh),
        subject=(IMAGE, "command", "args", r"\benv\b", "ConfigMap/"),
        next=f"kubectl -n {facts.namespace} logs {target}",
        unsure=True,
    )
