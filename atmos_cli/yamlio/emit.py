"""The one way atmos writes YAML: the same bytes for the same value, and the same value for every reader of them.

Readers differ (Go's YAML 1.1, kustomize's mix, YAML 1.2, PyYAML), so text is left unquoted only where none of them
could take it for anything else.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from atmos_cli.foreign import HIDDEN, block, line, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable


def emit(value: Any, *, header: str = "") -> str:
    """Write one document of a JSON value, `header` above as comments. Raises ValueError for what JSON cannot hold."""
    lines = [f"# {line}".rstrip() for line in header.splitlines()]
    if isinstance(value, dict | list) and value:
        _collection(value, "", lines)
    else:
        lines.append(_scalar(value, ""))
    return "\n".join(lines) + "\n"


def emit_all(values: Iterable[Any]) -> str:
    """Write several documents, `---` between them."""
    return "---\n".join(emit(value) for value in values)


def _collection(value: dict[str, Any] | list[Any], pad: str, lines: list[str]) -> None:
    if isinstance(value, dict):
        for key, item in value.items():
            _entry(key, item, pad, lines)
        return
    for item in value:
        if isinstance(item, dict | list) and item:
            first = len(lines)
            _collection(item, pad + "  ", lines)
            lines[first] = f"{pad}- {lines[first][len(pad) + 2 :]}"
        else:
            lines.append(f"{pad}- {_scalar(item, pad)}")


def _entry(key: Any, value: Any, pad: str, lines: list[str]) -> None:
    if not isinstance(key, str):
        raise ValueError(f"the key {key!r} is not text")  # noqa: TRY004 - one exception for all that JSON cannot hold
    name = _text(key)
    if len(name) > _LONGEST_KEY:
        lines.append(f"{pad}? {name}")
        name = ""
    if isinstance(value, dict | list) and value:
        lines.append(f"{pad}{name}:")
        _collection(value, pad if isinstance(value, list) else pad + "  ", lines)
    else:
        lines.append(f"{pad}{name}: {_scalar(value, pad)}")


def _scalar(value: Any, pad: str) -> str:
    """Write a scalar or an empty collection; the lines of a block are indented two deeper than `pad`."""
    if isinstance(value, str):
        if _LITERAL.fullmatch(value) and block(value) == value:
            return _literal(value, pad + "  ")
        return _text(value)
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, int) and -_INT64 <= value < 2 * _INT64:
        return str(value)
    if isinstance(value, float) and math.isfinite(value):
        return _float(value)
    if isinstance(value, dict | list):
        return "{}" if isinstance(value, dict) else "[]"
    raise ValueError(f"{value!r} has no place in YAML for Kubernetes")


def _float(value: float) -> str:
    if value.is_integer() and abs(value) < _INT64:
        return str(int(value))
    text = repr(value)
    return text if "." in text else text.replace("e", ".0e")


def fits_block(text: str) -> bool:
    """Return whether every reader keeps the text in a `|` block, but for how many newlines end it."""
    return _LITERAL.fullmatch(f"{text.rstrip(chr(10))}\n") is not None and block(text) == text


def _literal(text: str, pad: str) -> str:
    head, body = ("|", text[:-1]) if text.endswith("\n") else ("|-", text)
    return "\n".join((head, *(pad + line if line else "" for line in body.split("\n"))))


@lru_cache(maxsize=4096)
def _text(text: str) -> str:
    if (_PLAIN.fullmatch(text) and text.lower() not in _WORDS) or _AMOUNT.fullmatch(text):
        return text
    return quoted(text)


def quoted(text: str) -> str:
    """Return a text in double quotes. Raises ValueError for what is no Unicode text."""
    return f'"{line(_ESCAPED.sub(_escape, text))}"'


def _escape(match: re.Match[str]) -> str:
    char = match[0]
    code = ord(char)
    if 0xD800 <= code < 0xE000:
        raise ValueError("half a surrogate pair is no Unicode text")
    return _SHORT.get(char) or spelled(char)


_INT64 = 1 << 63
_LONGEST_KEY = 1000  # YAML readers look for the `:` only so far
_SHORT = {'"': '\\"', "\\": "\\\\", "\n": "\\n", "\t": "\\t", "\r": "\\r", "\0": "\\0"}
_WORDS = frozenset(("y", "n", "yes", "no", "on", "off", "true", "false", "null", ".inf", ".nan"))
_START = r"_|(?:--?)?[A-Za-z/$]|\.(?=[A-Za-z])|\.\.?/"
_INSIDE = r"[A-Za-z0-9_./@%+=(),$-]"
_PLAIN = re.compile(rf"(?:{_START}){_INSIDE}*(?:(?: |:+){_INSIDE}+)*")
_AMOUNT = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[munkMGTP]|[KMGTPE]i|%|m?s|h)")
_ESCAPED = re.compile(f'["\\\\\\t\\n{HIDDEN}]')
# Text of several lines that a block keeps in every reader: it starts with a visible character, and a second newline
# at its end would fall to the first editor that trims files.
_LITERAL = re.compile(f"(?=[^\\n]*\\n)[^\\s{HIDDEN}][^{HIDDEN}]*(?<!\\n)\\n?")
