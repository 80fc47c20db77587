"""Whether a value in a file is a secret in plain text, by its name or by its shape; the value is never returned."""

from __future__ import annotations

import re
from typing import Any

from atmos_cli.kube.secret_shapes import shape
from atmos_cli.kube.secret_words import ends_in_secret_word, is_public, names_an_object

_LONGEST_LITERAL = 4096
_SAYS_NOTHING = frozenset(
    {"true", "false", "yes", "no", "on", "off", "enabled", "disabled", "enable", "disable", "none", "null", "nil"}
    | {"undefined", "unset", "empty", "required", "optional", "default", "auto", "~", "-"}
)
_NUMBER = re.compile(
    r"[+-]?[0-9][0-9_,]{0,40}(?:\.[0-9]{1,20})?(?:e[+-]?[0-9]{1,4})?\s?(?:%|[a-z]{1,7})?(?:[0-9]{1,6}[a-z]{1,3}){0,4}"
    r"|P(?:T?[0-9]{1,6}[YMWDHS]){1,6}",
    re.IGNORECASE,
)
_UNITS = re.compile(
    r"(?:%|ns|us|ms|s|m|h|d|w|y|[kmgtpe]i?b?|b|min|mins|sec|secs|minutes?|seconds?|hours?|days?|weeks?|months?|years?)",
    re.IGNORECASE,
)
_REFERENCE = re.compile(r"\$\(|\$\{|\{\{|<<|\$\[|%\(\w{1,100}\)s")
_ALL_REFERENCE = re.compile(
    r"\$[A-Za-z_]\w{0,200}|<[^<>]{1,200}>|\{[\w.:-]{1,200}\}|\[[\w .:-]{1,200}\]|%\w{1,200}%|@[\w.]{1,200}@"
    r"|(?:\*|\.|x|X|-|_|•){1,200}|ENC\[.{1,4000}\]"
)
# What other tools put in the place of a value: the address of the secret in its store.
_STORES = re.compile(
    r"(?:vault|secret|secrets|secretref|ssm|awssm|aws|gcpsm|gcp|sm|akv|azurekeyvault|keyvault|op|file|env|k8s|kms|berglas"
    r"|doppler|bao|bws|pass|sops|conjur|projected|from|ref\+[a-z0-9]{1,30})(?:\+[a-z]{1,20})?:[/\w].{0,2000}"
    r"|arn:[\w-]{1,20}:.{1,2000}|projects/[^/\s]{1,100}/secrets/.{1,400}",
    re.IGNORECASE,
)
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,30}://[^\s]{1,4000}", re.IGNORECASE)
_PATH = re.compile(r"(?:~?/|\.{1,2}/|[A-Za-z]:[\\/]|file:)[^\s]{0,1000}|[a-z0-9._-]{2,60}(?:/[a-z0-9._*-]{2,60}){1,12}")
_ENCODED = re.compile(r"(?=[^/]{0,200}[a-z])(?=[^/]{0,200}[A-Z])(?=[^/]{0,200}[0-9])[A-Za-z0-9+=]{24,}")
_FILE = re.compile(r"[\w-]{1,100}\.(?:txt|key|pem|crt|json|ya?ml|env|conf|ini|properties|p12|jks|pfx)")
_OBJECT_NAME = re.compile(r"(?:[a-z0-9-]{1,63}/)?[a-z]([a-z0-9.-]{0,251}[a-z0-9])?")
_PAIR = re.compile(r"(?<![\w.$-])-{0,2}([A-Za-z_][\w.-]{1,100})=([\"']?)([^\s;,&\"']{1,1000})")
_FLAG = re.compile(r"--?[A-Za-z][\w.-]{1,100}")
_LINE = re.compile(r"^[ \t]{0,40}([A-Za-z_][\w.-]{1,100})[ \t]{0,10}=[ \t]{0,10}(\S[^\n]{0,1000})$", re.MULTILINE)


def is_literal(value: str) -> bool:
    """Return whether the value counts as written: no reference, number, switch, path, address or empty text."""
    text = value.strip().strip("\"'").strip()
    if not text or text.lower() in _SAYS_NOTHING or len(text) > _LONGEST_LITERAL:
        return False
    if _REFERENCE.search(text) or _ALL_REFERENCE.fullmatch(text) or _is_number(text):
        return False
    if _STORES.fullmatch(text) or _URL.fullmatch(text) or _FILE.fullmatch(text) or _is_path(text):
        return False
    return not (text.isupper() and "_" in text and ends_in_secret_word(text))


def named_secret(name: str, value: Any) -> str:
    """Return why the value under this name is a secret, in words; empty when it is none.

    Right for environment variables, whose values are what the process gets: `DB_PASSWORD: hunter2`.
    """
    if not isinstance(value, str):
        return ""
    if found := shape(value, public=is_public(name)):
        return f"holds {found}"
    if ends_in_secret_word(name) and is_literal(value):
        return "has the name of a secret and a plain value"
    return "holds a password in its text" if "\n" not in value and secret_pair(value) else ""


def mentioned_secret(name: str, value: Any) -> str:
    """Return as `named_secret`, for annotations, arguments and Helm values: `existingSecret: shop` names an object."""
    if isinstance(value, str) and names_an_object(name) and _OBJECT_NAME.fullmatch(value) and not shape(value):
        return ""
    return named_secret(name, value)


def secret_pair(text: str) -> bool:
    """Tell whether `name=value` in a line is a secret: `host=db password=hunter2`, `--token=abc`, `-DkeyPassword=x`."""
    if "=" not in text:
        return False
    return any(_tells(match[1], match[3]) for match in _PAIR.finditer(text))


def secret_arguments(arguments: list[Any]) -> dict[int, str]:
    """Return the arguments of a command that hold a secret, by index: in themselves, or as the value of a flag."""
    found: dict[int, str] = {}
    for index, text in enumerate(arguments):
        before = arguments[index - 1] if index else None
        if not isinstance(text, str):
            continue
        if what := shape(text):
            found[index] = f"holds {what}"
        elif secret_pair(text) or (
            isinstance(before, str) and _FLAG.fullmatch(before) and not text.startswith("-") and _tells(before, text)
        ):
            found[index] = "holds a secret in plain text"
    return found


def secret_line(text: str) -> str:
    """Return the name of the secret in a line of a properties file (`spring.datasource.password=…`), or empty."""
    return next((match[1] for match in _LINE.finditer(text) if _tells(match[1], match[2])), "")


def _tells(name: str, value: str) -> bool:
    named = ends_in_secret_word(name.lstrip("-")) and is_literal(value)
    return named and not (names_an_object(name) and _OBJECT_NAME.fullmatch(value))


def _is_number(text: str) -> bool:
    if not _NUMBER.fullmatch(text):
        return False
    return all(_UNITS.fullmatch(unit) for unit in re.findall(r"(?<=[0-9])\s?([A-Za-z%]+)", text)) or text[0] in "pP"


def _is_path(text: str) -> bool:
    return bool(_PATH.fullmatch(text)) and not any(_ENCODED.match(step) for step in text.split("/"))
