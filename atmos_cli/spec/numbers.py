"""The rules for what has a number in it: ports, replicas and the range that autoscaling may use."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.intent import PortPair, ReplicaRange
from atmos_cli.spec.vocabulary import ARROWS, FILLERS, NUMBER_WORDS, RANGE_LINKS, REPLICA_NOUNS

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

_NUMBER = re.compile(r"[0-9]+")
_SIGNED = re.compile(r"[+-][0-9]{1,9}|[0-9]{1,9}\.[0-9]{1,9}")
_PORT = re.compile(r":?([0-9]+)(?:/tcp)?")
_PORTS = re.compile(r"([0-9]+):([0-9]+)(?:/tcp)?")
_LIKE_PORT = re.compile(r":\S+|[0-9]+:\S*|[0-9]+/\S*|[+-]?[0-9]+")
_RANGE = re.compile(r"([0-9]+)(?:\.\.\.?|…|-|–|—)([0-9]+)")  # noqa: RUF001 - the dashes that people type
_SIDES = {"service": "service_port", "container": "container_port", "target": "container_port"}
_SIDES_JOINED = {"serviceport": "service_port", "containerport": "container_port", "targetport": "container_port"}
_BOUNDS = {"min": "min", "minimum": "min", "least": "min", "max": "max", "maximum": "max", "most": "max", "to": "max"}

PORT_HINT = "a port is a whole number from 1 to 65535, such as `port 80`, or `80:3000` for clients:process"
REPLICA_HINT = "replicas are a whole number up to 1000, such as `3 replicas` or `autoscaling 2..10`"


def port(parse: Parse, start: int) -> int:
    """Claim ports: `port 80`, `80`, `:8080`, `80:3000`, `port 80 -> 3000`, `service port 80`, `container port 3000`."""
    side = "port"
    lead = 0
    if parse.key(start) in _SIDES and parse.key(start, 1) == "port":
        side, lead = _SIDES[parse.key(start)], 2
    elif parse.key(start) in _SIDES_JOINED:
        side, lead = _SIDES_JOINED[parse.key(start)], 1
    elif parse.key(start) in {"port", "ports"}:
        lead = 1
    if not lead:
        return _bare_port(parse, start)
    while parse.key(start, lead) in {"number", "is", "on", "to"}:
        lead += 1
    count = _token_of_port(parse, start, lead, side=side)
    if count:
        return count
    following = parse.near(start, lead)
    if following is None or parse.key(start, lead) in FILLERS:
        said = parse.said(start, lead)
        return parse.problem(Code.SPEC_PORT_INVALID, f"{said} is not followed by a number", start, lead, hint=PORT_HINT)
    said = parse.said(start + lead)
    message = f"{said} is not a port number"
    return parse.problem(Code.SPEC_PORT_INVALID, message, start, lead + 1, hint=PORT_HINT)


def _bare_port(parse: Parse, start: int) -> int:
    count = _token_of_port(parse, start, 0, side="port")
    if count:
        return count + (1 if parse.key(start, count) == "port" and not _is_number(parse, start, count + 1) else 0)
    if not _LIKE_PORT.fullmatch(parse.key(start)):
        return 0
    message = f"{parse.said(start)} is not a port number"
    return parse.problem(Code.SPEC_PORT_INVALID, message, start, 1, hint=PORT_HINT)


def _token_of_port(parse: Parse, start: int, lead: int, *, side: str) -> int:
    """Claim the port at `start + lead`; return the number of words from `start`, 0 when there is no port."""
    key = parse.key(start, lead)
    count = lead + 1
    if pair := _PORTS.fullmatch(key):
        numbers = [pair[1], pair[2]]
    elif single := _PORT.fullmatch(key):
        numbers = [single[1]]
        links = ARROWS | RANGE_LINKS if lead else ARROWS
        target = _PORT.fullmatch(parse.key(start, lead + 2)) if parse.key(start, lead + 1) in links else None
        if target:
            numbers.append(target[1])
            count = lead + 3
    else:
        return 0
    if any(number.startswith("0") or int(number) > 65535 for number in numbers):
        message = f"{parse.said(start + lead, count - lead)} is not a port number"
        return parse.problem(Code.SPEC_PORT_INVALID, message, start, count, hint=PORT_HINT)
    return parse.token(side if len(numbers) == 1 else "port", PortPair(int(numbers[0]), int(numbers[-1])), start, count)


def scaling(parse: Parse, start: int) -> int:
    """Claim `2..10`, `2-10 replicas`, `2 to 10`, `from 2 to 10`, `between 2 and 10`, `min 2`, `max 10`, `up to 10`."""
    lead = _after_noun(parse, start)
    opening = parse.key(start, lead)
    lead += 1 if opening in {"from", "between"} else 0
    if joined := _RANGE.fullmatch(parse.key(start, lead)):
        return _token_of_range(parse, start, lead + 1, joined[1], joined[2])
    low, link, high = (parse.key(start, lead + offset) for offset in range(3))
    links = RANGE_LINKS | ({"and"} if opening == "between" else set())
    if _NUMBER.fullmatch(low) and link in links and _NUMBER.fullmatch(high):
        return _token_of_range(parse, start, lead + 3, low, high)
    return _bound(parse, start)


def _bound(parse: Parse, start: int) -> int:
    two = {"at": {"least", "most"}, "up": {"to"}}.get(parse.key(start), set())
    lead = 1 if parse.key(start, 1) in two else 0
    word = parse.key(start, lead)
    if word not in _BOUNDS or (word in {"least", "most", "to"} and not lead):
        return 0
    lead += 1
    while parse.key(start, lead) in {"of", "is"} | REPLICA_NOUNS:
        lead += 1
    if not _is_number(parse, start, lead):
        message = f"{parse.said(start, lead)} is not followed by a number of replicas"
        return parse.problem(Code.SPEC_INVALID, message, start, lead, hint=REPLICA_HINT)
    number = parse.key(start, lead)
    count = _with_noun(parse, start, lead + 1)
    if not _is_count(number, least=1):
        return _bad_count(parse, start, count)
    return parse.token(_BOUNDS[word], int(number), start, count)


def _token_of_range(parse: Parse, start: int, count: int, low: str, high: str) -> int:
    count = _with_noun(parse, start, count)
    if not (_is_count(low, least=1) and _is_count(high, least=1)):
        return _bad_count(parse, start, count)
    if int(low) > int(high):
        message = f"{parse.said(start, count)} counts backwards"
        hint = f"write `{int(high)}..{int(low)}`"
        return parse.problem(Code.INTENT_CONTRADICTION, message, start, count, hint=hint)
    return parse.token("scaling", ReplicaRange(int(low), int(high)), start, count)


def replicas(parse: Parse, start: int) -> int:
    """Claim a number of replicas: `3 replicas`, `replicas 3`, `two pods`."""
    if lead := _after_noun(parse, start):
        number, count = parse.key(start, lead), lead + 1
        if not _is_number(parse, start, lead):
            message = f"{parse.said(start)} has no number beside it"
            return parse.problem(Code.SPEC_INVALID, message, start, 1, hint=REPLICA_HINT)
    elif parse.key(start, 1) in REPLICA_NOUNS:
        number, count = str(NUMBER_WORDS.get(parse.key(start), parse.key(start))), 2
        if _SIGNED.fullmatch(number):
            return _bad_count(parse, start, count)
        if not _NUMBER.fullmatch(number):
            return 0
    else:
        return 0
    if not _is_count(number, least=0):
        return _bad_count(parse, start, count)
    return parse.token("replicas", int(number), start, count)


def lone_count(parse: Parse, start: int, lead: int) -> int:
    """Ask about a lone number after `autoscaling` and `lead` words, which would be read as a port."""
    at = lead + 1 if parse.key(start, lead) == "to" else lead
    followed = parse.key(start, at + 1)
    if not _is_number(parse, start, at) or followed in RANGE_LINKS | ARROWS | REPLICA_NOUNS:
        return 0
    number = parse.key(start, at)
    message = f"{parse.said(start, at + 1)} gives one number, autoscaling needs two"
    hint = f"write `autoscaling 2..{number}`, or `{number} replicas` for a fixed number"
    return parse.problem(Code.INTENT_CONTRADICTION, message, start, at + 1, hint=hint)


def _after_noun(parse: Parse, start: int) -> int:
    """Return the number of words of `replicas` or `replicas is` at `start`; 0 when there are none."""
    if parse.key(start) not in REPLICA_NOUNS:
        return 0
    return 2 if parse.key(start, 1) in {"is", "of", "to"} else 1


def _with_noun(parse: Parse, start: int, count: int) -> int:
    return count + 1 if parse.key(start, count) in REPLICA_NOUNS else count


def _is_number(parse: Parse, start: int, offset: int) -> bool:
    return bool(_NUMBER.fullmatch(parse.key(start, offset)))


def _is_count(number: str, *, least: int) -> bool:
    return least <= int(number) <= 1000


def _bad_count(parse: Parse, start: int, count: int) -> int:
    message = f"{parse.said(start, count)} is not a number of replicas that atmos can run"
    return parse.problem(Code.SPEC_INVALID, message, start, count, hint=REPLICA_HINT)
