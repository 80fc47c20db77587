"""The rules that read an intent, in the order they are tried; each takes the words it knows and leaves the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec import numbers, unsaid, values
from atmos_cli.spec.addon_settings import setting
from atmos_cli.spec.calls import calls
from atmos_cli.spec.environments import environments
from atmos_cli.spec.health_words import health
from atmos_cli.spec.measures import measure
from atmos_cli.spec.names import validate_name
from atmos_cli.spec.noun_words import versioned, vocabulary
from atmos_cli.spec.owners import team
from atmos_cli.spec.port_sides import port_side
from atmos_cli.spec.secret_words import secret
from atmos_cli.spec.values import nearest
from atmos_cli.spec.variables import variable
from atmos_cli.spec.vocabulary import (
    ARTICLES,
    FILLERS,
    KEYWORDS,
    NEGATIONS,
    WordMeaning,
    normal,
)
from atmos_cli.spec.volume_words import volume

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from atmos_cli.spec.parse import Parse

MANY = 20
# Beyond so many unknown words none of them is likely to be the name: the text is in another language.
MANY_NAMES = 2


def negation(parse: Parse, start: int) -> int:
    """Claim what is not wanted: `without redis`, `no cache or metrics`; not added, and not forgotten either."""
    if parse.key(start) not in NEGATIONS:
        return 0
    if whole := parse.phrase(start):
        return parse.token(whole[0].kind, whole[0].value, start, whole[1], note=whole[0].note)
    count = _without(parse, start, 1)
    if not count:
        return _negated_something_else(parse, start)
    while parse.key(start, count) in {"or", "nor"} and (more := _without(parse, start + count, 1)):
        count += more
    if parse.key(start, count) == "and" and (found := _addon_after(parse, start + count, 1)):
        both = count + found[1]
        message = f"{parse.said(start, both)} may mean with or without {found[0].value}"
        hint = f"say `with {found[0].value}` or `without {found[0].value}`"
        return parse.problem(Code.INTENT_CONTRADICTION, message, start, both, hint=hint)
    return count


def _without(parse: Parse, start: int, lead: int) -> int:
    found = _addon_after(parse, start, lead)
    if not found:
        return 0
    meaning, count = found
    return parse.token("without", meaning.value, start, count, note=meaning.note)


def _addon_after(parse: Parse, start: int, lead: int) -> tuple[WordMeaning, int] | None:
    while parse.key(start, lead) in ARTICLES:
        lead += 1
    found = parse.phrase(start, lead)
    return (found[0], lead + found[1]) if found and found[0].kind == "addon" else None


def _negated_something_else(parse: Parse, start: int) -> int:
    lead = 2 if parse.key(start, 1) in ARTICLES else 1
    if parse.key(start, lead) in {"port", "ports"}:
        return parse.token("without", "port", start, lead + 1)
    found = parse.phrase(start, lead)
    known = found[1] if found else 0
    count = lead + known if known else 1
    message = f"{parse.said(start, count)} leaves out something that is not an add-on"
    hint = "`without` can stand before an add-on, such as `without redis`; say what the service is, not what it is not"
    return parse.problem(Code.INTENT_CONTRADICTION, message, start, count, hint=hint)


def filler(parse: Parse, start: int) -> int:
    """Claim a word of a closed list that says nothing by itself."""
    for count in (2, 1):
        keys = [parse.key(start, offset) for offset in range(count)]
        if all(keys) and " ".join(normal(key) for key in keys) in FILLERS:
            return parse.token("filler", None, start, count)
    return 0


def unknown(parse: Parse, start: int) -> int:
    """Report a word, never guessed and never ignored, with its place and the nearest word that exists."""
    word = parse.words[start]
    said = parse.said(start)
    if word.text.lower() in {"or", "either"} and not word.quoted:
        message, hint = f"{said} leaves a choice open", "decide for one, and leave the other out"
        return parse.problem(Code.INTENT_CONTRADICTION, message, start, 1, hint=hint)
    if word.quoted:
        hint = "write `named checkout` for a name, everything else without quotes"
        return parse.problem(Code.INTENT_UNKNOWN_WORD, f"{said} stands in quotes alone", start, 1, hint=hint)
    unknown_so_far = sum(d.code is Code.INTENT_UNKNOWN_WORD for _, _, d in parse.problems)
    close = close_word(word.text.lower(), parse.vocabulary.meanings) if unknown_so_far < MANY else ""
    if close:
        hint = f"did you mean `{close}`?"
    elif validate_name(word.text) is None and unknown_so_far < MANY_NAMES:
        hint = f"if it is the name, write `named {word.text}`; otherwise leave it out"
    else:
        hint = "leave it out; an intent reads like `node, port 80, postgres`"
    return parse.problem(Code.INTENT_UNKNOWN_WORD, f"{said} is not a word that atmos knows", start, 1, hint=hint)


def close_word(word: str, meanings: Mapping[str, WordMeaning]) -> str:
    refused = {"elsewhere", "unknown_language", "other", "remark"}
    known = {w for w, meaning in meanings.items() if meaning.kind not in refused and " " not in w and len(w) > 2}
    return nearest(word, tuple(sorted(known | KEYWORDS)))


RULES: tuple[Callable[[Parse, int], int], ...] = (
    environments,
    negation,
    unsaid.undecided,
    unsaid.flag,
    unsaid.target,
    variable,
    secret,
    volume,
    measure,
    health,
    calls,
    team,
    values.name,
    values.schedule,
    setting,
    port_side,
    numbers.scaling,
    numbers.replicas,
    numbers.port,
    values.size,
    values.image,
    values.host,
    unsaid.remark,
    vocabulary,
    versioned,
    filler,
    unknown,
)


def read(parse: Parse) -> Parse:
    """Claim or report every word of `parse`, left to right."""
    position = 0
    while position < len(parse.words):
        position += next(taken for rule in RULES if (taken := rule(parse, position)))
    return parse
