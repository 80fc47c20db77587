"""Masks: take secrets, control characters and endless lines out of what programs wrote, in linear time."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from atmos_cli.kube import shape
from atmos_cli.kube.secret_shapes import LOOSE, PEM, USERINFO
from atmos_cli.kube.secret_words import WORD, has_secret_word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from atmos_cli.kube.resource import Resource

HIDDEN = "***"
# No more characters of a line are read: every pattern here and of the rules has this bound.
LONGEST_READ = 2000
LONGEST_SHOWN = 400
MOST_LINES = 200

_ESCAPES = re.compile(
    r"(?:\x1b\[|\x9b)[0-?]{0,64}[ -/]{0,16}[@-~]"
    r"|(?:\x1b[\]PX^_]|\x9d|\x90)[^\x07\x1b\x9c]{0,2000}(?:\x07|\x1b\\|\x9c)?|\x1b[ -~]?"
)
# C0, C1, soft hyphen, zero-width and bidirectional controls, line separators, surrogates, the byte order mark.
_CONTROLS = re.compile(
    "[\x00-\x08\x0a-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb]"
)
_NO_VALUE = (
    r"(?:null|none|nil|true|false|undefined|missing|required|empty|invalid|unset|expired|not|is|field|value|must"
    r"|\d{1,3})(?![\w+/=-])"
)
_NAMED = re.compile(
    rf"(?P<name>{WORD}(?!\w{{0,20}}(?:error|exception|failure))[\w.-]{{0,40}}(?:\\?[\"'])?"
    rf"\s{{0,2}}(?:=>|[:=])\s{{0,2}})(?!\s|{_NO_VALUE})"
    r"(?P<value>(?:bearer|basic|token|digest|negotiate)\s+[^\s,;\"']+"
    r"|\\\"(?:[^\\\"]|\\(?!\"))*(?:\\\")?|\"(?:[^\"\\]|\\.)*\"?|'(?:[^'\\]|\\.)*'?|[^\s,;&\"'}\])]+)",
    re.IGNORECASE,
)
_BEARER = re.compile(
    r"\b(bearer)\s+(?=\S{0,200}\d|\S{24})[\w.~+/-]{8,}=*|\b(basic)\s+(?=[A-Za-z+/]{0,200}[0-9=])[A-Za-z0-9+/]{8,}=*",
    re.IGNORECASE,
)
# Copies of whole objects, which would bring back what is hidden elsewhere.
_COPIES = frozenset({"kubectl.kubernetes.io/last-applied-configuration", "managedFields"})
_BEGIN, _END = "-----BEGIN ", "-----END "
_BLOB = re.compile(r"[A-Za-z0-9+/]{16,}={0,2}")


def plain(text: str) -> str:
    """Remove ANSI sequences and control characters; a tab becomes a space."""
    if text.isascii() and text.isprintable():
        return text
    return _CONTROLS.sub("", _ESCAPES.sub("", text)).replace("\t", " ")


def plain_text(node: Any, *path: str | int) -> str:
    """Return the text at `path` of any object as `plain` returns it, cut at `LONGEST_READ`; "" for anything else."""
    return plain(shape.text(node, *path)[:LONGEST_READ])


def mask(text: str) -> str:
    """Replace the secrets of one line by `***`; it is cut at 2000 characters first."""
    line = plain(_cut(text))
    line = PEM.sub(HIDDEN, line)
    line = USERINFO.sub(rf"\1{HIDDEN}@", line)
    line = _NAMED.sub(_hide, line)
    line = _BEARER.sub(lambda match: f"{match[1] or match[2]} {HIDDEN}", line)
    return LOOSE.sub(HIDDEN, line)


def mask_lines(lines: Iterable[str], *, most: int = MOST_LINES) -> tuple[str, ...]:
    """Return the last `most` lines, masked; lines of a PEM block are dropped, also when its first was cut off."""
    kept: list[str] = []
    inside = False
    for raw in list(lines)[-most:]:
        begin, end = raw.rfind(_BEGIN), raw.rfind(_END)
        if inside or end > begin == -1:
            while not inside and kept and _BLOB.fullmatch(kept[-1].strip()):
                kept.pop()
            inside = begin > end if end >= 0 else inside
        else:
            kept.append(mask(raw))
            inside = begin > end
    return tuple(kept)


def shown(text: str, *, most: int = LONGEST_SHOWN) -> str:
    """Return one line for people: masked, stripped, with an ellipsis where it was cut at `most`."""
    line = mask(text).strip()
    return line if len(line) <= most else line[: most - 1] + "…"


def without_secrets(resource: Resource) -> Resource:
    """Hide the values of an object that may be secret, for evidence and recordings; names and keys stay.

    `data` and `stringData` of Secrets, `value` of environment variables by name and content, and the annotation in
    which kubectl keeps a copy of the whole object.
    """
    hidden = _walk(resource, depth=0, every=False)
    if not isinstance(hidden, dict):
        return {}
    if hidden.get("kind") == "Secret":
        for part in ("data", "stringData"):
            if isinstance(hidden.get(part), dict):
                hidden[part] = dict.fromkeys(hidden[part], HIDDEN)
    return hidden


def masked_tree(value: Any) -> Any:
    """Return the value with every text in it masked, and those under a secret name hidden."""
    return _walk(value, depth=0, every=True)


def _walk(node: Any, *, depth: int, every: bool) -> Any:
    if depth > 64:
        return None
    if isinstance(node, list):
        return [_walk(item, depth=depth + 1, every=every) for item in node]
    if not isinstance(node, dict):
        return mask(node) if every and isinstance(node, str) else node
    name, value = node.get("name"), node.get("value")
    found = {key: _walk(below, depth=depth + 1, every=every) for key, below in node.items() if key not in _COPIES}
    if isinstance(name, str) and isinstance(value, str):
        found["value"] = HIDDEN if has_secret_word(name) else mask(value)
    return found


def _cut(text: str) -> str:
    """Cut back to a gap between words, so that no half of a secret loses the mark by which it is found."""
    if len(text) <= LONGEST_READ:
        return text
    head = text[:LONGEST_READ]
    gap = max(head.rfind(mark) for mark in " ,;")
    return head[: max(LONGEST_READ // 2, gap)] + " …"


def _hide(match: re.Match[str]) -> str:
    value = match["value"]
    quote = next((mark for mark in ('\\"', '"', "'") if value.startswith(mark)), "")
    if value in (quote + quote, f"{quote}{HIDDEN}{quote}"):
        return match[0]
    return f"{match['name']}{quote}{HIDDEN}{quote}"
