"""Pages as one HTML file each: no script, no network, readable in the dark, on a phone and on paper."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from atmos_cli.budget.dimensions import MONEY, amount_text
from atmos_cli.diagnostics import Code, fail
from atmos_cli.engines.registry import pointer_kinds
from atmos_cli.foreign import html as escape
from atmos_cli.kube.quantity import ZERO
from atmos_cli.output.text.sentences import cost_line
from atmos_cli.verify.seen import Status
from atmos_cli.verify.tree import is_good, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from atmos_cli.budget.model import Limit
    from atmos_cli.commands.budget import Shown
    from atmos_cli.commands.budget_history import Moment
    from atmos_cli.commands.tree import Grown
    from atmos_cli.verify.tree import TreeNode

OPEN_DEPTH = 2
MOST_REASONS = 50
TREE_STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882;
  --good: #1a7042; --bad: #b3221b; --wait: #7a5000; --off: #0b6178; --dim: #555; }
@media (prefers-color-scheme: dark) {
  :root { --good: #5fd38d; --bad: #ff8a80; --wait: #f2c14e; --off: #6cc9e4; --dim: #aaa; } }
* { box-sizing: border-box; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 70rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.15rem; margin: 2rem 0 .25rem; }
p { margin: .25rem 0; } .dim { color: var(--dim); font-size: .9em; }
ul { list-style: none; margin: 0; padding: 0; }
ul ul { margin-left: .45rem; padding-left: .7rem; border-left: 1px solid var(--line); }
summary, .leaf { padding: .3rem .35rem; border-radius: .35rem; } .leaf { padding-left: 1.35rem; }
summary { cursor: pointer; } summary:hover { background: var(--soft); }
summary:focus-visible { outline: 3px solid var(--off); outline-offset: 1px; }
.kind { color: var(--dim); font-size: .85em; } .name { font-weight: 600; }
.state { white-space: nowrap; font-size: .85em; font-weight: 600; } .why { display: block; font-size: .9em; }
.good { color: var(--good); } .bad { color: var(--bad); } .wait { color: var(--wait); } .off { color: var(--off); }
.reasons { border: 1px solid var(--line); border-left: 4px solid var(--bad); border-radius: .35rem; margin: .5rem 0;
  padding: .5rem .75rem; }
.reasons ul { margin: 0; padding: 0; border: 0; } .reasons li { margin: .25rem 0; }
"""
CLASSES = {
    Status.CURRENT: "good",
    Status.FAILED: "bad",
    Status.MISSING: "bad",
    Status.UNKNOWN: "wait",
    Status.IN_PROGRESS: "wait",
    Status.TERMINATING: "wait",
    Status.SUSPENDED: "off",
}
MARKS = {"good": "✔", "bad": "✘", "wait": "◔", "off": "‖"}
WIDTH, HEIGHT = 720, 120
BUDGET_STYLE = """
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


def write_page(path: Path, text: str) -> None:
    """Write a page to `path`. Raises ATM611 when it cannot be written."""
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise fail(Code.WRITE_FAILED, f"cannot write {path}: {(error.strerror or str(error)).lower()}") from error


def tree_page(grown: Sequence[Grown]) -> str:
    """Return a whole document, in which everything that a cluster or the repo says is escaped."""
    names = sorted({f"{each.target.team}/{each.target.service}" for each in grown})
    title = escape(f"Objects of {', '.join(names)}")
    body = "\n".join(part for each in grown for part in _section(each))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'; "
        "base-uri 'none'; form-action 'none'\">"
        f'<meta name="referrer" content="no-referrer"><title>{title}</title><style>{TREE_STYLE}</style></head>\n'
        f"<body><main><h1>{title}</h1>\n{body}\n</main></body></html>\n"
    )


def _section(each: Grown) -> Iterator[str]:
    target = each.target
    where = escape(f"{target.team}/{target.service} in {target.environment} on {target.cluster}")
    when = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(each.at))
    yield f'<section aria-label="{where}"><h2>{where}</h2>'
    yield f'<p class="dim">{escape(target.engine)}, wanted {escape(each.commit[:12])}, seen {when}</p>'
    if each.root is None:
        reason = each.problem.message if each.problem else ""
        yield f'<p class="bad"><span class="state">unreachable</span> {escape(reason)}</p></section>'
        return
    yield _reasons(each)
    yield f"<ul>{''.join(_node(each.root, 0))}</ul></section>"


def _reasons(each: Grown) -> str:
    bad = each.unhealthy
    if not bad:
        return '<p class="good"><span class="state">✔ all healthy</span></p>'
    items = "".join(f"<li>{_words(node)}</li>" for node in bad[:MOST_REASONS])
    more = f"<li>and {len(bad) - MOST_REASONS} more</li>" if len(bad) > MOST_REASONS else ""
    return f'<div class="reasons"><strong>{len(bad)} not healthy</strong><ul>{items}{more}</ul></div>'


def _node(node: TreeNode, depth: int) -> Iterator[str]:
    if not node.children:
        yield f'<li><div class="leaf">{_words(node)}</div></li>'
        return
    unfold = depth < OPEN_DEPTH or any(not is_good(below) for below in nodes(node) if below is not node)
    yield f"<li><details{' open' if unfold else ''}><summary>{_words(node)}</summary><ul>"
    for child in node.children:
        yield from _node(child, depth + 1)
    yield "</ul></details></li>"


def _words(node: TreeNode) -> str:
    status = node.health.status
    kind = CLASSES[status]
    # Of the engine's own object it is known that it applied the commit, and nothing about the health of others.
    good = "applied" if node.kind in pointer_kinds() else "healthy"
    word = good if status is Status.CURRENT else status.value.replace("-", " ")
    said = " · ".join(words for words in (node.health.message, node.note) if words)
    why = f'<span class="why {"dim" if kind == "good" else kind}">{escape(said)}</span>' if said else ""
    return (
        f'<span class="kind">{escape(node.kind)}</span> '
        f'<span class="name">{escape(node.name)}</span> '
        f'<span class="state {kind}"><span aria-hidden="true">{MARKS[kind]}</span> {word}</span>{why}'
    )


def budget_page(shown: Sequence[Shown], history: Sequence[Moment]) -> str:
    """Return a whole document, in which everything that comes from the repo is escaped."""
    body = "\n".join(part for each in shown for part in _environment(each, history))
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
        f"<title>Budgets</title><style>{BUDGET_STYLE}</style></head>\n<body><h1>Budgets</h1>\n{body}\n</body></html>\n"
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
