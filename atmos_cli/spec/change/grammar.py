"""The rules that read an intent as a change, before those that it shares with a new service."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec import grammar, numbers, unsaid, values
from atmos_cli.spec.addon_settings import setting
from atmos_cli.spec.change.environments import place
from atmos_cli.spec.change.parse import CHANGE_FILLERS, ChangeParse
from atmos_cli.spec.change.removals import removal
from atmos_cli.spec.names import shown
from atmos_cli.spec.noun_words import versioned, vocabulary
from atmos_cli.spec.secret_words import secret
from atmos_cli.spec.variables import LOUD, variable
from atmos_cli.spec.vocabulary import ARROWS, HOST_WORDS, RANGE_LINKS, REPLICA_NOUNS, SIZE_VALUES

if TYPE_CHECKING:
    from collections.abc import Callable

_NUMBER = re.compile(r"[0-9]+")


def scaled_to(parse: ChangeParse, start: int) -> int:
    """Claim `scale to 4`, `scale up to 4 replicas`: a fixed number of replicas, not autoscaling."""
    if parse.key(start) not in {"scale", "scaled"}:
        return 0
    lead = 2 if parse.key(start, 1) in {"up", "down", "out", "it"} else 1
    number = parse.key(start, lead + 1)
    if parse.key(start, lead) != "to" or not _NUMBER.fullmatch(number):
        return 0
    if parse.key(start, lead + 2) in RANGE_LINKS | ARROWS:
        return 0
    count = lead + 3 if parse.key(start, lead + 2) in REPLICA_NOUNS else lead + 2
    if int(number) > 1000:
        message = f"{parse.said(start, count)} is not a number of replicas that atmos can run"
        return parse.problem(Code.SPEC_INVALID, message, start, count, hint=numbers.REPLICA_HINT)
    return parse.token("replicas", int(number), start, count)


def added_host(parse: ChangeParse, start: int) -> int:
    """Refuse a bare `host` that names none: for a service that exists it would say nothing."""
    if parse.key(start) not in HOST_WORDS or parse.near(start, 1) is not None:
        return 0
    message = f"{parse.said(start)} is not followed by a host name"
    return parse.problem(Code.SPEC_INVALID, message, start, 1, hint=values.HOST_HINT)


def renaming(parse: ChangeParse, start: int) -> int:
    """Claim `rename to orders` as a name, which is refused later: a name is for ever."""
    if parse.key(start) not in {"rename", "renamed"}:
        return 0
    word = parse.near(start, 2) if parse.key(start, 1) == "to" else None
    return parse.token("name", word.text if word else "", start, 3 if word else 1)


def size_letter(parse: ChangeParse, start: int) -> int:
    """Claim `l` alone behind a size, as in `size m in prod and l in staging`."""
    said = any(token.kind == "size" for token in parse.tokens)
    key = parse.key(start)
    if not said or key not in SIZE_VALUES or SIZE_VALUES[key] != key:
        return 0
    return parse.token("size", key, start, 1)


def own_name(parse: ChangeParse, start: int) -> int:
    """Claim the name of the service itself, which says nothing new; a word that means something keeps its meaning."""
    word = parse.words[start]
    found = word.text == parse.service and parse.phrase(start) is None
    return parse.token("filler", None, start, 1) if found else 0


def filler(parse: ChangeParse, start: int) -> int:
    """Claim a word that only says that something changes."""
    if parse.key(start) in CHANGE_FILLERS:
        return parse.token("filler", None, start, 1)
    return grammar.filler(parse, start)


def unknown(parse: ChangeParse, start: int) -> int:
    """Report a word, never guessed and never ignored, with the nearest word that exists."""
    word = parse.words[start]
    said = parse.said(start)
    if word.text.lower() in {"or", "either"} and not word.quoted:
        return grammar.unknown(parse, start)
    several = sum(d.code is Code.INTENT_UNKNOWN_WORD for _, _, d in parse.problems) >= grammar.MANY
    close = "" if several or word.quoted else grammar.close_word(word.text.lower(), parse.vocabulary.meanings)
    hint = f"did you mean `{close}`?" if close else "leave it out; a change reads like `add redis, size m in prod`"
    if not close and LOUD.fullmatch(word.text) and not word.quoted:
        hint = f"a variable is `env {shown(word.text)}=value`, or `without env {shown(word.text)}`"
    return parse.problem(Code.INTENT_UNKNOWN_WORD, f"{said} is not a word that atmos knows", start, 1, hint=hint)


RULES: tuple[Callable[[ChangeParse, int], int], ...] = (
    variable,
    secret,
    removal,
    place,
    renaming,
    values.name,
    values.schedule,
    scaled_to,
    setting,
    numbers.scaling,
    numbers.replicas,
    numbers.port,
    values.size,
    values.image,
    added_host,
    values.host,
    own_name,
    unsaid.remark,
    vocabulary,
    versioned,
    size_letter,
    filler,
    unknown,
)


def read_words(parse: ChangeParse) -> ChangeParse:
    """Claim or report every word of `parse`, left to right."""
    position = 0
    while position < len(parse.words):
        position += next(taken for rule in RULES if (taken := rule(parse, position)))
    return parse
