"""The words that an intent is made of: those of the grammar are here, those of nouns come from the blueprints.

A word that is in neither is never guessed, it is asked about.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Kind = Literal["language", "type", "addon", "without", "size", "unknown_language", "elsewhere", "other", "remark"]

# The row of languages.yaml for an image of which nothing else is known.
ANY_LANGUAGE = "other"
RANGE_LINKS = frozenset({"-", "–", "—", "..", "...", "…", "to"})  # noqa: RUF001 - the dashes that people type
ARROWS = frozenset({"->", "=>", "→"})
REPLICA_NOUNS = frozenset({"replica", "replicas", "pod", "pods", "instance", "instances", "copy", "copies"})
NUMBER_WORDS = {"single": 1, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8}
NAME_WORDS = frozenset({"named", "called", "name"})
HOST_WORDS = frozenset({"host", "hosts", "hostname", "domain", "domains", "url"})
ENV_WORDS = frozenset({"env", "variable", "var"})
NEGATIONS = frozenset({"no", "without", "not", "w/o", "non", "minus"})
ARTICLES = frozenset({"a", "an", "any", "the", "is", "its"})
# `key:value` is split for these only: in `ghcr.io/acme/shop:1.2` and `80:3000` the colon means something else.
COLON_KEYS = frozenset(
    {"port", "ports", "type", "lang", "language", "image", "size", "replicas", "min", "max", "scale", "scaling"}
    | {"autoscaling", "addon", "addons", "database", "db", "cache", *NAME_WORDS, *HOST_WORDS}
    | {"secret", "secrets", "volume", "team", "cpu", "memory"}
)


@dataclass(frozen=True, slots=True)
class WordMeaning:
    """The meaning of a word. `strict` words decide; others (`service`, `typescript`) only without a strict one.

    `majors` are the first and the last version of what the word names; `hint` is what to write instead of it. A
    word for a language may name a `framework` of it.
    """

    kind: Kind
    value: str
    note: str = ""
    strict: bool = True
    majors: tuple[int, int] | None = None
    hint: str = ""
    framework: str = ""

    def has_had(self, version: int) -> bool:
        """Return whether that was ever a version; any small number where nothing is known of them."""
        first, last = self.majors or (1, 30)
        return first <= version <= last


@dataclass(frozen=True, slots=True)
class Noun:
    """A language, type or add-on, and what people call it; `loose_words` decide only when no other word does.

    After each of `store_words` a word such as `database` says nothing new; `without_words` say that it is not wanted.
    """

    kind: Kind
    value: str
    words: tuple[str, ...] = ()
    majors: tuple[int, int] | None = None
    hint: str = ""
    loose_words: tuple[str, ...] = ()
    store_words: tuple[str, ...] = ()
    without_words: tuple[str, ...] = ()
    notes: Mapping[str, str] = field(default_factory=dict)
    framework: str = ""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What an intent can say in one repo. `languages`, `types` and `addons` are those that are there.

    `portless` types serve nothing; `properties` are add-ons that are no thing of their own beside the service;
    `usual_ports` name the add-on that people know by a port; `inputs` are the types of an add-on's settings, by name,
    and `choices` their values, where those are few. `instead` says what to do without a type or an add-on that is not
    there.
    """

    meanings: Mapping[str, WordMeaning]
    longest: int
    languages: tuple[str, ...]
    types: frozenset[str]
    addons: frozenset[str]
    portless: frozenset[str]
    properties: frozenset[str]
    usual_ports: Mapping[int, str]
    inputs: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, tuple[str, ...]]] = field(default_factory=dict)
    instead: Mapping[str, str] = field(default_factory=dict)


# After a store, these say nothing new: `redis database` must not become postgres as well.
_STORE_NOUNS = ("database", "db", "cache", "instance", "server", "store", "backend")

_SIZES = {
    "xs": "xs, tiny, extra small",
    "s": "small, small sized",
    "m": "medium, medium sized",
    "l": "large, large sized, big",
    "xl": "xl, extra large, huge",
}
SIZE_VALUES = {**{size: size for size in _SIZES}, **{w.strip(): s for s, ws in _SIZES.items() for w in ws.split(",")}}

# Said elsewhere: the phrase in front completes `… belongs …`.
_ELSEWHERE = {
    "under `volumes` in service.yaml": "volume, volumes, disk, storage, persistent volume, pvc, persistence",
    "under `env` in service.yaml": "env, env var, env vars, environment variable, environment variables, variables",
    "under `secrets` in service.yaml": "secret, secrets, password, api key, token",
    "under `size` in service.yaml, as `cpu` and `memory`": "cpu, cpus, vcpu, core, cores, memory, ram, mem",
    "under `probes` in service.yaml": "probe, probes, health, health check, healthcheck, healthz, /healthz, /health",
    "under `dependencies` in service.yaml": "depends on, dependency, dependencies, calls",
    "under `environments` in service.yaml": "dev, development, staging, stage, prod, production, test, environment",
    "in `--team`": "team",
    "in the environment's cluster, in atmos-cli.yaml": "cluster, namespace, region",
}

_FILLERS = (
    "a, an, the, and, but, also, plus, with, on, at, in, to, of, for, from, by, as, via, over, through, behind,"
    " inside, under, is, are, be, it, its, it's, i, i'd, we, me, us, my, our, your, you, that, this, which, will,"
    " would, should, must, can, want, wants, like, need, needs, needed, needing, use, uses, used, using,"
    " utilizing, has, have, having, get, gets, include, includes, including, add, adding, give, create, make,"
    " build, deploy, please, thanks, hello, hi, new, some, simple, basic, just, only, written, built, based,"
    " powered, backed, made, running, runs, run, ships, exposed, exposes, expose, exposing, listening, listens,"
    " listen, serving, serves, serve, bound, binding, reachable, accessible, available, accepting, connected,"
    " connects, connecting, connect, talks, talking, type, language, lang, runtime, framework, stack, addon,"
    " addons, add on, add ons, container, docker, kubernetes, k8s, tcp, number, sized, version, requests, traffic,"
    " deployment, so, then, reads, reading, read, consumes, consuming, each, per, -, –, —"  # noqa: RUF001 - dashes that people type
)


def normal(word: str) -> str:
    """Return a word in lower case with dashes inside as spaces: `Web-App` is `web app`."""
    lowered = word.lower().replace("’", "'")  # noqa: RUF001 - what phones and word processors make of an apostrophe
    return lowered.replace("-", " ") if any(c.isalnum() for c in lowered) else lowered


def _split(words: str) -> tuple[str, ...]:
    return tuple(normal(word.strip()) for word in words.split(","))


def meanings_of(nouns: Iterable[Noun]) -> dict[str, WordMeaning]:
    """Return the meaning of every phrase; where two nouns have one word, the later noun keeps it."""
    found = _grammar()
    for noun in nouns:
        found.update(_phrases(noun))
    return found


def longest_phrase(meanings: Mapping[str, WordMeaning]) -> int:
    """Return the number of words of the longest phrase."""
    return max((len(phrase.split()) for phrase in meanings), default=1)


def _grammar() -> dict[str, WordMeaning]:
    found: dict[str, WordMeaning] = {}
    for size, words in _SIZES.items():
        found |= {word: WordMeaning("size", size, _means(word, size)) for word in _split(words)}
    for place, words in _ELSEWHERE.items():
        found |= {word: WordMeaning("elsewhere", place) for word in _split(words)}
    return found


def _phrases(noun: Noun) -> Iterator[tuple[str, WordMeaning]]:
    notes = {normal(word): note for word, note in noun.notes.items()}
    for words, strict in ((noun.loose_words, False), (noun.words, True)):
        for word in map(normal, words):
            note = notes.get(word, "")
            note = note if noun.kind in {"other", "remark"} else _means(word, noun.value, note)
            meaning = WordMeaning(noun.kind, noun.value, note, strict, noun.majors, noun.hint, noun.framework)
            yield word, meaning
            if word in map(normal, noun.store_words):
                yield from ((f"{word} {store}", meaning) for store in _STORE_NOUNS)
    for word in map(normal, noun.without_words):
        yield word, WordMeaning("without", noun.value, f"`{word}` means no {noun.value}")


def _means(word: str, value: str, note: str = "") -> str:
    return note if word == normal(value) else ": ".join(filter(None, (f"`{word}` means {value}", note)))


FILLERS = frozenset(_split(_FILLERS))
KEYWORDS = frozenset(
    {"port", "ports", "size", "image", "min", "max", "between", "without"} | NAME_WORDS | HOST_WORDS | REPLICA_NOUNS
)
