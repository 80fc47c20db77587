"""YAML that people wrote, and the ways in which others write the same: dashes, comments, quotes, line ends, brackets."""

from __future__ import annotations

import io
import json
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from ruamel.yaml import YAML

from atmos_cli.diagnostics import AtmosError
from atmos_cli.yamlio.load import load_all

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

ROOT = Path(__file__).parent.parent.parent


@lru_cache(maxsize=1)
def files() -> tuple[bytes, ...]:
    """All YAML of this repo that can be read, in a fixed order."""
    paths = [*ROOT.glob("tests/**/*.y*ml"), *ROOT.glob("blueprints/**/*.yaml")]
    return tuple(data for path in sorted(paths) if (data := path.read_bytes()) and _readable(data))


def _readable(data: bytes) -> bool:
    try:
        return bool(load_all(data)) and len(data) < 20_000
    except AtmosError:
        return False


def _same(before: str, after: str) -> str:
    """The text after, unless that is another value: then the one before."""
    try:
        values = [[each.value for each in load_all(text.encode())] for text in (before, after)]
    except AtmosError:
        return before
    return after if values[0] == values[1] else before


def _through_ruamel(sequence: int, offset: int, mapping: int = 2) -> Callable[[str, random.Random], str]:
    def written(text: str, chance: random.Random) -> str:
        people = YAML()
        people.preserve_quotes = True
        people.width = 10_000
        people.indent(mapping=mapping, sequence=sequence, offset=offset)
        stream = io.StringIO()
        people.dump_all(list(people.load_all(text)), stream)
        return _same(text, stream.getvalue())

    return written


def _through_pyyaml(**options: Any) -> Callable[[str, random.Random], str]:
    def written(text: str, chance: random.Random) -> str:
        documents = [each.value for each in load_all(text.encode())]
        return _same(text, yaml.safe_dump_all(documents, sort_keys=False, **options))

    return written


def _json(text: str, chance: random.Random) -> str:
    documents = load_all(text.encode())
    if len(documents) > 1:
        return text
    return _same(text, json.dumps(documents[0].value, indent=chance.choice((None, 2, 4))) + chance.choice(("", "\n")))


def _comments(text: str, chance: random.Random) -> str:
    """Comments on lines of their own, commented-out items, and behind values: each with a number."""
    lines = text.split("\n")
    for number in range(chance.randint(1, 8)):
        at = chance.randrange(len(lines))
        pad = " " * max(len(lines[at]) - len(lines[at].lstrip()) + chance.choice((-2, 0, 0, 0, 2)), 0)
        with_comment = chance.choice(
            (
                [f"{pad}# c{number}.", lines[at]],
                [f"{pad}#- name: c{number}.", "", lines[at]],
                [f"{lines[at]} # c{number}."],
                [f'{lines[at]}   # {{"$imagepolicy": "\tc{number}."}}'],
            )
        )
        changed = "\n".join([*lines[:at], *with_comment, *lines[at + 1 :]])
        # Not where it is part of a text.
        if (kept := _same("\n".join(lines), changed)) == changed:
            lines = kept.split("\n")
    return "\n".join(lines)


def _anchor(text: str, chance: random.Random) -> str:
    """One value gets a name, and is repeated by it at the end."""
    lines = text.split("\n")
    number = chance.randrange(len(lines))
    lines[number] = re.sub(
        r"(: |:$|- )", lambda found: f"{found[0].rstrip()} &shared ", lines[number], count=1
    ).rstrip()
    named = "\n".join(lines)
    if _same(text, named) == text:
        return text
    repeated = named.rstrip("\n") + "\nshared: *shared\n"
    try:
        load_all(repeated.encode())
    except AtmosError:
        return named
    return repeated if chance.random() < 0.6 else named


def _dashes_alone(text: str, chance: random.Random) -> str:
    return _same(text, re.sub(r"(?m)^( *)- (?=\w[\w.]*:( |$))", lambda found: f"{found[1]}-\n{found[1]}  ", text))


def _quotes(text: str, chance: random.Random) -> str:
    quote = chance.choice("'\"")
    return _same(text, re.sub(r"(?m)(: |- )([A-Za-z][\w./:@-]*)$", rf"\1{quote}\2{quote}", text))


def _blank_lines(text: str, chance: random.Random) -> str:
    lines = text.split("\n")
    at = chance.randrange(len(lines))
    return _same(text, "\n".join([*lines[:at], chance.choice(("", "  ")), *lines[at:]]))


STYLES: dict[str, Callable[[str, random.Random], str]] = {
    "as it is": lambda text, chance: text,
    "dashes indented": _through_ruamel(4, 2),
    "dashes at the key": _through_ruamel(2, 0),
    "wide": _through_ruamel(4, 2, 4),
    "very wide dashes": _through_ruamel(6, 4),
    "leaves in brackets": _through_pyyaml(default_flow_style=None),
    "all in brackets": _through_pyyaml(default_flow_style=True, width=60),
    "quoted": _through_pyyaml(default_style='"'),
    "folded": _through_pyyaml(default_style=">"),
    "literal": _through_pyyaml(default_style="|"),
    "narrow": _through_pyyaml(width=20, explicit_start=True),
    "json": _json,
}
FINISHES: dict[str, Callable[[str, random.Random], str]] = {
    "comments": _comments,
    "quotes": _quotes,
    "an anchor": _anchor,
    "dashes alone": _dashes_alone,
    "blank lines": _blank_lines,
    "no last newline": lambda text, chance: _same(text, text.rstrip("\n")),
    "blank end": lambda text, chance: _same(text, text + "\n\n"),
    "a start": lambda text, chance: text if text.startswith("---") else "---\n" + text,
    "crlf": lambda text, chance: _same(text, text.replace("\r\n", "\n").replace("\n", "\r\n")),
    "bom": lambda text, chance: _same(text, "\ufeff" + text),
}


def text(chance: random.Random) -> str:
    """One text, as somebody could have written it."""
    found = chance.choice(files()).decode()
    found = STYLES[chance.choice(list(STYLES))](found, chance)
    for name, finished in FINISHES.items():
        if chance.random() < (0.6 if name == "comments" else 0.15):
            found = finished(found, chance)
    return found


HOSTILE = (
    "\t", "&a ", "*a", "<<: *a", "? ", "- ", "-", ": ", ":", "#", " #", "{", "}", "[", "]", ",", "|", ">", "|+", "|2", "!!str ", "!x ",
    "'", '"', "\n", "\r", "\r\n", "\x85", "\u2028", "\ufeff", "...", "---", "\n---\n", "\n...\n", "%", "é", "  ", "\x00", "\\",
)  # fmt: skip


def damaged(text: str, chance: random.Random) -> str:
    """A text after some keys were hit that should not have been."""
    for _ in range(chance.randint(1, 4)):
        place = chance.randrange(len(text) + 1)
        text = text[:place] + chance.choice(HOSTILE) + text[place + chance.choice((0, 0, 1, 5)) :]
    return text
