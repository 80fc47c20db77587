"""The rule for where a new service is to be: `prod only`, `in dev and staging`, `not in prod`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.vocabulary import FILLERS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from atmos_cli.spec.parse import Parse

_PLACES = frozenset({"in", "to", "for", "on", "into", "within"})
_ONLY = frozenset({"only", "just", "alone"})
_NOUNS = frozenset({"environment", "environments", "env", "envs"})
_EVERYWHERE = frozenset({"everywhere", "all", "every"})
_ALIASES = (("dev", "development"), ("staging", "stage"), ("prod", "production"))


def called(environments: Sequence[str]) -> dict[str, str]:
    """Return the environments by what people call them; `production` is `prod` where only that is there."""
    names = {name: name for name in environments}
    for pair in _ALIASES:
        there = [name for name in pair if name in environments]
        if len(there) == 1:
            names |= dict.fromkeys(pair, there[0])
    return names


def environments(parse: Parse, start: int) -> int:
    """Claim the environments of the whole service; a name alone may be anything, and is asked about."""
    but = parse.key(start) in {"not", "except"}
    lead = 1 if but else 0
    only = parse.key(start, lead) in _ONLY
    lead += 1 if only else 0
    placed = parse.key(start, lead) in _PLACES
    lead += 1 if placed else 0
    lead += 1 if parse.key(start, lead) in {"the", "our"} else 0
    if placed and parse.key(start, lead) in _EVERYWHERE and parse.key(start, lead + 1) in _NOUNS:
        return parse.token("place", (), start, lead + 2)
    names, count = _names(parse, start, lead)
    if not names:
        return _unknown(parse, start, lead) if placed else 0
    count += 1 if parse.key(start, count) in _NOUNS else 0
    if parse.key(start, count) in _ONLY:
        only, count = True, count + 1
    before = parse.tokens[-1] if parse.tokens else None
    if not (placed or only or but) and before and (before.kind, before.last) == ("place", start - 1):
        parse.token("place", names, start, count)  # the rest of a list: `in dev, staging and prod`
        return count
    if not (placed or only or but):
        message = f"{parse.said(start, count)} may be where the service is to be, or anything else"
        hint = f"write `{names[0]} only` if it is to be in no other environment, else leave it out"
        return parse.problem(Code.INTENT_CONTRADICTION, message, start, count, hint=hint)
    every = tuple(dict.fromkeys(parse.environments.values()))
    return parse.token("place", tuple(n for n in every if n not in names) if but else names, start, count)


def _names(parse: Parse, start: int, at: int) -> tuple[tuple[str, ...], int]:
    found: list[str] = []
    count = at
    while name := parse.environments.get(parse.key(start, count), ""):
        found, count = [*found, name], count + 1
        if parse.key(start, count) in {"and", "or"} and parse.key(start, count + 1) in parse.environments:
            count += 1
    return tuple(dict.fromkeys(found)), count


def _unknown(parse: Parse, start: int, lead: int) -> int:
    """Report `in qa` where there is no such environment; any other word behind `in` is left to the other rules."""
    key = parse.key(start, lead)
    found = parse.phrase(start, lead)
    elsewhere = bool(found and found[0].kind == "elsewhere" and "environments" in found[0].value)
    plain = key.isalpha() and len(key) < 12 and not found and key not in FILLERS and parse.key(start, lead - 1) == "in"
    if not parse.environments or not (elsewhere or (plain and parse.near(start, lead + 1) is None)):
        return 0
    message = f"{parse.said(start + lead)} is not an environment of this repo"
    hint = f"there are: {', '.join(dict.fromkeys(parse.environments.values()))}"
    return parse.problem(Code.ENVIRONMENT_UNKNOWN, message, start, lead + 1, hint=hint)
