"""Object trees as one HTML file: no script, no network, nested `<details>`, readable in the dark and on a phone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from atmos_cli.engines.registry import pointer_kinds
from atmos_cli.foreign import html as escape
from atmos_cli.verify.seen import Status
from atmos_cli.verify.tree import is_good, nodes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from atmos_cli.commands.tree import Grown
    from atmos_cli.verify.tree import Node

OPEN_DEPTH = 2
MOST_REASONS = 50
STYLE = """
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
        f'<meta name="referrer" content="no-referrer"><title>{title}</title><style>{STYLE}</style></head>\n'
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


def _node(node: Node, depth: int) -> Iterator[str]:
    if not node.children:
        yield f'<li><div class="leaf">{_words(node)}</div></li>'
        return
    unfold = depth < OPEN_DEPTH or any(not is_good(below) for below in nodes(node) if below is not node)
    yield f"<li><details{' open' if unfold else ''}><summary>{_words(node)}</summary><ul>"
    for child in node.children:
        yield from _node(child, depth + 1)
    yield "</ul></details></li>"


def _words(node: Node) -> str:
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
