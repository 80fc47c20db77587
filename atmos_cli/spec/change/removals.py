"""The rule for what is to go: `without redis`, `remove env LOG_LEVEL`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec import grammar, values
from atmos_cli.spec.variables import LOUD, NAME
from atmos_cli.spec.vocabulary import ENV_WORDS, HOST_WORDS, NEGATIONS

if TYPE_CHECKING:
    from atmos_cli.spec.change.parse import ChangeParse

REMOVALS = frozenset({"remove", "removes", "removing", "drop", "delete", "disable", "unset", "clear"})


def removal(parse: ChangeParse, start: int) -> int:
    """Claim what is to go: `without redis`, `remove env LOG_LEVEL`, `drop host a.example.com`, `turn off metrics`."""
    lead = 1
    if parse.key(start) in {"turn", "switch", "take"} and parse.key(start, 1) in {"off", "out", "away"}:
        lead = 2
    elif parse.key(start) not in REMOVALS | NEGATIONS:
        return 0
    if count := _removed(parse, start, lead):
        return count
    if parse.key(start) in NEGATIONS:
        return grammar.negation(parse, start)
    message = f"{parse.said(start, lead)} is not followed by what a change can remove"
    hint = (
        "say an add-on, a variable or a host: `remove redis`, `without env LOG_LEVEL`, `remove host shop.example.com`"
    )
    return parse.problem(Code.INTENT_CONTRADICTION, message, start, lead, hint=hint)


def _removed(parse: ChangeParse, start: int, lead: int) -> int:
    """Claim each thing of a list; `remove redis and metrics` is plain, `without redis and metrics` is not."""
    count = _one_removed(parse, start, 0, lead)
    links = {"or", "nor", "and"} if parse.key(start) not in NEGATIONS else {"or", "nor"}
    while count and parse.key(start, count) in links:
        more = _one_removed(parse, start, count, count + 1)
        if not more:
            break
        count = more
    return count


def _one_removed(parse: ChangeParse, start: int, begin: int, at: int) -> int:
    """Claim the words from `begin` on, whose thing stands `at`; return the number of words from `start`."""
    while parse.key(start, at) in {"the", "a", "an", "any", "its", "variable", "of"}:
        at += 1
    if begin == 0 and parse.key(start, at) in {"port", "ports"}:
        return parse.token("without", "port", start, at + 1)
    word = parse.near(start, at)
    host = parse.key(start, at) in HOST_WORDS
    env = parse.key(start, at) in ENV_WORDS
    if env or host:
        at += 1
        word = parse.near(start, at)
    size = at + 1 - begin
    if word and env and NAME.fullmatch(word.text):
        parse.token("no_variable", word.text, start + begin, size)
        return at + 1
    if word and host and values.is_host(word.text.lower()):
        parse.token("no_host", word.text.lower(), start + begin, size)
        return at + 1
    if not word or host or env:
        return 0
    found = parse.phrase(start, at)
    if found and found[0].kind == "addon" and parse.key(start) not in NEGATIONS:
        parse.token("without", found[0].value, start + begin, at - begin + found[1], note=found[0].note)
        return at + found[1]
    if found is None and LOUD.fullmatch(word.text) and "_" in word.text:
        parse.token("no_variable", word.text, start + begin, size)
        return at + 1
    return 0
