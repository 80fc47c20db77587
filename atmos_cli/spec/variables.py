"""The rule for variables: `env LOG_LEVEL=debug`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.vocabulary import ENV_WORDS, FILLERS, normal

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
LOUD = re.compile(r"[A-Z][A-Z0-9_]*")
_PAIR = re.compile(r"""([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|[^\s,;()\[\]{}|&"“”«»`']*)""")
# In capitals, too, these mean what they always mean: `PORT=80`.
_NOUNS = frozenset({"var", "vars", "variable", "variables"})
_MEANS_ELSE = frozenset({"PORT", "IMAGE", "SIZE", "REPLICAS", "NAME", "TYPE", "HOST", "MIN", "MAX", "SCALE"})


def variable(parse: Parse, start: int) -> int:
    """Claim `env LOG_LEVEL=debug` and `LOG_LEVEL=debug`, quotes around the value allowed."""
    lead = 1 if parse.key(start) in ENV_WORDS else 0
    if parse.key(start) == "environment" and parse.key(start, 1) == "variable":
        lead = 2
    word = parse.near(start, lead)
    found = _PAIR.match(parse.text, word.start) if word and not word.quoted else None
    if found is None:
        return _variable_without_value(parse, start, lead) if lead else 0
    if not lead and (not LOUD.fullmatch(found[1]) or found[1] in _MEANS_ELSE):
        return 0
    end = found.end()
    count = lead
    while start + count < len(parse.words) and parse.words[start + count].start < end:
        count += 1
    if parse.text[end : end + 1] not in {"", " ", "\n", "\t", ",", ";", ")", "."} or re.match(
        r"[,;]\S", parse.text[end:]
    ):
        message = f"{parse.said(start, count)} has a value that goes on behind a sign which separates words"
        hint = f'put quotes around it, as in `env {found[1]}="…"`'
        return parse.problem(Code.SPEC_INVALID, message, start, count, hint=hint)
    text, note = _unquoted(found[2])
    return parse.token("variable", (found[1], text), start, count, note=note)


def _unquoted(value: str) -> tuple[str, str]:
    if value[:1] in {'"', "'"}:
        return value[1:-1], ""
    bare = value.rstrip(".!?")
    note = f"`{value[len(bare) :]}` ends the sentence; in quotes it would belong to the value" if bare != value else ""
    return bare, note


def _variable_without_value(parse: Parse, start: int, lead: int) -> int:
    while parse.key(start, lead) in _NOUNS:
        lead += 1
    word = parse.near(start, lead)
    named = word is not None and NAME.fullmatch(word.text) is not None and normal(word.text) not in FILLERS
    count = lead + 1 if named else lead
    name = word.text if word and named else "LOG_LEVEL"
    message = f"{parse.said(start, count)} gives a variable no value"
    hint = f"write `env {name}=value`" + (f", or `without env {name}`" if parse.afterwards else "")
    return parse.problem(Code.SPEC_INVALID, message, start, count, hint=hint)
