"""The rule for other services that this one calls: `depends on cart`, `talks to cart service`, `calls shop/cart`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.names import NAME
from atmos_cli.spec.vocabulary import ARTICLES, FILLERS, normal

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

# Longest first. What can also be said of other things needs the word `service` behind the name.
_VERBS = (
    ("depends on", False),
    ("dependent on", False),
    ("depending on", False),
    ("talks to", False),
    ("talking to", False),
    ("talk to", False),
    ("dependency on", False),
    ("connects to", True),
    ("connected to", True),
    ("dependency", False),
    ("dependencies", False),
    ("calls", False),
    ("calling", False),
    ("uses", True),
    ("needs", True),
    ("using", True),
)
_NOUNS = frozenset({"service", "services", "api"})
_NAME = re.compile(rf"(?:{NAME[1:-1]}/)?{NAME[1:-1]}")
_PORT = re.compile(r"[1-9][0-9]{0,4}")


@dataclass(frozen=True, slots=True)
class ServiceCall:
    """Another service; `port` is 0 where the words do not say it."""

    service: str
    team: str = ""
    port: int = 0


def calls(parse: Parse, start: int) -> int:
    """Claim the services behind a verb that says so; what stands there for something else is left to other rules."""
    verb, needs_noun, lead = _verb(parse, start)
    if not verb:
        return 0
    count = _one(parse, start, 0, lead, needs_noun=needs_noun)
    if not count:
        return (
            0
            if needs_noun or parse.phrase(start, lead) or not _is_a_name_missing(verb)
            else _unnamed(parse, start, lead)
        )
    while parse.key(start, count) == "and":
        more = _one(parse, start, count + 1, count + 1, needs_noun=False)
        if not more:
            break
        parse.token("filler", None, start + count, 1)
        count = more
    return count


def _verb(parse: Parse, start: int) -> tuple[str, bool, int]:
    for verb, needs_noun in _VERBS:
        words = verb.split()
        if [parse.key(start, n) for n in range(len(words))] == words:
            return verb, needs_noun, len(words)
    return "", False, 0


def _one(parse: Parse, start: int, begin: int, at: int, *, needs_noun: bool) -> int:
    """Claim the words from `begin` on as one service, whose name stands `at`; return the words from `start`."""
    while parse.key(start, at) in ARTICLES:
        at += 1
    if parse.key(start, at) in _NOUNS and _is_name(parse, start, at + 1):
        at += 1
    elif needs_noun and parse.key(start, at + 1) not in _NOUNS:
        return 0
    if not _is_name(parse, start, at):
        return 0
    team, _, service = parse.text_at(start, at).rpartition("/")
    count = at + 1
    count += 1 if parse.key(start, count) in _NOUNS else 0
    port, count = _port(parse, start, count)
    parse.token("call", ServiceCall(service, team, port), start + begin, count - begin)
    return count


def _is_name(parse: Parse, start: int, at: int) -> bool:
    text = parse.text_at(start, at)
    known = parse.phrase(start, at) is not None or normal(text) in FILLERS
    return bool(_NAME.fullmatch(text)) and not known


def _port(parse: Parse, start: int, count: int) -> tuple[int, int]:
    """Return the port that is said of the other service right behind it, and the words so far."""
    at = count + 1 if parse.key(start, count) in {"on", "at"} else count
    if parse.key(start, at) == "port" and _PORT.fullmatch(parse.key(start, at + 1)):
        return int(parse.key(start, at + 1)), at + 2
    return 0, count


def _is_a_name_missing(verb: str) -> bool:
    return verb.startswith(("depend", "call"))


def _unnamed(parse: Parse, start: int, lead: int) -> int:
    message = f"{parse.said(start, lead)} is not followed by the name of a service"
    hint = "write `depends on cart`; what is outside of the cluster is reached with `egress`"
    return parse.problem(Code.SPEC_INVALID, message, start, lead, hint=hint)
