"""Cuts an intent into words with their places; knows nothing of what they mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from atmos_cli.spec.vocabulary import ARROWS, COLON_KEYS, RANGE_LINKS

_PIECE = re.compile(
    r"""(?P<space>\s+)
    | (?P<quoted>"[^"]*"|“[^”]*”|«[^»]*»|`[^`]*`|'[^']*'(?!\w))
    | (?P<arrow>->|=>|→)
    | (?P<separator>[,;()\[\]{}|&]|(?<=\w)\+(?=\w)|[*•·+](?=\s|$))
    | (?P<word>(?:(?!->|=>|(?<=\w)\+\w)[^\s,;()\[\]{}|&"“«`→])+)
    | (?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_KEY_VALUE = re.compile(r"([A-Za-z][A-Za-z-]*)=+(.+)|([A-Za-z]+):(.+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Word:
    """`text` as written, without quotes; `number` counts from 1; nothing that belongs together spans two clauses."""

    text: str
    start: int
    end: int
    number: int
    clause: int
    quoted: bool = False


def words_of(text: str) -> tuple[Word, ...]:
    """Return the words of `text`, or of what stands in quotes where that is all of it: a shell may have left them."""
    found = cut(text)
    if len(found) != 1 or not found[0].quoted or " " not in found[0].text.strip():
        return found
    before = found[0].start + 1
    return tuple(replace(word, start=word.start + before, end=word.end + before) for word in cut(found[0].text))


def cut(text: str) -> tuple[Word, ...]:
    """Return the words of `text` in order; punctuation that only separates is dropped and begins a new clause."""
    found: list[Word] = []
    number = clause = 0
    for piece in _PIECE.finditer(text):
        if piece.lastgroup == "separator":
            clause += 1
        if piece.lastgroup in {"separator", "space"}:
            continue
        number += 1
        if piece.lastgroup == "quoted":
            found.append(Word(piece[0][1:-1], *piece.span(), number=number, clause=clause, quoted=True))
            continue
        bare = piece[0] if piece[0] in RANGE_LINKS | ARROWS else piece[0].rstrip(".!?:=")
        if bare:
            found.extend(_parts(bare, piece.start(), number, clause))
        else:
            number -= 1
        if len(bare) < len(piece[0]) and set(piece[0][len(bare) :]) & set(".!?"):
            clause += 1
    return tuple(found)


def _parts(text: str, start: int, number: int, clause: int) -> list[Word]:
    """Split `port=80` and `port:80` into two words with one number."""
    pair = _KEY_VALUE.fullmatch(text)
    if pair is None or (pair[3] and pair[3].lower() not in COLON_KEYS):
        return [Word(text, start, start + len(text), number=number, clause=clause)]
    key, value = pair.group(1, 2) if pair[1] else pair.group(3, 4)
    cut_at = start + len(text) - len(value)
    return [
        Word(key, start, start + len(key), number=number, clause=clause),
        Word(value, cut_at, cut_at + len(value), number=number, clause=clause),
    ]
