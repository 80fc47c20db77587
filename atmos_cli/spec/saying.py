"""What claims said, in the user's own words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from atmos_cli.spec.intent import Stated

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.spec.parse import Parse, Token


def tokens_of(parse: Parse, *kinds: str) -> list[Token]:
    return [token for token in parse.tokens if token.kind in kinds]


def stated_by(parse: Parse, value: Any, tokens: Sequence[Token], note: str | None = None) -> Stated[Any]:
    spans = [parse.text[parse.words[c.first].start : parse.words[c.last].end] for c in tokens]
    words = ", ".join(" ".join(span.split()) for span in spans)
    notes = dict.fromkeys(c.note for c in tokens if c.note)
    number = parse.words[tokens[0].first].number
    return Stated(value, words, "; ".join(notes) if note is None else note, number)


def length_of(token: Token) -> int:
    return token.last - token.first + 1


def said_by(parse: Parse, token: Token) -> str:
    return parse.said(token.first, length_of(token))
