"""The rules that read an intent, in the order they are tried; each takes the words it knows and leaves the rest."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec import numbers, values
from atmos_cli.spec.names import shown, validate_name
from atmos_cli.spec.values import nearest
from atmos_cli.spec.vocabulary import (
    ARTICLES,
    FILLERS,
    KEYWORDS,
    NEGATIONS,
    REPLICA_NOUNS,
    WordMeaning,
    normal,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from atmos_cli.spec.parse import Parse

_VERSION = re.compile(r"v?[0-9]{1,6}(\.([0-9]{1,6}|x)){1,4}|v[0-9]{1,6}|[1-9]|[12][0-9]|30|lts|latest")
WITH_VERSION = re.compile(r"(?P<head>.*?[^0-9.@:v-])[-@:]?(?P<version>v?[0-9]{1,6}(\.([0-9]{1,6}|x)){0,4})")
MANY = 20


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


def vocabulary(parse: Parse, start: int) -> int:
    """Claim languages, types, add-ons and sizes, by their longest phrase, with the version that may follow."""
    found = parse.phrase(start)
    if not found:
        return 0
    meaning, count = found
    said = parse.said(start, count)
    if meaning.kind == "unknown_language":
        message = f"{said} is a language that this version of atmos has no defaults for"
        hint = f"there are: {', '.join(parse.vocabulary.languages)}"
        return parse.problem(Code.INTENT_NOT_YET, message, start, count, hint=hint)
    if meaning.kind == "elsewhere":
        measured = re.fullmatch(r"[0-9][0-9.]*[a-z]*", parse.key(start, count))
        count += 1 if meaning.value != "in `--team`" and measured else 0
        count += 1 if meaning.value == "in `--team`" and parse.near(start, count) else 0
        message = f"{parse.said(start, count)} is not said in an intent"
        return parse.problem(
            Code.INTENT_NOT_YET, message, start, count, hint=f"it belongs {meaning.value}{parse.afterwards}"
        )
    if meaning.value == "autoscaling" and (lone := numbers.lone_count(parse, start, count)):
        return lone
    return _with_version(parse, start, count, meaning)


def _with_version(parse: Parse, start: int, count: int, meaning: WordMeaning) -> int:
    note = meaning.note
    count += 1 if meaning.kind == "size" and parse.key(start, count) == "size" else 0
    if meaning.kind in {"language", "addon"} and meaning.value not in parse.vocabulary.properties:
        at = count + 1 if parse.key(start, count) == "version" else count
        version = parse.key(start, at)
        counted = parse.key(start, at + 1) in REPLICA_NOUNS
        if version and _VERSION.fullmatch(version) and not counted:
            count = at + 1
            note = _joined(note, _version_note(meaning, version))
        elif meaning.kind == "addon" and version.isdecimal() and not counted:
            message = f"{parse.said(start, at + 1)} gives {meaning.value} a port, which atmos sets itself"
            hint = f"leave `{shown(version)}` out; if the service listens there, write `port {shown(version)}` apart"
            return parse.problem(Code.SPEC_PORT_INVALID, message, start, at + 1, hint=hint)
    return parse.token(
        meaning.kind, meaning.value, start, count, note=note, strict=meaning.strict, framework=meaning.framework
    )


def versioned(parse: Parse, start: int) -> int:
    """Claim a word with its version: `python3.12`, `node-20`, `postgres:16`."""
    parts = WITH_VERSION.fullmatch(parse.key(start))
    meaning = parse.vocabulary.meanings.get(normal(parts["head"])) if parts else None
    if not parts or not meaning or meaning.kind not in {"language", "addon"}:
        return 0
    note = _joined(meaning.note, _version_note(meaning, parts["version"]))
    return parse.token(
        meaning.kind, meaning.value, start, 1, note=note, strict=meaning.strict, framework=meaning.framework
    )


def _version_note(meaning: WordMeaning, version: str) -> str:
    decides = "the image" if meaning.kind == "language" else "the blueprint"
    return f"{decides} decides the version, not `{version}`"


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)


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
    elif validate_name(word.text) is None:
        hint = f"if it is the name, write `named {word.text}`; otherwise leave it out"
    else:
        hint = "leave it out; an intent reads like `node, port 80, postgres`"
    return parse.problem(Code.INTENT_UNKNOWN_WORD, f"{said} is not a word that atmos knows", start, 1, hint=hint)


def close_word(word: str, meanings: Mapping[str, WordMeaning]) -> str:
    refused = {"elsewhere", "unknown_language"}
    known = {w for w, meaning in meanings.items() if meaning.kind not in refused and " " not in w and len(w) > 2}
    return nearest(word, tuple(sorted(known | KEYWORDS)))


RULES: tuple[Callable[[Parse, int], int], ...] = (
    negation,
    values.name,
    values.schedule,
    numbers.scaling,
    numbers.replicas,
    numbers.port,
    values.size,
    values.image,
    values.host,
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
