"""The rule for settings of add-ons: `postgres storage 20Gi`, `redis memory 256Mi`, `metrics port 9090`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from atmos_cli.diagnostics import Code
from atmos_cli.spec.noun_words import WITH_VERSION
from atmos_cli.spec.vocabulary import FILLERS, REPLICA_NOUNS, normal

if TYPE_CHECKING:
    from atmos_cli.spec.parse import Parse

_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|M|G|T|Ki|Mi|Gi|Ti)?")
_MEASURED = re.compile(r"[0-9]+(\.[0-9]+)?(k|M|G|T|Ki|Mi|Gi|Ti)")
_VERSION = re.compile(r"v?([0-9]{1,3}(\.[0-9]{1,3}){0,3})")
_BEHIND = frozenset({"with", "of", "'s", "on", "at", "to", "under"})
_PLACES = frozenset({"on", "at", "under", "to"})
_FORMS = {
    "quantity": _QUANTITY,
    "integer": re.compile(r"[0-9]{1,9}"),
    "port": re.compile(r"[0-9]{1,5}"),
    "path": re.compile(r"/\S*"),
    "duration": re.compile(r"[0-9]+(ms|s|m|h)"),
    "boolean": re.compile(r"true|false|yes|no|on|off"),
}
_SAID = {
    "quantity": "a quantity such as 500m or 20Gi",
    "integer": "a whole number",
    "port": "a port (1 to 65535)",
    "path": "a path that starts with /",
    "duration": "a duration such as 30s",
    "boolean": "true or false",
}


def setting(parse: Parse, start: int) -> int:
    """Claim an add-on with one of its settings, or another setting right behind one."""
    found = parse.phrase(start)
    if found and found[0].kind == "addon":
        addon, lead = found[0].value, found[1]
        return (
            _named(parse, start, lead, addon)
            or _implied(parse, start, lead, addon)
            or _version(parse, start, lead, addon)
            or _bare(parse, start, lead, addon)
        )
    joined = WITH_VERSION.fullmatch(parse.key(start))
    meaning = parse.vocabulary.meanings.get(normal(joined["head"])) if joined else None
    if joined and meaning and meaning.kind == "addon" and "version" in parse.vocabulary.inputs.get(meaning.value, {}):
        return _token(parse, start, 1, (meaning.value, "version", joined["version"].lstrip("v")))
    before = _addon_before(parse, start)
    return (_named(parse, start, 0, before) or _implied(parse, start, 0, before)) if before else 0


def _addon_before(parse: Parse, start: int) -> str:
    at = start - 1
    while parse.near(start, at - start) is not None and parse.key(start, at - start) in FILLERS:
        at -= 1
    if parse.near(start, at - start) is None:
        return ""
    for token in reversed(parse.tokens):
        if token.last == at and token.kind in {"addon", "setting"}:
            return str(token.value[0] if token.kind == "setting" else token.value)
    return ""


def _named(parse: Parse, start: int, lead: int, addon: str) -> int:
    inputs = {_plain(key): key for key in parse.vocabulary.inputs.get(addon, {})}
    lead += 1 if lead and parse.key(start, lead) in _BEHIND else 0
    for count in (2, 1):
        key = inputs.get(_plain("".join(parse.key(start, lead + n) for n in range(count))))
        if key:
            return _valued(parse, start, lead + count, addon, key)
    return 0


def _valued(parse: Parse, start: int, lead: int, addon: str, key: str) -> int:
    while parse.key(start, lead) in {"of", "is", "to", "at", "on"}:
        lead += 1
    kind = parse.vocabulary.inputs[addon][key]
    word = parse.near(start, lead)
    form = _FORMS.get(kind)
    if word and (form.fullmatch(word.text) if form else word.text):
        return _token(parse, start, lead + 1, (addon, key, _typed(kind, word.text)))
    count = lead + 1 if word else lead
    message = f"{parse.said(start, count)} does not give `{key}` of {addon} {_SAID.get(kind, 'a text')}"
    hint = f"write `{addon} {key} VALUE`; `atmos blueprint show {addon}` shows what there is"
    return parse.problem(Code.SPEC_INVALID, message, start, count, hint=hint)


def _implied(parse: Parse, start: int, lead: int, addon: str) -> int:
    """Claim `metrics on 9090` and `metrics at /prom`, which name their setting by its form.

    A number that nothing else calls a port is not `strict`: it may be the service's own.
    """
    inputs = parse.vocabulary.inputs.get(addon, {})
    linked = lead and parse.key(start, lead) in _PLACES
    at = lead + 1 if linked else lead
    text = parse.text_at(start, at)
    if "path" in inputs and (linked or not lead) and _FORMS["path"].fullmatch(text):
        return _token(parse, start, at + 1, (addon, "path", text))
    if "port" in inputs and linked and _FORMS["port"].fullmatch(text) and 1 <= int(text) <= 65535:
        return parse.token("setting", (addon, "port", int(text)), start, at + 1, strict=False)
    return 0


def _version(parse: Parse, start: int, lead: int, addon: str) -> int:
    """Claim `postgres 18` where the version is a setting."""
    found = _VERSION.fullmatch(parse.key(start, lead))
    if not found or "version" not in parse.vocabulary.inputs.get(addon, {}):
        return 0
    if parse.key(start, lead + 1) in REPLICA_NOUNS:
        return 0
    return _token(parse, start, lead + 1, (addon, "version", found[1]))


def _bare(parse: Parse, start: int, lead: int, addon: str) -> int:
    """Ask what `postgres 20Gi` measures."""
    lead += 1 if parse.key(start, lead) in _BEHIND else 0
    word = parse.near(start, lead)
    if not word or not _MEASURED.fullmatch(word.text):
        return 0
    keys = [key for key, kind in parse.vocabulary.inputs.get(addon, {}).items() if kind == "quantity"]
    said = parse.said(start, lead + 1)
    if not keys:
        message = f"{said} gives {addon} a quantity, which it has no setting for"
        return parse.problem(Code.SPEC_INVALID, message, start, lead + 1, hint="leave it out")
    choices = " or ".join(f"`{addon} {key} {word.text}`" for key in keys)
    message = f"{said} does not say what of {addon} is {word.text}"
    return parse.problem(Code.INTENT_CONTRADICTION, message, start, lead + 1, hint=f"write {choices}")


def _token(parse: Parse, start: int, count: int, value: tuple[str, str, str | int | bool]) -> int:
    addon, key, given = value
    choices = parse.vocabulary.choices.get(addon, {}).get(key, ())
    if choices and str(given) not in choices:
        message = f"{parse.said(start, count)} is no `{key}` of {addon} that there is in this version of atmos"
        shown = f"{addon} {'' if key == 'version' else f'{key} '}"
        hint = f"write {' or '.join(f'`{shown}{choice}`' for choice in choices)}"
        return parse.problem(Code.SPEC_INVALID, message, start, count, hint=hint)
    return parse.token("setting", value, start, count)


def _typed(kind: str, text: str) -> str | int | bool:
    if kind in {"integer", "port"}:
        return int(text)
    return text.lower() in {"true", "yes", "on"} if kind == "boolean" else text


def _plain(text: str) -> str:
    return text.lower().replace("-", "").replace(" ", "")
