"""The rules for words of languages, types, add-ons and sizes, with the version that may stand behind them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec import numbers
from atmos_cli.spec.intent import PortPair
from atmos_cli.spec.names import shown
from atmos_cli.spec.vocabulary import ANY_LANGUAGE, REPLICA_NOUNS, normal

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse
    from atmos_cli.spec.vocabulary import WordMeaning

_VERSION = re.compile(r"v?[0-9]{1,6}(\.([0-9]{1,6}|x)){1,4}|v[0-9]{1,6}|lts|latest")
_LONE = re.compile(r"[0-9]{1,6}")
_MEASURED = frozenset({"cpu", "cpus", "vcpu", "vcpus", "core", "cores"})
WITH_VERSION = re.compile(
    r"(?P<head>.*?[^0-9.@:v-])[-@:]?(?P<version>v?[0-9]{1,6}(\.([0-9]{1,6}|x)){0,4})(?P<flavour>-[a-z0-9.]{1,40})?"
)
_ANY = "give the image instead of the word: `image ghcr.io/acme/shop:1.0.0`, and the port"


def vocabulary(parse: Parse, start: int) -> int:
    """Claim languages, types, add-ons and sizes, by their longest phrase, with the version that may follow."""
    found = parse.phrase(start)
    if not found:
        return 0
    meaning, count = found
    said = parse.said(start, count)
    if meaning.kind == "unknown_language":
        message = f"{said} is a language that this version of atmos has no defaults for"
        there = ", ".join(name for name in parse.vocabulary.languages if name != ANY_LANGUAGE)
        hint = f"there are {there}; for any other, {_ANY}"
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
        counted = parse.key(start, at + 1) in REPLICA_NOUNS | _MEASURED
        if version and _is_version(meaning, version) and not counted:
            count = at + 1
            note = _joined(note, _version_note(meaning, version))
        elif meaning.kind == "addon" and version.isdecimal() and not counted:
            message = f"{parse.said(start, at + 1)} gives {meaning.value} a port, which atmos sets itself"
            hint = f"leave `{shown(version)}` out; if the service listens there, write `port {shown(version)}` apart"
            return parse.problem(Code.SPEC_PORT_INVALID, message, start, at + 1, hint=hint)
    return parse.token(
        meaning.kind, meaning.value, start, count, note=note, strict=meaning.strict, framework=meaning.framework
    )


def _is_version(meaning: WordMeaning, text: str) -> bool:
    """Return whether a text behind a word is a version: a lone number only if there has been that one."""
    return meaning.has_had(int(text)) if _LONE.fullmatch(text) else bool(_VERSION.fullmatch(text))


def versioned(parse: Parse, start: int) -> int:
    """Claim a word with its version: `python3.12`, `node-20`, `postgres:16`; `node:80` is a word with its port."""
    parts = WITH_VERSION.fullmatch(parse.key(start))
    meaning = parse.vocabulary.meanings.get(normal(parts["head"])) if parts else None
    if not parts or not meaning or meaning.kind not in {"language", "addon"}:
        return 0
    number = parts["version"]
    if meaning.kind == "language" and _LONE.fullmatch(number) and not meaning.has_had(int(number)):
        if int(number) > 65535 or number.startswith("0"):
            return 0
        parse.token("port", PortPair(int(number), int(number)), start, 1, note=f"{number} is no version of it")
        return parse.token(
            meaning.kind, meaning.value, start, 1, note=meaning.note, strict=meaning.strict, framework=meaning.framework
        )
    note = _joined(meaning.note, _version_note(meaning, parts["version"]))
    return parse.token(
        meaning.kind, meaning.value, start, 1, note=note, strict=meaning.strict, framework=meaning.framework
    )


def _version_note(meaning: WordMeaning, version: str) -> str:
    decides = "the image" if meaning.kind == "language" else "the blueprint"
    return f"{decides} decides the version, not `{version}`"


def _token(parse: Parse, meaning: WordMeaning, start: int, count: int, note: str) -> int:
    strict, framework = meaning.strict, meaning.framework
    return parse.token(meaning.kind, meaning.value, start, count, note=note, strict=strict, framework=framework)


def _joined(*notes: str) -> str:
    return "; ".join(note for note in notes if note)
