"""The rule for secrets: `secret STRIPE_KEY`, `secrets A and B`. Names only: a value never stands in an intent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.names import shown
from atmos_cli.spec.variables import LOUD, NAME
from atmos_cli.spec.vocabulary import ARTICLES, FILLERS, normal

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

# What people call secrets, and the variable to suggest for each.
_CALLED = {
    "secret": "API_KEY",
    "secrets": "API_KEY",
    "password": "DB_PASSWORD",
    "passwords": "DB_PASSWORD",
    "api key": "API_KEY",
    "api keys": "API_KEY",
    "token": "API_TOKEN",
    "api token": "API_TOKEN",
    "credentials": "DB_PASSWORD",
}


def secret(parse: Parse, start: int) -> int:
    """Claim `secret STRIPE_KEY`; each further name behind `and` is one more."""
    called, lead = _called(parse, start)
    if not called:
        return 0
    while parse.key(start, lead) in ARTICLES | {"named", "called", "for", "in", "variable"}:
        lead += 1
    name = parse.text_at(start, lead)
    if not _is_variable(name):
        return _unnamed(parse, start, lead, called)
    parse.token("secret", name, start, lead + 1)
    count = lead + 1
    while parse.key(start, count) == "and" and _is_variable(more := parse.text_at(start, count + 1)):
        parse.token("filler", None, start + count, 1)
        parse.token("secret", more, start + count + 1, 1)
        count += 2
    return count


def _called(parse: Parse, start: int) -> tuple[str, int]:
    """Return what stands there for a secret, and how many words that is."""
    for count in (2, 1):
        key = " ".join(normal(parse.key(start, n)) for n in range(count))
        if key in _CALLED and not parse.is_noun(start):
            return key, count
    return "", 0


def _is_variable(text: str) -> bool:
    """Return whether a word can only be a variable: in capitals, or with an underscore."""
    return bool(LOUD.fullmatch(text)) or ("_" in text and bool(NAME.fullmatch(text)))


def _unnamed(parse: Parse, start: int, lead: int, called: str) -> int:
    word = parse.text_at(start, lead)
    better = "".join(c if c.isascii() and c.isalnum() else "_" for c in word.upper()).strip("_")
    known = parse.phrase(start, lead) is not None or normal(word) in FILLERS
    usable = called in {"secret", "secrets"} and not known and LOUD.fullmatch(better) is not None
    count = lead + 1 if usable else _called(parse, start)[1]
    message = f"{parse.said(start, count)} names no environment variable"
    name = shown(better) if usable else _CALLED[called]
    hint = f"write the name of the variable that gets it, `secret {name}`; who fills it in stands in the plan"
    return parse.problem(Code.SPEC_INVALID, message, start, count, hint=hint)
