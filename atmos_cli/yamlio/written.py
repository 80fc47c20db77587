"""A value as the lines of a file that somebody else began: its indents, its dashes, its quotes."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

from atmos_cli.foreign import json_text, line
from atmos_cli.yamlio.emit import emit, fits_block, quoted
from atmos_cli.yamlio.scalars import ScalarError, resolve_plain


@dataclass(frozen=True, slots=True)
class Indents:
    """By how many columns a mapping, and the dashes of a list, stand to the right of their key.

    Without `blocks` a text of several lines is quoted: where a comment that follows would become part of a `|` block.
    """

    mapping: int = 2
    dash: int = 0
    blocks: bool = True


@dataclass(frozen=True, slots=True)
class FlowStyle:
    """How a collection in brackets is written: `pad` is None on one line, else the indent of its entries."""

    json: bool = False
    tight: bool = False
    pad: str | None = None
    step: str = "  "


def is_filled(value: Any) -> bool:
    """Return whether a value is a collection that holds anything."""
    return isinstance(value, dict | list) and bool(value)


def scalar_lines(value: Any, pad: str, indents: Indents) -> list[str]:
    """Return a scalar or empty collection: what stands behind the key or dash, and the lines of a block below it."""
    first, *rest = emit(value)[:-1].split("\n")
    if rest and not indents.blocks:
        return [quoted(value)]
    return [first, *(pad + " " * indents.mapping + each[2:] if each else "" for each in rest)]


def block_lines(value: Any, pad: str, indents: Indents) -> list[str]:
    """Return a collection that holds something, a line for each of its entries, at column `pad`."""
    lines: list[str] = []
    if isinstance(value, dict):
        for key, inner in value.items():
            lines += entry_lines(key, inner, pad, indents)
    else:
        for inner in value:
            lines += item_lines(inner, pad, indents)
    return lines


def entry_lines(key: str, value: Any, pad: str, indents: Indents) -> list[str]:
    """Return one key with its value, at column `pad`."""
    head = [pad + each for each in emit({key: None}).removesuffix(" null\n").split("\n")]
    if is_filled(value):
        return [*head, *block_lines(value, pad + " " * _offset(value, indents), indents)]
    first, *rest = scalar_lines(value, pad, indents)
    return [*head[:-1], f"{head[-1]} {first}", *rest]


def item_lines(value: Any, pad: str, indents: Indents) -> list[str]:
    """Return one item of a list, its dash at column `pad`."""
    if is_filled(value):
        lines = block_lines(value, f"{pad}  ", indents)
        return [f"{pad}- {lines[0][len(pad) + 2 :]}", *lines[1:]]
    first, *rest = scalar_lines(value, pad, indents)
    return [f"{pad}- {first}", *rest]


def _offset(value: Any, indents: Indents) -> int:
    return indents.mapping if isinstance(value, dict) else indents.dash


def flow_text(value: Any, flow: FlowStyle) -> str:
    """Return a value as it stands between brackets."""
    if not is_filled(value):
        return flow_scalar(value, flow)
    comma, colon = ("," if flow.tight else ", "), (":" if flow.tight else ": ")
    inner = flow if flow.pad is None else FlowStyle(flow.json, flow.tight, flow.pad + flow.step, flow.step)
    if isinstance(value, dict):
        parts = [f"{flow_key(key, flow)}{colon}{flow_text(each, inner)}" for key, each in value.items()]
    else:
        parts = [flow_text(each, inner) for each in value]
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    if inner.pad is None:
        return f"{opening}{comma.join(parts)}{closing}"
    lines = f",\n{inner.pad}".join(parts)
    return f"{opening}\n{inner.pad}{lines}\n{flow.pad}{closing}"


def flow_key(key: str, flow: FlowStyle) -> str:
    """Return a key as it stands between brackets."""
    written = emit({key: None}).removesuffix(": null\n")
    return _json(key) if flow.json else _flow_plain(written, key)


def flow_scalar(value: Any, flow: FlowStyle) -> str:
    """Return a scalar or empty collection as it stands between brackets."""
    if not isinstance(value, str):
        return emit(value)[:-1]
    return _json(value) if flow.json else _flow_plain(emit(value)[:-1], value)


def _json(text: str) -> str:
    quoted(text)  # raises for what is no Unicode text
    return json_text(json.dumps(text, ensure_ascii=False))


def _flow_plain(written: str, text: str) -> str:
    return quoted(text) if written != text or re.search(r"[\[\]{},:?]", text) else written


def in_style(value: str, *, style: str | None, old: str, flow: bool) -> str | None:
    """Return a text on one line in the quotes of the one that it replaces, None where those cannot hold it."""
    if style == '"':
        return quoted(value)
    if style == "'":
        fits = value != "" and quoted(value).replace('\\"', '"').replace("\\\\", "\\")[1:-1] == value == line(value)
        return "'{}'".format(value.replace("'", "''")) if fits or value == "" else None
    if style is not None:
        return None
    if _VERSION.fullmatch(old) and _VERSION.fullmatch(value) and _is_text(value):
        return value
    if flow and ":" in old and ":" in value and not re.search(r"[\[\]{},?]", value) and emit(value)[:-1] == value:
        return value
    return None


def _is_text(plain: str) -> bool:
    try:
        return isinstance(resolve_plain(plain), str)
    except ScalarError:
        return False


def text_block_lines(value: str, header: str, pad: str) -> list[str] | None:
    """Return a text below a header like the one that stood there, None where a `|` block cannot hold it."""
    if not header.startswith("|") or not value.strip("\n") or not fits_block(value):
        return None
    content = value.rstrip("\n")
    newlines = len(value) - len(content)
    wanted = "-" if newlines == 0 else "" if newlines == 1 else "+"
    if newlines == 0 and "\n" not in content and "-" not in header:
        return None
    if newlines > 1 and "+" not in header:
        return None
    kept = header if (wanted and wanted in header) or (newlines == 1 and "-" not in header) else None
    head = kept or "|" + re.sub(r"[^0-9]", "", header) + wanted
    return [head, *(pad + each if each else "" for each in content.split("\n")), *[""] * max(newlines - 1, 0)]


# Three numbers and more: no reader takes that for a number, a time or a date.
_VERSION = re.compile(r"v?[0-9]+(?:\.[0-9]+){2,}(?:[-+.][A-Za-z0-9.+-]*[A-Za-z0-9])?")
