"""The rules for what is understood and not done: open choices, flags among the words, what no field stands for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.names import shown

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

_UNDECIDED = frozenset({"optional", "optionally", "maybe", "perhaps", "possibly", "eventually", "later"})
_FLAG = re.compile(r"-{1,2}[A-Za-z][A-Za-z-]*")
_PERCENT = re.compile(r"[0-9]{1,3}%")


def undecided(parse: Parse, start: int) -> int:
    """Refuse `optional redis`, `maybe redis`: whoever runs it has to know."""
    if parse.key(start) not in _UNDECIDED:
        return 0
    found = parse.phrase(start, 1)
    count = 1 + (found[1] if found else 0)
    message = f"{parse.said(start, count)} leaves a choice open"
    hint = "decide, or leave it out"
    if found and found[0].kind == "addon":
        hint = f"say `with {found[0].value}` or `without {found[0].value}`; `atmos change` adds it later"
    return parse.problem(Code.INTENT_CONTRADICTION, message, start, count, hint=hint)


def flag(parse: Parse, start: int) -> int:
    """Refuse `-p 80` and `--help` among the words."""
    word = parse.text_at(start)
    if not _FLAG.fullmatch(word):
        return 0
    number = parse.key(start, 1)
    takes = number if re.fullmatch(r"[0-9]{1,5}(:[0-9]{1,5})?", number) else ""
    count = 2 if takes else 1
    message = f"{parse.said(start, count)} is a flag, which stands outside of the quotes"
    ports = word in {"-p", "--port", "--publish", "--expose"} and takes
    hint = f"write `port {takes}`" if ports else f"put `{shown(word)}` behind them, see `atmos new service --help`"
    return parse.problem(Code.INTENT_NOT_YET, message, start, count, hint=hint)


def target(parse: Parse, start: int) -> int:
    """Refuse `at 80% cpu`, whose number would be read as something else."""
    lead = 1 if parse.key(start) in {"at", "on", "above", "over"} else 0
    if not _PERCENT.fullmatch(parse.text_at(start, lead)):
        return 0
    count = lead + 1
    while parse.key(start, count) in {"cpu", "cpus", "memory", "ram", "load", "usage", "use", "utilization"}:
        count += 1
    message = f"{parse.said(start, count)} is not said in an intent"
    hint = "write `autoscaling 2..6`, which aims for 70% of the CPU; `scaling.cpu` in service.yaml changes that"
    return parse.problem(Code.INTENT_NOT_YET, message, start, count, hint=hint)


def remark(parse: Parse, start: int) -> int:
    """Claim what needs no setting, or refuse what no field stands for, each as its row of words has it."""
    found = parse.phrase(start)
    if not found or found[0].kind not in {"remark", "other"}:
        return 0
    meaning, count = found
    if meaning.kind == "remark":
        return parse.token("remark", meaning.value, start, count, note=meaning.note)
    message = f"{parse.said(start, count)} {meaning.note}"
    return parse.problem(Code.INTENT_NOT_YET, message, start, count, hint=meaning.hint)
