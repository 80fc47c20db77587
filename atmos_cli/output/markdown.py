"""Comments on pull requests and job summaries. Whatever a cluster or a repo says is shown as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.foreign import markdown as escaped
from atmos_cli.output.sections import LONGEST, LONGEST_LINE, SIGN, sections
from atmos_cli.verify.masking import shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from atmos_cli.budget.evaluate import LimitRow
    from atmos_cli.gitops.budgeting import Budgeted
    from atmos_cli.verify.model import Verdict

VERDICT_MARK = "<!-- atmos-verify -->"
BUDGET_MARK = "<!-- atmos-budget -->"
BUDGET_SIGNS = {
    "ok": "✅",
    "warning": "⚠️",
    "approved": "✅ approved",
    "over": "❌ over",
    "denied": "⛔ above the ceiling",
}


def verdict_comment(verdicts: Sequence[Verdict]) -> str:
    """Return verdicts as a comment or job summary.

    It begins with a hidden mark, so that a bot can find its own comment again.
    """
    parts = [VERDICT_MARK, *(_section(each) for each in verdicts)]
    text = "\n\n".join(parts)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}\n\n(cut off)\n"


def _section(verdict: Verdict) -> str:
    target = verdict.target
    title = f"{target.service} in {target.environment}: {verdict.outcome.value}"
    lines = [f"### {SIGN[verdict.outcome]} {_text(title)}", "", _text(verdict.headline)]
    for name, items in sections(verdict):
        lines += ["", f"**{name}**", "", *(f"- {_text(item)}" for item in items)]
    if verdict.next:
        lines += ["", "**Next**", "", f"    {shown(verdict.next)}"]
    return "\n".join(lines)


def _text(text: str) -> str:
    return escaped(shown(text, most=LONGEST_LINE))


def budget_comment(judged: Iterable[Budgeted]) -> str:
    """Return a comment for a pull request; it begins with a mark, as `verdict_comment` does."""
    lines = [BUDGET_MARK, "### Budget", ""]
    for each in judged:
        lines += [f"**{escaped(each.environment)}** (counted: {each.budget.count})", ""]
        changed = [row for row in each.rows if row.before != row.after or row.outcome not in ("ok", "warning")]
        if not changed:
            lines += ["nothing changes", ""]
            continue
        lines += ["| scope | what | now | after | limit | over by | |", "|---|---|---:|---:|---:|---:|---|"]
        lines += [_table_line(row) for row in changed]
        lines.append("")
        if each.sheet is not None:
            lines += [
                f"Costs are requests at the prices of {escaped(each.sheet.label)} for 730 hours; not a bill.",
                "",
            ]
    return "\n".join(lines).rstrip() + "\n"


def _table_line(row: LimitRow) -> str:
    over = row.text(row.over_by) if row.over_by.nano else "-"
    limit = row.text(row.limit) if not row.note else "-"
    what = row.dimension if not row.note else f"not known: {row.note}"
    cells = (row.scope, what, row.text(row.before), row.text(row.after), limit, over, BUDGET_SIGNS[row.outcome])
    return f"| {' | '.join(escaped(cell) for cell in cells)} |"
