"""Where a new service is to be; what may be for one environment alone is refused with the command that does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.saying import length_of, said_by, stated_by, tokens_of

if TYPE_CHECKING:
    from atmos_cli.spec.intent import Stated
    from atmos_cli.spec.parse import Parse, Token

# What a change can say of one environment, and what is the same in all of them, but may be meant for one.
_SCOPED = frozenset({"size", "replicas", "scaling", "min", "max", "cpu", "memory", "host", "setting", "variable"})
_SHARED = frozenset({"addon", "without", "secret", "volume", "call", "image", "health", "live", "ready"})


def environments_of(parse: Parse) -> Stated[tuple[str, ...]] | None:
    """Return the environments that the service is to be in; reports a place that may be of a part of it."""
    places = tokens_of(parse, "place")
    if not places:
        return None
    for place in places:
        _of_a_part(parse, place)
    names = tuple(dict.fromkeys(name for place in places for name in place.value))
    return stated_by(parse, names, places)


def _of_a_part(parse: Parse, place: Token) -> None:
    clause = parse.words[place.first].clause
    beside = [t for t in parse.tokens if parse.words[t.first].clause == clause and t.kind in _SCOPED | _SHARED]
    if not beside:
        return
    said = said_by(parse, place)
    message = f"{said} may be where {said_by(parse, beside[-1])} holds, or where the service is"
    hint = f"if the service is to be there only, put a comma before `{_words(parse, place)}`"
    scoped = [token for token in beside if token.kind in _SCOPED]
    if scoped:
        part = f"{_words(parse, scoped[-1])} {_words(parse, place)}"
        hint += f'; else leave it out, then run `atmos change NAME "{part}"`'
    parse.problem(Code.INTENT_CONTRADICTION, message, place.first, length_of(place), hint=hint)


def _words(parse: Parse, token: Token) -> str:
    return stated_by(parse, None, [token]).words
