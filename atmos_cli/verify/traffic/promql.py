"""PromQL text made of values that may be hostile: every label value is quoted, every regex part is escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

Matcher = tuple[str, str, str]
"""(label, one of `=`, `!=`, `=~`, `!~`, value): for the regex operators the value is RE2 text, not yet quoted."""

_SPECIAL = re.compile(r"[\\.+*?()|\[\]{}^$]")
_VARIABLE = re.compile(r"\$(\w+)")
_LABEL = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_SHORT = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}


def quoted(text: str) -> str:
    """Return a PromQL string literal, without raw control characters or lone surrogates."""
    out = []
    for char in text:
        code = ord(char)
        if char in _SHORT:
            out.append(_SHORT[char])
        elif code < 0x20 or 0x7F <= code < 0xA0:
            out.append(f"\\u{code:04x}")
        else:
            out.append("\ufffd" if 0xD800 <= code <= 0xDFFF else char)
    return '"' + "".join(out) + '"'


def literal(text: str) -> str:
    """Return RE2 text that matches exactly `text`."""
    return _SPECIAL.sub(lambda found: "\\" + found.group(), text)


def filled(template: str, values: Mapping[str, str], *, regex: bool) -> str:
    """Replace each `$name` in `template` in one pass, so that a value cannot add a variable; `regex` escapes values."""
    return _VARIABLE.sub(lambda m: literal(values[m.group(1)]) if regex else values[m.group(1)], template)


def selector(metric: str, matchers: Iterable[Matcher]) -> str:
    """Return `metric{label="value",…}`; a label that classic PromQL cannot name is quoted, as Prometheus 3 reads it."""
    parts = [
        f"{label if _LABEL.match(label) else quoted(label)}{operator}{quoted(value)}"
        for label, operator, value in matchers
    ]
    return f"{metric}{{{','.join(parts)}}}"
