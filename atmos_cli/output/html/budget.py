"""The budget as one HTML file: no script, no network, drawn with SVG, readable in the dark and on paper."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.budget.dimensions import MONEY, amount_text
from atmos_cli.foreign import html as escape
from atmos_cli.kube.quantity import ZERO
from atmos_cli.output.text.sentences import cost_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.budget.model import Limit
    from atmos_cli.commands.budget import Shown
    from atmos_cli.commands.budget_history import Moment

WIDTH, HEIGHT = 720, 120
STYLE = """
:root { color-scheme: light dark; --line: #8886; --ok: #2a9d5c; --near: #c98a00; --over: #d0342c; --ink: #3b6fd4; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
h2 { margin-top: 2.5rem; border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: right; padding: .25rem .6rem; border-bottom: 1px solid var(--line); }
th:first-child, td:first-child { text-align: left; }
td.bar { width: 40%; } .track { background: var(--line); height: .8rem; border-radius: .4rem; overflow: hidden; }
.fill { height: 100%; }
.ok { background: var(--ok); } .near { background: var(--near); } .over { background: var(--over); }
svg { width: 100%; height: auto; } .use { fill: none; stroke: var(--ink); stroke-width: 2; }
.limit { stroke: var(--over); stroke-dasharray: 6 4; } figcaption, .note { color: GrayText; font-size: .9em; }
"""


def budget_page(shown: Sequence[Shown], history: Sequence[Moment]) -> str:
    """Return a whole document, in which everything that comes from the repo is escaped."""
    body = "\n".join(part for each in shown for part in _environment(each, history))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Budgets</title><style>{STYLE}</style></head>\n<body><h1>Budgets</h1>\n{body}\n</body></html>\n"
    )


def _environment(shown: Shown, history: Sequence[Moment]) -> Iterator[str]:
    yield f'<section id="{escape(shown.environment)}"><h2>{escape(shown.environment)}</h2>'
    cost = cost_line(shown.total, shown.sheet)
    yield f'<p class="note">Counted: {shown.count}{f"; {escape(cost)}, requests only, not a bill" if cost else ""}</p>'
    yield "<table><tr><th>what</th><th></th><th>used</th><th>of</th><th>limit</th></tr>"
    yield from (_limit(shown, name, limit) for name, limit in shown.budget.limits.items())
    yield "</table>"
    yield from _parts(shown)
    yield from (f'<p class="note">Not known: {escape(note)}</p>' for note in shown.unknown)
    moments = [each for each in history if each.environment == shown.environment]
    if len(moments) > 1:
        yield from (_chart(shown, name, limit, moments) for name, limit in shown.budget.limits.items())
    yield "</section>"


def _limit(shown: Shown, name: str, limit: Limit) -> str:
    used, allowed = shown.total.get(name, ZERO), shown.budget.effective(name, limit)
    percent = used.nano * 100 // allowed.nano if allowed.nano else (100 if used.nano else 0)
    state = "over" if used > allowed else "near" if percent >= int(limit.warn[:-1]) else "ok"
    text = amount_text(name, used, currency=limit.currency or "")
    bar = f'<div class="track"><div class="fill {state}" style="width:{min(percent, 100)}%"></div></div>'
    return (
        f'<tr><td>{escape(name)}</td><td class="bar">{bar}</td><td>{escape(text)}</td>'
        f"<td>{percent}%</td><td>{escape(amount_text(name, allowed))}</td></tr>"
    )


def _parts(shown: Shown) -> Iterator[str]:
    names = list(dict.fromkeys([*shown.budget.limits, *([MONEY] if shown.sheet else [])]))
    yield f"<table><tr><th>who</th>{''.join(f'<th>{escape(name)}</th>' for name in names)}</tr>"
    for who, totals in shown.parts:
        cells = "".join(f"<td>{escape(amount_text(name, totals.get(name, ZERO)))}</td>" for name in names)
        yield f"<tr><td>{escape(who)}</td>{cells}</tr>"
    yield "</table>"


def _chart(shown: Shown, name: str, limit: Limit, moments: Sequence[Moment]) -> str:
    """Draw a step for each commit, and the limit of today as a dashed line; whole pixels, so no float is needed."""
    allowed = shown.budget.effective(name, limit).nano
    values = [each.total.get(name, ZERO).nano for each in moments]
    top = max([*values, allowed, 1])
    step = WIDTH // (len(values) - 1)
    points = " ".join(f"{index * step},{HEIGHT - value * HEIGHT // top}" for index, value in enumerate(values))
    line = HEIGHT - allowed * HEIGHT // top
    label = f"{name} of {shown.environment} over the last {len(values)} commits"
    return (
        f'<figure><svg viewBox="0 -4 {WIDTH} {HEIGHT + 8}" role="img" aria-label="{escape(label)}">'
        f'<line class="limit" x1="0" y1="{line}" x2="{WIDTH}" y2="{line}"/><polyline class="use" points="{points}"/>'
        f"</svg><figcaption>{escape(label)}; dashed: the limit of today</figcaption></figure>"
    )
