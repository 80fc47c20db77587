"""Templates of log lines, and those that the version before never wrote."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LONGEST = 300
_MOST = 5000
_BLANKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?"), "<time>"),
    (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "<id>"),
    (re.compile(r"\"[^\"]{0,200}\"|'[^']{0,200}'|`[^`]{0,200}`"), "<text>"),
    (re.compile(r"(?<![\w<])(?:/[\w.@%+~-]{1,80}){2,}/?"), "<path>"),
    (re.compile(r"\b0x[0-9a-f]{1,64}\b|\b(?=[0-9a-f]{0,64}\d)[0-9a-f]{7,64}\b", re.IGNORECASE), "<hex>"),
    (re.compile(r"[+-]?\d{1,64}(?:[.,:]\d{1,64})*"), "<n>"),
)
_TROUBLE = re.compile(
    r"error|exception|fatal|panic|fail|traceback|critical|severe|refused|denied|cannot|can't|unable|timed? ?out|invalid"
    r"|unexpected|unhandled|abort|segfault|assert|not found|warn",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class LineShape:
    """One template of log lines. `sample`: the first such line; `before`: its count in logs of the version before."""

    text: str
    sample: str
    count: int
    before: int


def template(line: str) -> str:
    """Replace times, ids, quoted texts, paths and numbers; lines that differ only in these have one template."""
    found = line[:_LONGEST]
    for pattern, blank in _BLANKS:
        found = pattern.sub(blank, found)
    return " ".join(found.split())


def new_templates(lines: Iterable[str], before: Iterable[str], *, limit: int = 3) -> tuple[LineShape, ...]:
    """Return templates of `lines` (masked) that are not in `before`: those of trouble first, then the most frequent."""
    known = Counter(template(line) for line in list(before)[:_MOST])
    counts: Counter[str] = Counter()
    samples: dict[str, str] = {}
    for line in list(lines)[:_MOST]:
        if not line.strip():
            continue
        shape = template(line)
        counts[shape] += 1
        samples.setdefault(shape, line)
    order = {shape: number for number, shape in enumerate(samples)}
    fresh = [shape for shape in counts if shape not in known]
    fresh.sort(key=lambda shape: (_TROUBLE.search(shape) is None, -counts[shape], order[shape]))
    return tuple(LineShape(shape, samples[shape], counts[shape], known[shape]) for shape in fresh[:limit])
