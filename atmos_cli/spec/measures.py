"""The rules for amounts: `2 cpu`, `cpu 500m`, `4Gi memory`; bytes as people write them become what Kubernetes reads."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from atmos_cli.diagnostics import Code

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

_NUMBER = re.compile(r"[0-9]{1,9}(\.[0-9]{1,3})?")
_BYTES = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,3})?)([kmgt]i?b?)", re.IGNORECASE)
_UNIT = re.compile(r"[kmgt]i?b?", re.IGNORECASE)
_CPU = re.compile(r"[0-9]{1,4}(\.[0-9]{1,3})?|[0-9]{1,6}m")
_CPUS = frozenset({"cpu", "cpus", "vcpu", "vcpus", "core", "cores"})
_MEMORY = frozenset({"memory", "ram", "mem"})
_LINKS = frozenset({"of", "is", "to", "at", "request", "requests"})
SIZE_HINT = "write `2 cpu` or `cpu 500m`, and `4Gi memory`; or a class such as `size m`"


class Amount(NamedTuple):
    """`value` as Kubernetes writes it, the number of `words` that said it, and a `note` where they differ."""

    value: str
    words: int
    note: str


def amount(parse: Parse, start: int, offset: int = 0) -> Amount | None:
    """Return the amount of bytes at that place: `4Gi`, `20GB`, `512 MB`. A lone `m` is none: it is a thousandth."""
    text, unit = parse.text_at(start, offset), parse.text_at(start, offset + 1)
    if found := _BYTES.fullmatch(text):
        number, unit, words = found[1], found[2], 1
    elif _NUMBER.fullmatch(text) and _UNIT.fullmatch(unit):
        number, words = text, 2
    else:
        return None
    if unit == "m" or not float(number):
        return None
    scale = unit[0].upper() if unit[0] not in "kK" or (unit[1:2] in "iI" and unit[1:2]) else "k"
    value = f"{number}{scale}{'i' if unit[1:2].lower() == 'i' else ''}"
    said = text if words == 1 else f"{text} {unit}"
    return Amount(value, words, "" if said == value else f"`{said}` means {value}")


def measure(parse: Parse, start: int) -> int:
    """Claim CPU or memory, the number before or behind the word; `2 cpu and 4Gi` needs no second word."""
    return _cpu(parse, start) or _memory(parse, start) or _bare(parse, start)


def _cpu(parse: Parse, start: int) -> int:
    if _CPU.fullmatch(parse.key(start)) and parse.key(start, 1) in _CPUS:
        return _cpus(parse, start, parse.key(start), 2)
    if parse.key(start) not in _CPUS:
        return 0
    lead = _behind_links(parse, start)
    if parse.key(start, lead) in {"limit", "limits"}:
        message = f"{parse.said(start, lead + 1)} is not said in an intent"
        hint = "leave it out: pods have no CPU limit unless `size.cpuLimit` in service.yaml sets one"
        return parse.problem(Code.INTENT_NOT_YET, message, start, lead + 1, hint=hint)
    if _CPU.fullmatch(parse.key(start, lead)):
        return _cpus(parse, start, parse.key(start, lead), lead + 1)
    message = f"{parse.said(start)} has no number beside it"
    return parse.problem(Code.SPEC_INVALID, message, start, 1, hint=SIZE_HINT)


def _cpus(parse: Parse, start: int, value: str, count: int) -> int:
    if float(value.rstrip("m")) == 0:
        message = f"{parse.said(start, count)} is no CPU at all"
        return parse.problem(Code.SPEC_INVALID, message, start, count, hint=SIZE_HINT)
    return parse.token("cpu", value, start, count)


def _memory(parse: Parse, start: int) -> int:
    found = amount(parse, start)
    if found and parse.key(start, found.words) in _MEMORY:
        return parse.token("memory", found.value, start, found.words + 1, note=found.note)
    if parse.key(start) not in _MEMORY:
        return _milli(parse, start, 0, 2) if parse.key(start, 1) in _MEMORY else 0
    lead = _behind_links(parse, start)
    lead += 1 if parse.key(start, lead) in {"limit", "limits"} else 0
    if found := amount(parse, start, lead):
        return parse.token("memory", found.value, start, lead + found.words, note=found.note)
    return _milli(parse, start, lead, lead + 1) or _no_amount(parse, start)


def _milli(parse: Parse, start: int, at: int, count: int) -> int:
    """Refuse `512m memory`, which Kubernetes reads as half a byte."""
    number = re.fullmatch(r"([0-9]{1,9})m?", parse.text_at(start, at))
    if not number:
        return 0
    message = f"{parse.said(start, count)} does not say of what unit"
    hint = f"write `{number[1]}Mi memory`, or another of Ki, Mi, Gi, k, M and G"
    return parse.problem(Code.SPEC_INVALID, message, start, count, hint=hint)


def _no_amount(parse: Parse, start: int) -> int:
    return parse.problem(Code.SPEC_INVALID, f"{parse.said(start)} has no amount beside it", start, 1, hint=SIZE_HINT)


def _bare(parse: Parse, start: int) -> int:
    """Claim an amount right behind CPU as memory; ask what any other one measures."""
    found = amount(parse, start)
    if not found:
        return 0
    before = parse.last_said(start)
    if before is not None and before.kind == "cpu":
        return parse.token("memory", found.value, start, found.words, note=found.note)
    message = f"{parse.said(start, found.words)} does not say what it measures"
    hint = f"write `{found.value} memory`, or `volume /data {found.value}`"
    return parse.problem(Code.INTENT_CONTRADICTION, message, start, found.words, hint=hint)


def _behind_links(parse: Parse, start: int) -> int:
    lead = 1
    while parse.key(start, lead) in _LINKS:
        lead += 1
    return lead
