"""The rule for where something holds: `in prod`, `only in dev and staging`, `everywhere`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.change.parse import CHANGE_FILLERS
from atmos_cli.spec.vocabulary import KEYWORDS

if TYPE_CHECKING:
    from atmos_cli.spec.change.parse import ChangeParse

_PLACES = frozenset({"in", "for", "on", "to", "into", "within", "inside"})
_EVERYWHERE = frozenset({"everywhere", "all environments", "every environment", "all envs", "every env"})


def place(parse: ChangeParse, start: int) -> int:
    """Claim where something holds: `in prod`, `only in dev and staging`, `everywhere`."""
    lead = 1 if parse.key(start) in {"only", "just"} else 0
    preposition = parse.key(start, lead) in _PLACES
    lead += 1 if preposition else 0
    lead += 1 if preposition and parse.key(start, lead) in {"the", "our"} else 0
    for count in (2, 1):
        if " ".join(filter(None, (parse.key(start, lead + n) for n in range(count)))) in _EVERYWHERE:
            return parse.token("place", (), start, lead + count)
    found = _environment(parse, start, lead, bare=not preposition)
    if not found:
        return _unknown_environment(parse, start, lead) if preposition else 0
    names, count = [found], lead + 1
    while parse.key(start, count) == "and" and (found := _environment(parse, start, count + 1, bare=True)):
        names, count = [*names, found], count + 2
    count += 1 if parse.key(start, count) in {"environment", "environments", "envs"} else 0
    before = parse.tokens[-1] if parse.tokens else None
    if lead == 0 and before and (before.kind, before.last) == ("place", start - 1) and not parse.near(start, count):
        parse.tokens.pop()  # the rest of a list: `in dev, staging and prod`
        return parse.token("place", (*before.value, *names), before.first, start + count - before.first) - (
            start - before.first
        )
    return parse.token("place", tuple(dict.fromkeys(names)), start, count)


def _environment(parse: ChangeParse, start: int, at: int, *, bare: bool) -> str:
    """Return the environment that the word `at` names; a bare word must not mean anything else."""
    key = parse.key(start, at)
    found = parse.phrase(start, at) if bare else None
    if found and found[0].kind != "elsewhere":
        return ""
    return parse.environments.get(key, "")


def _unknown_environment(parse: ChangeParse, start: int, lead: int) -> int:
    """Report `in qa` where there is no such environment; any other word behind `in` is left to the other rules."""
    key = parse.key(start, lead)
    found = parse.phrase(start, lead)
    elsewhere = bool(found and "environments" in found[0].value)
    plain = key.isalpha() and not found and key not in CHANGE_FILLERS | KEYWORDS | {"replica", "env"}
    if not (elsewhere or (plain and parse.key(start, lead - 1) == "in")):
        return 0
    message = f"{parse.said(start + lead)} is not an environment that {parse.service} is in"
    hint = f"there are: {', '.join(dict.fromkeys(parse.environments.values()))}"
    return parse.problem(Code.ENVIRONMENT_UNKNOWN, message, start, lead + 1, hint=hint)
