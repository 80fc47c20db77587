"""The rules that read an intent as a change, before those that it shares with a new service."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec import grammar, numbers, values
from atmos_cli.spec.change_settings import setting
from atmos_cli.spec.names import shown
from atmos_cli.spec.parse import Parse
from atmos_cli.spec.vocabulary import (
    ARROWS,
    FILLERS,
    HOST_WORDS,
    NAME_WORDS,
    NEGATIONS,
    RANGE_LINKS,
    REPLICA_NOUNS,
    SIZE_VALUES,
    normal,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

REMOVALS = frozenset({"remove", "removes", "removing", "drop", "delete", "disable", "unset", "clear"})
ENV_WORDS = frozenset({"env", "variable", "var"})
_PLACES = frozenset({"in", "for", "on", "to", "into", "within", "inside"})
_EVERYWHERE = frozenset({"everywhere", "all environments", "every environment", "all envs", "every env"})
_CHANGE_FILLERS = FILLERS | frozenset(
    "set change changes changed increase decrease raise lower bump grow shrink put let now instead enable turn switch"
    " up down from give it its make keep scale-up".split()
)
_PAIR = re.compile(r"""([A-Za-z_][A-Za-z0-9_]*)=("[^"]*"|'[^']*'|[^\s,;()\[\]{}|&"“”«»`']*)""")
_LOUD = re.compile(r"[A-Z][A-Z0-9_]*")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"[0-9]+")
NEVER_ENV = frozenset({"PORT", "IMAGE", "SIZE", "REPLICAS", "NAME", "TYPE", "HOST", "MIN", "MAX", "SCALE"})


@dataclass(slots=True)
class ChangeParse(Parse):
    """`environments` are the names of environments by what people call them; `service` is whose spec is changed.

    `only`: the environments for what no words say a place of.
    """

    environments: Mapping[str, str] = field(default_factory=dict)
    service: str = ""
    only: tuple[str, ...] = ()


def variable(parse: ChangeParse, start: int) -> int:
    """Claim `env LOG_LEVEL=debug` and `LOG_LEVEL=debug`, quotes around the value allowed."""
    lead = 1 if parse.key(start) in ENV_WORDS else 0
    if parse.key(start) == "environment" and parse.key(start, 1) == "variable":
        lead = 2
    word = parse.near(start, lead)
    found = _PAIR.match(parse.text, word.start) if word and not word.quoted else None
    if found is None:
        return _variable_without_value(parse, start, lead) if lead else 0
    if not lead and (not _LOUD.fullmatch(found[1]) or found[1] in NEVER_ENV):
        return 0
    end = found.end()
    count = lead
    while start + count < len(parse.words) and parse.words[start + count].start < end:
        count += 1
    if parse.text[end : end + 1] not in {"", " ", "\n", "\t", ",", ";", ")", "."} or re.match(r"[,;]\S", parse.text[end:]):
        message = f"{parse.said(start, count)} has a value that goes on behind a sign which separates words"
        hint = f"put quotes around it, as in `env {found[1]}=\"…\"`"
        return parse.problem(Code.SPEC_INVALID, message, start, count, hint=hint)
    text, note = _unquoted(found[2])
    return parse.token("variable", (found[1], text), start, count, note=note)


def _unquoted(value: str) -> tuple[str, str]:
    if value[:1] in {'"', "'"}:
        return value[1:-1], ""
    bare = value.rstrip(".!?")
    note = f"`{value[len(bare) :]}` ends the sentence; in quotes it would belong to the value" if bare != value else ""
    return bare, note


def _variable_without_value(parse: ChangeParse, start: int, lead: int) -> int:
    word = parse.near(start, lead)
    named = word is not None and _NAME.fullmatch(word.text) is not None and normal(word.text) not in FILLERS
    count = lead + 1 if named else lead
    name = word.text if word and named else "LOG_LEVEL"
    message = f"{parse.said(start, count)} gives a variable no value"
    hint = f"write `env {name}=value`, or `without env {name}`"
    return parse.problem(Code.SPEC_INVALID, message, start, count, hint=hint)


def removal(parse: ChangeParse, start: int) -> int:
    """Claim what is to go: `without redis`, `remove env LOG_LEVEL`, `drop host a.example.com`, `turn off metrics`."""
    lead = 1
    if parse.key(start) in {"turn", "switch", "take"} and parse.key(start, 1) in {"off", "out", "away"}:
        lead = 2
    elif parse.key(start) not in REMOVALS | NEGATIONS:
        return 0
    if count := _removed(parse, start, lead):
        return count
    if parse.key(start) in NEGATIONS:
        return grammar.negation(parse, start)
    message = f"{parse.said(start, lead)} is not followed by what a change can remove"
    hint = "say an add-on, a variable or a host: `remove redis`, `without env LOG_LEVEL`, `remove host shop.example.com`"
    return parse.problem(Code.INTENT_CONTRADICTION, message, start, lead, hint=hint)


def _removed(parse: ChangeParse, start: int, lead: int) -> int:
    """Claim each thing of a list; `remove redis and metrics` is plain, `without redis and metrics` is not."""
    count = _one_removed(parse, start, 0, lead)
    links = {"or", "nor", "and"} if parse.key(start) not in NEGATIONS else {"or", "nor"}
    while count and parse.key(start, count) in links:
        more = _one_removed(parse, start, count, count + 1)
        if not more:
            break
        count = more
    return count


def _one_removed(parse: ChangeParse, start: int, begin: int, at: int) -> int:
    """Claim the words from `begin` on, whose thing stands `at`; return the number of words from `start`."""
    while parse.key(start, at) in {"the", "a", "an", "any", "its", "variable", "of"}:
        at += 1
    word = parse.near(start, at)
    host = parse.key(start, at) in HOST_WORDS
    env = parse.key(start, at) in ENV_WORDS
    if env or host:
        at += 1
        word = parse.near(start, at)
    size = at + 1 - begin
    if word and env and _NAME.fullmatch(word.text):
        parse.token("no_variable", word.text, start + begin, size)
        return at + 1
    if word and host and values.is_host(word.text.lower()):
        parse.token("no_host", word.text.lower(), start + begin, size)
        return at + 1
    if not word or host or env:
        return 0
    found = parse.phrase(start, at)
    if found and found[0].kind == "addon" and parse.key(start) not in NEGATIONS:
        parse.token("without", found[0].value, start + begin, at - begin + found[1], note=found[0].note)
        return at + found[1]
    if found is None and _LOUD.fullmatch(word.text) and "_" in word.text:
        parse.token("no_variable", word.text, start + begin, size)
        return at + 1
    return 0


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
    while parse.key(start, count) in {"and", "or"} and (found := _environment(parse, start, count + 1, bare=True)):
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
    plain = key.isalpha() and not found and key not in _CHANGE_FILLERS | grammar.KEYWORDS | {"replica", "env"}
    if not (elsewhere or (plain and parse.key(start, lead - 1) == "in")):
        return 0
    message = f"{parse.said(start + lead)} is not an environment that {parse.service} is in"
    hint = f"there are: {', '.join(dict.fromkeys(parse.environments.values()))}"
    return parse.problem(Code.ENVIRONMENT_UNKNOWN, message, start, lead + 1, hint=hint)


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
    """Answer `rename to orders`: a name is for ever."""
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
    """Claim the name of the service itself, which says nothing new."""
    word = parse.words[start]
    found = word.text == parse.service and parse.key(start, -1) not in NAME_WORDS
    return parse.token("filler", None, start, 1) if found else 0


def filler(parse: ChangeParse, start: int) -> int:
    """Claim a word that only says that something changes."""
    if parse.key(start) in _CHANGE_FILLERS:
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
    if not close and _LOUD.fullmatch(word.text) and not word.quoted:
        hint = f"a variable is `env {shown(word.text)}=value`, or `without env {shown(word.text)}`"
    return parse.problem(Code.INTENT_UNKNOWN_WORD, f"{said} is not a word that atmos knows", start, 1, hint=hint)


RULES: tuple[Callable[[ChangeParse, int], int], ...] = (
    variable,
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
    grammar.vocabulary,
    grammar.versioned,
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
